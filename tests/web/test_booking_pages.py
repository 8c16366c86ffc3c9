"""Pages of booking: what the desk sees before and after, and what it is told when somebody was first."""

import re
from datetime import UTC, date, datetime, time

import pytest
from django.urls import reverse

from mesoclinic.audit import AuditEvent
from mesoclinic.sites import Absence
from patients.models import PlanVersion
from sessions.models import Booking, Series
from tests.builders import bookings, clinic, people, plans

THURSDAY = date(2026, 11, 26)


class Scene:
    def __init__(self):
        self.site = clinic.site()
        self.doctor = clinic.dermatologist(self.site, name="Dr Aydın")
        self.desk = clinic.desk(self.site, name="Zeynep Arı")
        self.patient = people.patient(site=self.site)
        self.version = plans.signed_plan(self.patient, self.doctor, self.site)
        self.url = reverse("sessions:book_series", args=[self.version.plan_id])


@pytest.fixture
def scene(clock):
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    return Scene()


@pytest.fixture
def desk(scene, sign_in):
    return sign_in(scene.desk)


def form_of(page) -> dict[str, str]:
    """The hidden fields of a shown proposal with the wishes that it was made from."""
    text = page.content.decode()
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', text).group(1) for name in ("key", "seen", "picks")}
    return {"start": "2026-11-26", "earliest": "14:00", "clinician": "", "action": "book", **hidden}


def shown(client, scene, **wishes):
    return client.post(scene.url, {"start": "2026-11-26", "earliest": "14:00", "action": "find", **wishes})


def test_shows_every_session_before_anything_is_saved(desk, scene):
    page = desk.get(scene.url)
    assert page.status_code == 200
    assert "Book 10 sessions" in page.content.decode()
    assert "10 of 10 found" in page.content.decode()
    assert not Series.objects.exists()
    assert AuditEvent.objects.filter(action="patient.disclosed", patient_id=scene.patient.pk).exists()


def test_books_and_shows_the_series(desk, scene):
    answer = desk.post(scene.url, form_of(shown(desk, scene)))
    series = Series.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("sessions:series", args=[series.pk]))
    page = desk.get(answer.url).content.decode()
    assert "Last safe date" in page
    assert '"/treatments/' not in page
    assert Booking.objects.count() == 10


def test_a_double_click_books_once_and_leads_to_the_same_page(desk, scene):
    form = form_of(shown(desk, scene))
    first, second = desk.post(scene.url, form), desk.post(scene.url, form)
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert Series.objects.count() == 1


def test_the_loser_gets_409_with_the_colleague_and_new_dates(desk, scene):
    form = form_of(shown(desk, scene))
    rival = clinic.desk(scene.site, name="Emre Can")
    other = people.patient(site=scene.site, family_name="Secretname")
    bookings.visit(rival, scene.site, datetime(2026, 12, 3, 14), patient=other)
    answer = desk.post(scene.url, form)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Thu 3 Dec 14:00" in text
    assert "Emre Can" in text
    assert "Nothing was booked" in text
    assert "Secretname" not in text
    again = desk.post(scene.url, form_of(answer))
    assert again.status_code == 302


def test_another_time_of_a_session_is_one_press_away_and_books(desk, scene):
    page = shown(desk, scene).content.decode()
    pick = re.search(r'name="pick" value="(3:[^"]*)"', page).group(1)
    chosen = shown(desk, scene, pick=pick)
    assert "Chosen by hand" in chosen.content.decode()
    assert form_of(chosen)["picks"] == pick
    assert desk.post(scene.url, form_of(chosen)).status_code == 302
    moment = datetime.strptime(pick.partition(":")[2].partition("-")[0], "%Y%m%d%H%M").replace(tzinfo=UTC)
    assert Booking.objects.filter(treatment_session__ordinal=3, starts_at=moment).exists()


def test_a_session_without_a_date_says_why_and_nothing_can_be_booked(desk, scene):
    for first_on, last_on in ((date(2026, 12, 1), date(2026, 12, 13)), (date(2026, 12, 15), date(2027, 1, 15))):
        Absence.objects.create(user=scene.doctor, first_on=first_on, last_on=last_on)
    page = shown(desk, scene).content.decode()
    assert "Nobody works from" in page
    assert "needs an override of the window" in page
    assert "data-books" not in page


def test_htmx_gets_only_the_dates(desk, scene):
    swap = desk.post(scene.url, {"start": "2026-11-26", "action": "find"}, headers={"HX-Request": "true"})
    assert swap.status_code == 200
    assert b"<html" not in swap.content
    assert b'id="proposal"' in swap.content


@pytest.mark.parametrize(
    "bad",
    [
        {"start": ""},
        {"start": "31 2 2027"},
        {"start": "9" * 5000},
        {"earliest": "25:99"},
        {"weekdays": "8"},
        {"clinician": "999999999999999999999999"},
        {"latest": "09:00"},
        {"pick": "1:x-y"},
        {"pick": "²:202612031300-1"},
    ],
)
def test_bad_wishes_answer_422_and_book_nothing(desk, scene, bad):
    form = form_of(shown(desk, scene))
    assert desk.post(scene.url, form | bad).status_code == 422
    assert not Series.objects.exists()


def test_a_draft_plan_names_whom_to_ask(desk, scene):
    draft = plans.signed_plan(people.patient(site=scene.site), scene.doctor, scene.site, state=PlanVersion.State.DRAFT)
    page = desk.get(reverse("sessions:book_series", args=[draft.plan_id])).content.decode()
    assert "Ask Dr Aydın" in page
    assert "Book consultation instead" in page


def test_other_sites_get_404_and_nurses_403(scene, sign_in, client):
    assert sign_in(clinic.desk(clinic.site())).get(scene.url).status_code == 404
    assert sign_in(clinic.staff("nurse", at=scene.site)).get(scene.url).status_code == 403


@pytest.mark.parametrize("view", ["day", "week", "list"])
@pytest.mark.parametrize("by", ["clinician", "room"])
def test_the_calendar_shows_the_visits_of_the_site(desk, scene, view, by):
    bookings.series(scene.desk, scene.version, THURSDAY, earliest=time(14))
    page = desk.get(reverse("sessions:calendar"), {"on": "2026-11-26", "view": view, "by": by})
    assert page.status_code == 200
    assert scene.patient.full_name in page.content.decode()
    assert "1/10" in page.content.decode()


def test_the_calendar_of_another_site_shows_no_names(scene, sign_in):
    bookings.series(scene.desk, scene.version, THURSDAY, earliest=time(14))
    stranger = sign_in(clinic.desk(clinic.site()))
    own = stranger.get(reverse("sessions:calendar"), {"on": "2026-11-26"})
    assert scene.patient.full_name not in own.content.decode()
    assert stranger.get(reverse("sessions:calendar"), {"site": scene.site.pk}).status_code == 404


def test_calendar_data_takes_as_many_statements_for_many_visits_as_for_one(
    desk, scene, django_assert_max_num_queries, clock
):
    url = reverse("sessions:calendar_events")
    bookings.series(scene.desk, scene.version, THURSDAY, earliest=time(14))
    # One of them asks by which clinic's time the newly signed-in reader lives.
    with django_assert_max_num_queries(13 + SAVEPOINTS):
        data = desk.get(url, {"on": "2026-11-26"}).json()
    assert [event["start"] for event in data["events"]] == ["2026-11-26T14:00:00"]


SAVEPOINTS = 6


@pytest.mark.parametrize("query", [{"on": "soon"}, {"view": "year"}, {"site": "9" * 5000}, {"on": "9" * 5000}])
def test_bad_calendar_addresses_answer_4xx(desk, query):
    assert 400 <= desk.get(reverse("sessions:calendar"), query).status_code < 500


def test_one_tap_on_the_board_sets_the_state(desk, scene, clock):
    series = bookings.series(scene.desk, scene.version, THURSDAY, earliest=time(14))
    clock.set(datetime(2026, 11, 26, 13, 20, tzinfo=UTC))
    desk.force_login(scene.desk)
    board = desk.get(reverse("sessions:board")).content.decode()
    assert scene.patient.full_name in board
    assert "20 min late" in board
    first = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=1)
    url = reverse("sessions:booking_state", args=[first.pk])
    assert desk.post(url, {"state": "arrived", "version": 1}).status_code == 302
    assert desk.post(url, {"state": "arrived", "version": 1}).status_code == 409


def test_a_visit_is_booked_moved_and_cancelled_by_its_pages(desk, scene):
    url = reverse("sessions:new_booking")
    page = desk.get(url, {"patient": scene.patient.pk, "site": scene.site.pk}).content.decode()
    key = re.search(r'name="key" value="([^"]*)"', page).group(1)
    kind = scene.site.visit_types.get(kind="consultation").pk
    form = {"key": key, "patient": scene.patient.pk, "visit_type": kind, "on": "2026-11-26", "at": "10:00"}
    assert desk.post(url, form).status_code == 302
    assert desk.post(url, form).status_code == 302
    booking = Booking.objects.get()
    assert desk.get(reverse("sessions:booking", args=[booking.pk])).status_code == 200
    assert desk.post(url, form | {"key": "other"}).status_code == 409
    move = reverse("sessions:move_booking", args=[booking.pk])
    assert desk.get(move).status_code == 200
    assert desk.post(move, {"version": 1, "on": "2026-11-28", "at": "10:00"}).status_code == 422
    assert desk.post(move, {"version": 1, "on": "2026-11-27", "at": "10:00"}).status_code == 302
    assert desk.post(move, {"version": 1, "on": "2026-11-27", "at": "11:00"}).status_code == 409
    cancel = reverse("sessions:cancel_booking", args=[booking.pk])
    assert desk.get(cancel).status_code == 200
    assert desk.post(cancel, {"version": 2}).status_code == 302
    booking.refresh_from_db()
    assert (booking.state, booking.version) == ("cancelled", 3)
