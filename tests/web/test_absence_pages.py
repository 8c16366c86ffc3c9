"""A clinician is away: everybody affected is listed with a proposal, reviewed, confirmed once, told once."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse

from mesoclinic.sites import Absence
from patients.models import Notice, Todo
from sessions.models import Booking, BookingChange, Occupancy
from sessions.queries.absences import Away, lines_for
from sessions.services.absences import Order, clear_absence
from sessions.services.visits import move_booking
from tests.builders import bookings, clinic, people, plans

MONDAY = date(2026, 11, 30)
URL = "sessions:absence"


class Scene:
    """On a Monday Dr Aydın has the first session of a series at two and a consultation at ten."""

    def __init__(self):
        self.site = clinic.site()
        self.away = clinic.dermatologist(self.site, name="Dr Aydın")
        self.there = clinic.dermatologist(self.site, name="Dr Kaya")
        self.desk = clinic.desk(self.site, name="Zeynep Arı")
        self.patient = people.patient(site=self.site)
        version = plans.signed_plan(self.patient, self.away, self.site, session_count=4)
        wishes = {"weekdays": frozenset({0}), "earliest": time(14), "clinician_id": self.away.pk}
        self.series = bookings.series(self.desk, version, MONDAY, **wishes)
        self.other = people.patient(site=self.site, email="", phone="600100200")
        at_ten = datetime(2026, 11, 30, 10)
        self.single = bookings.visit(self.desk, self.site, at_ten, patient=self.other, clinician=self.away)

    @property
    def first(self) -> Booking:
        return Booking.objects.get(treatment_session__series=self.series, treatment_session__ordinal=1)

    def clinicians_on_monday(self) -> set[str]:
        found = Booking.objects.filter(starts_at__date=MONDAY).exclude(state="cancelled")
        return set(found.values_list("clinician__name", flat=True))


@pytest.fixture
def scene(clock):
    clock.set(datetime(2026, 11, 26, 8, tzinfo=UTC))
    made = Scene()
    clock.advance(minutes=5)
    return made


@pytest.fixture
def desk(scene, sign_in):
    return sign_in(scene.desk)


def asked(scene, **over):
    return {"clinician": scene.away.pk, "first_on": MONDAY.isoformat(), "reason": "Ill"} | over


def shown(page) -> dict[str, str]:
    """What the form of the page carries besides its visible fields."""
    text = page.content.decode()
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))


def confirmed(client, scene, **chosen):
    page = client.post(reverse(URL), asked(scene, action="find", **chosen))
    kept = {name.replace("shown-", "choice-"): value for name, value in shown(page).items() if "shown-" in name}
    return client.post(reverse(URL), asked(scene, action="confirm", **shown(page), **kept), follow=True)


def test_everybody_affected_is_listed_and_nothing_is_saved_before_confirming(desk, scene):
    page = desk.post(reverse(URL), asked(scene, action="find")).content.decode()
    assert "2 visits affected" in page
    assert "2 of 2 with a new time" in page
    assert scene.patient.full_name in page
    assert scene.other.phone in page
    assert not Absence.objects.exists()
    assert scene.clinicians_on_monday() == {"Dr Aydın"}


def test_one_press_records_the_absence_moves_everybody_and_tells_each_once(desk, scene):
    page = confirmed(desk, scene).content.decode()
    assert "The absence is saved, 2 visits changed." in page
    absence = Absence.objects.get()
    assert (absence.user, absence.first_on, absence.last_on) == (scene.away, MONDAY, MONDAY)
    assert scene.clinicians_on_monday() <= {"Dr Kaya"}
    assert "No visit to come needs this clinician then." in page
    assert page.count(">Undo ") == 2
    change = BookingChange.objects.get(patient=scene.patient, deed="replanned")
    assert change.notice == Notice.objects.filter(rule="VISITS", patient=scene.patient).last()
    assert Todo.objects.get(patient=scene.other).text.startswith("Call the patient")
    assert not Todo.objects.filter(patient=scene.patient).exists()


def test_a_line_is_left_out_and_another_is_called_off_with_something_to_do(desk, scene):
    left = scene.first
    confirmed(desk, scene, **{f"choice-{left.pk}": "leave", f"choice-{scene.single.pk}": "cancel"})
    left.refresh_from_db()
    scene.single.refresh_from_db()
    assert (left.clinician, left.version) == (scene.away, 1)
    assert scene.single.state == Booking.State.CANCELLED
    assert Todo.objects.filter(patient=scene.other, text__startswith="Find a new date", role="front_desk").count() == 1
    assert "1 visit affected" in desk.get(reverse(URL), asked(scene)).content.decode()


def test_a_session_without_a_place_waits_with_its_last_safe_date(desk, scene):
    Absence.objects.create(user=scene.there, first_on=date(2026, 11, 27), last_on=date(2027, 6, 1))
    second = Booking.objects.get(treatment_session__series=scene.series, treatment_session__ordinal=2)
    first, last = second.starts_at.date() - timedelta(days=5), second.starts_at.date() + timedelta(days=25)
    days = {"first_on": first.isoformat(), "last_on": last.isoformat()}
    page = desk.post(reverse(URL), asked(scene, action="find", **days))
    assert "last safe date" in page.content.decode()
    kept = {name.replace("shown-", "choice-"): value for name, value in shown(page).items() if "shown-" in name}
    desk.post(reverse(URL), asked(scene, action="confirm", **days, **shown(page), **kept))
    session = scene.series.sessions.get(ordinal=2)
    assert session.state == "unplaced"


def test_a_line_that_fails_is_told_and_the_others_are_done(scene):
    away = Away(scene.away, MONDAY, MONDAY)
    lines = lines_for(scene.desk, away, {}, {})
    orders = [Order(each.booking.pk, each.booking.version, each.seen) for each in lines]
    local = datetime(2026, 11, 30, 11)
    move_booking(scene.desk, booking_id=scene.single.pk, version=1, starts_at=local, clinician=scene.away)
    cleared = clear_absence(scene.desk, away=away, orders=orders, key="k")
    assert [each.pk for each in cleared.done] == [scene.first.pk]
    assert [each.pk for each, _why in cleared.failed] == [scene.single.pk]
    again = clear_absence(scene.desk, away=away, orders=orders[:0], key="k2")
    assert not again.failed
    assert Absence.objects.count() == 1


def test_part_of_a_day_is_blocked_and_the_rest_stays(desk, scene):
    hours = {"earliest": "09:00", "latest": "12:00"}
    page = desk.post(reverse(URL), asked(scene, action="find", **hours))
    assert "1 visit affected" in page.content.decode()
    kept = {name.replace("shown-", "choice-"): value for name, value in shown(page).items() if "shown-" in name}
    desk.post(reverse(URL), asked(scene, action="confirm", **hours, **shown(page), **kept))
    assert not Absence.objects.exists()
    block = Booking.objects.get(kind="block")
    assert block.clinician == scene.away
    taken = Occupancy.objects.filter(booking=block, resource_kind="clinician", resource_id=scene.away.pk)
    assert taken.count() == 3 * 12
    assert scene.first.clinician == scene.away


@pytest.mark.parametrize(
    "wrong",
    [
        {"clinician": "9" * 30},
        {"first_on": "2026-11-01"},
        {"last_on": "2026-11-28"},
        {"last_on": "2027-11-28"},
        {"earliest": "12:00", "latest": "09:00"},
        {"earliest": "12:00", "last_on": "2026-12-02"},
    ],
)
def test_what_is_wrong_is_said_beside_the_field(desk, scene, wrong):
    page = desk.post(reverse(URL), asked(scene, action="find", **wrong))
    assert page.status_code == 422
    assert b'aria-invalid="true"' in page.content or b"is-invalid" in page.content
