"""A patient confirms, moves or cancels one visit by the link in its mail; looking changes nothing."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client

from mesoclinic.audit import AuditEvent
from mesoclinic.sites import Absence
from patients.models import Notice, PatientLink, Todo
from patients.queries.links import token_of
from sessions.models import Booking, BookingChange, BookingUse
from sessions.queries.own_visit import open_link_of
from sessions.services.undo import undo
from sessions.services.visits import cancel_booking, move_booking
from tests.builders import bookings, clinic, people, plans
from tests.db.test_reminders import Postbox, deliver_due

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HERE, MOVE, CANCEL, DONE = "/my/visit/", "/my/visit/move/", "/my/visit/cancel/", "/my/visit/done/"


@pytest.fixture
def scene(clock, settings):
    clock.set(NOW)
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    return Scene()


@pytest.fixture
def single(scene):
    """The same with one consultation, as most of a link's life asks for no series."""
    return scene.with_consultation()


@pytest.fixture
def series(scene):
    """The same with a series; the visit is its second session."""
    return scene.with_series()


class Scene:
    def __init__(self):
        self.site = clinic.site(phone="+34 612 345 678")
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.patient = people.patient(site=self.site)

    def with_consultation(self):
        self.visit = bookings.visit(self.desk, self.site, datetime(2026, 12, 17, 14), patient=self.patient)
        return self

    def with_series(self):
        version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=3)
        bookings.series(self.desk, version, date(2026, 12, 10), earliest=time(14))
        self.visit = Booking.objects.get(treatment_session__ordinal=2)
        return self

    def door(self, booking=None):
        return f"/l/{token_of(open_link_of(booking or self.visit).seed)}/"

    def phone(self):
        client = Client()
        assert client.get(self.door()).headers["Location"] == HERE
        return client

    def now(self):
        self.visit.refresh_from_db()
        return self.visit


def choices(page):
    return re.findall(r'name="choice" value="([^"]+)"', page.content.decode())


def everything():
    tables = (Booking, BookingUse, BookingChange, PatientLink, Notice, Todo)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_the_reminder_brings_an_address_that_opens_this_visit_alone(series, clock):
    clock.set(series.visit.starts_at - timedelta(hours=71))
    deliver_due()
    text = Postbox.taken[-1].text
    (address,) = re.findall(r"http\S+(/l/\S+/)", text)
    assert address == series.door()
    page = Client().get(address, follow=True)
    shown = page.content.decode()
    assert "Yes, I come" in shown
    for name in (series.patient.family_name, series.patient.given_name, series.doctor.name, "Treatment", "session"):
        assert name not in shown
    assert "/l/" not in shown


def test_looking_changes_nothing(single):
    phone, before = single.phone(), everything()
    for url in (HERE, MOVE, CANCEL, single.door()) * 5:
        phone.get(url)
        phone.head(url)
    assert everything() == before


def test_the_patient_confirms_and_the_desk_sees_who_did_it(single, sign_in):
    phone = single.phone()
    assert phone.post(HERE).headers["Location"] == HERE
    assert "We know that you come" in phone.get(HERE).content.decode()
    assert phone.post(HERE).status_code == 302, "a second tap does no harm"
    assert single.now().state == "confirmed"
    page = sign_in(single.desk).get(f"/bookings/{single.visit.pk}/").content.decode()
    assert "by the patient" in page
    done = AuditEvent.objects.filter(action="booking.confirmed", actor_kind="link")
    assert done.get().object_id == str(single.visit.pk)


def test_the_patient_moves_it_within_the_windows_and_nowhere_else(series, clock):
    third = Booking.objects.get(treatment_session__ordinal=3)
    move_booking(series.desk, booking_id=third.pk, version=1, starts_at=datetime(2026, 12, 23, 14))
    phone, was = series.phone(), series.visit.starts_at
    page = phone.get(MOVE)
    days = {date.fromisoformat(each[:8]) for each in choices(page)}
    # From 16 to 20 December after the first session; on Friday 18 it would be too near to the third.
    assert days == {date(2026, 12, 16), date(2026, 12, 17)}
    before = everything()
    for wrong in ("", "209901011000-1", "202612241000-0", "x", choices(page)[0] + "0"):
        assert phone.post(MOVE, {"choice": wrong}).status_code == 422
    assert everything() == before
    answer = phone.post(MOVE, {"choice": choices(page)[-1]}, follow=True)
    assert "Your visit has moved." in answer.content.decode()
    assert series.now().starts_at != was
    assert phone.get(HERE).status_code == 404, "the link died with the change"
    assert Todo.objects.filter(done_at=None).get().text.startswith("The patient moved the visit of ")
    clock.advance(minutes=4)
    Postbox.taken.clear()
    deliver_due()
    assert series.door() in Postbox.taken[-1].text


def test_the_patient_cancels_after_being_asked_once_more(series, clock):
    clock.set(series.visit.starts_at - timedelta(hours=71))
    deliver_due()
    phone = series.phone()
    assert "Cancel the visit?" in phone.get(CANCEL).content.decode()
    assert phone.post(CANCEL, follow=True).status_code == 200
    assert series.now().state == "cancelled"
    session = series.visit.treatment_session
    session.refresh_from_db()
    assert session.state == "unplaced"
    (todo,) = Todo.objects.filter(done_at=None)
    assert "Offer another date" in todo.text, "nobody is asked to call about what the patient did"
    with pytest.raises(Exception, match="Only what a colleague did"):
        undo(series.desk, change_id=BookingChange.objects.latest("pk").pk)


def test_shortly_before_the_visit_the_patient_is_asked_to_call(single, clock):
    phone = single.phone()
    clock.set(single.visit.starts_at - timedelta(hours=23, minutes=59))
    assert "Please call us" in phone.get(HERE).content.decode()
    for url in (MOVE, CANCEL):
        assert "+34 612 345 678" in phone.get(url).content.decode()
        assert phone.post(url, {"choice": "202612241000-1"}).status_code == 422
    assert single.now().state == "booked"
    assert phone.post(HERE).status_code == 302, "saying that one comes is never too late"


def test_a_time_that_a_colleague_took_meanwhile_is_refused_in_words(single):
    phone = single.phone()
    wanted = choices(phone.get(MOVE))[0]
    Absence.objects.create(user=single.doctor, first_on=date(2026, 11, 24), last_on=date(2026, 12, 30))
    answer = phone.post(MOVE, {"choice": wanted})
    assert answer.status_code == 422
    assert "has just been taken" in answer.content.decode()


@pytest.mark.parametrize(
    "why", ["moved", "moved unseen", "past", "cancelled", "merged", "revoked", "other patient", "other purpose"]
)
def test_the_link_dies_with_its_visit(single, clock, why):
    door, link, phone = single.door(), open_link_of(single.visit), single.phone()
    match why:
        case "moved":
            local = single.visit.starts_at.astimezone(single.site.zone).replace(tzinfo=None) + timedelta(minutes=30)
            move_booking(single.desk, booking_id=single.visit.pk, version=1, starts_at=local)
        case "moved unseen":
            Booking.objects.filter(pk=single.visit.pk).update(calendar_sequence=1)
        case "past":
            clock.set(single.visit.starts_at)
        case "cancelled":
            Booking.objects.filter(pk=single.visit.pk).update(state="cancelled")
        case "merged":
            single.patient.merged_into = people.patient(site=single.site)
            single.patient.save()
        case "revoked":
            PatientLink.objects.filter(pk=link.pk).update(revoked_at=NOW)
        case "other patient":
            Booking.objects.filter(pk=single.visit.pk).update(patient=people.patient(site=single.site))
        case "other purpose":
            PatientLink.objects.filter(pk=link.pk).update(purpose="intake")
    before = everything()
    for url in (HERE, MOVE, CANCEL):
        assert phone.get(url).status_code == 404
        assert phone.post(url, {"choice": "1"}).status_code == 404
    assert Client().get(DONE).status_code == 404
    assert everything() == before
    assert Client().get(door, follow=True).status_code in ({200} if why == "other purpose" else {404})


def test_without_the_session_before_only_the_clinic_tells_when_the_next_may_be(series):
    third = Booking.objects.get(treatment_session__ordinal=3)
    gone = series.now()
    cancel_booking(series.desk, booking_id=gone.pk, version=gone.version)
    phone = Client()
    assert phone.get(series.door(third)).headers["Location"] == HERE
    assert choices(phone.get(MOVE)) == []
    assert phone.post(MOVE, {"choice": f"{datetime(2026, 12, 14, 9):%Y%m%d%H%M}-{series.doctor.pk}"}).status_code == 422
    third.refresh_from_db()
    assert third.version == 1
