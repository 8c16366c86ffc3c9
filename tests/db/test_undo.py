"""What was booked, moved or cancelled by a slip of the hand is undone as a whole, and the patient hears of it once."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mesoclinic import outbox
from mesoclinic.errors import Conflict, NotAllowed, OutOfScope, Taken
from mesoclinic.outbox import Message
from mesoclinic.transactions import atomic
from patients.models import Notice, Todo
from sessions.models import AssessmentPoint, Booking, BookingChange, BookingUse, Occupancy, Series, TreatmentSession
from sessions.queries.changes import undo_offer
from sessions.services.endings import stop_series
from sessions.services.undo import Deed, undo, undoable
from sessions.services.visits import cancel_booking, move_booking, set_state
from tests.builders import bookings, clinic, people, plans
from tests.db.test_reminders import Postbox, deliver_due

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
FRIDAY = datetime(2026, 12, 4, 10)
THURSDAY = date(2026, 12, 10)
STATE = ("pk", "starts_at", "ends_at", "clinician", "state", *(f"treatment_session{end}" for end in ("", "__flag")))


@pytest.fixture
def letters(settings):
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    return Postbox.taken


@pytest.fixture
def scene(clock, letters):
    clock.set(NOW)
    return Scene()


class Scene:
    def __init__(self):
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.patient = people.patient(site=self.site)
        self.version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=3)

    def visit(self, at=FRIDAY, **over):
        return bookings.visit(self.desk, self.site, at, **({"patient": self.patient} | over))

    def series(self):
        return bookings.series(self.desk, self.version, THURSDAY, earliest=time(14))

    def move(self, booking, **by):
        booking.refresh_from_db()
        local = booking.starts_at.astimezone(self.site.zone).replace(tzinfo=None)
        fields = {"booking_id": booking.pk, "version": booking.version, "starts_at": local + timedelta(**by)}
        return move_booking(self.desk, **fields)

    def cancel(self, booking):
        booking.refresh_from_db()
        return cancel_booking(self.desk, booking_id=booking.pk, version=booking.version)

    def undo(self, by=None):
        return undo(by or self.desk, change_id=last().pk)


def last():
    return BookingChange.objects.latest("pk")


def clinic_now():
    """All that booking writes, without the counters that only ever rise."""
    return {
        "bookings": list(Booking.objects.order_by("pk").values_list(*STATE)),
        "uses": sorted(
            BookingUse.objects.values_list("booking", "resource_kind", "resource_id", "starts_at", "ends_at")
        ),
        "grid": sorted(Occupancy.objects.values_list("resource_kind", "resource_id", "slot", "booking")),
        "series": list(Series.objects.values_list("pk", "state", "stop_reason")),
        "sessions": list(TreatmentSession.objects.values_list("pk", "state", "flag")),
        "assessments": list(AssessmentPoint.objects.values_list("pk", "state")),
        "reminders": sorted(Notice.objects.exclude(rule="VISITS").filter(state="waiting").values_list("pk", "due_at")),
    }


def told(clock, letters):
    """The letters that go out once nothing can be undone any more."""
    clock.advance(minutes=4)
    deliver_due()
    return [letter.text for letter in letters]


DEEDS = {
    "booking a visit": lambda made, _booked: made.visit(datetime(2026, 12, 7, 12)),
    "blocking time": lambda made, _booked: made.visit(datetime(2026, 12, 7, 12), patient=None, visit_type=block(made)),
    "moving": lambda made, booked: made.move(booked, minutes=90),
    "cancelling": lambda made, booked: made.cancel(booked),
}


def block(made):
    return made.site.visit_types.create(kind="block", name="Block", clinician_minutes=30, needs_room=False)


@pytest.mark.parametrize("deed", DEEDS)
def test_all_is_as_before_and_the_patient_hears_nothing(scene, clock, letters, deed):
    series = scene.series()
    booked = Booking.objects.filter(treatment_session__series=series).first()
    told(clock, letters)
    letters.clear()
    before = clinic_now()
    DEEDS[deed](scene, booked)
    assert clinic_now() != before
    clock.advance(minutes=2, seconds=50)
    scene.undo()
    assert clinic_now() == before
    assert told(clock, letters) == []


def test_a_series_is_taken_back_whole_and_can_be_booked_anew(scene, clock, letters):
    before = clinic_now()
    first = scene.series()
    scene.undo()
    assert clinic_now() == before
    assert not Notice.objects.filter(state="waiting").exclude(rule="VISITS").exists()
    assert scene.series().pk != first.pk
    (letter,) = told(clock, letters)
    assert letter.count("- ") == 3


def test_ending_a_course_is_one_step(scene):
    series = scene.series()
    before = clinic_now()
    with atomic(), undoable(scene.desk, Deed.ENDED, site=scene.site, patient_id=scene.patient.pk) as made:
        made.keep(series=series)
        stop_series(scene.desk, series=series, reason="Wish")
    assert Series.objects.get().state == "stopped"
    scene.undo()
    assert clinic_now() == before


def test_several_changes_are_told_once_as_they_stand_in_the_end(scene, clock, letters):
    booked = scene.visit()
    told(clock, letters)
    letters.clear()
    scene.move(booked, hours=1)
    clock.advance(minutes=2)
    scene.move(booked, hours=1)
    other = scene.visit(datetime(2026, 12, 7, 12))
    clock.advance(minutes=2)
    assert not Message.objects.filter(state="waiting", due_at__lte=outbox.clock.now()).exists()
    scene.cancel(other)
    (letter,) = told(clock, letters)
    assert "12:00 instead of" in letter
    assert "10:00" in letter
    assert letter.count("- ") == 1, "a visit that came and went meanwhile is no news"
    assert BookingChange.objects.filter(notice__state="sent").count() == 5


def test_a_change_while_the_message_is_being_sent_gets_one_of_its_own(scene, clock, letters):
    booked = scene.visit()
    clock.advance(minutes=4)
    sending = Message.objects.get()
    outbox.claim(sending.pk, outbox.clock.now())
    scene.move(booked, hours=1)
    assert Notice.objects.filter(rule="VISITS").count() == 2
    assert "11:00 instead of" in told(clock, letters)[-1]


def test_moving_back_by_hand_is_told_as_little_as_undoing(scene, clock, letters):
    booked = scene.visit()
    told(clock, letters)
    letters.clear()
    scene.move(booked, hours=1)
    scene.move(booked, hours=-1)
    assert told(clock, letters) == []
    assert Notice.objects.filter(rule="VISITS").latest("pk").reason == "Nothing has changed for the patient."


def test_steps_are_undone_one_after_the_other(scene):
    booked = scene.visit()
    before = clinic_now()
    scene.move(booked, hours=1)
    first = last()
    between = clinic_now()
    scene.move(booked, hours=1)
    scene.undo()
    assert clinic_now() == between
    undo(scene.desk, change_id=first.pk)
    assert clinic_now() == before


def test_what_somebody_has_taken_meanwhile_is_named(scene, clock):
    booked = scene.visit()
    scene.cancel(booked)
    colleague = clinic.desk(scene.site, name="Zeynep Arı")
    other = people.patient(site=scene.site, family_name="Secret")
    bookings.visit(colleague, scene.site, FRIDAY, patient=other)
    cancelled = BookingChange.objects.filter(deed="cancelled").get()
    before = clinic_now()
    with pytest.raises(Taken, match="Zeynep Arı") as refusal:
        undo(scene.desk, change_id=cancelled.pk)
    assert "Secret" not in refusal.value.message
    assert clinic_now() == before


def test_what_changed_meanwhile_is_told_and_stays(scene):
    booked = scene.visit()
    made = last()
    colleague = clinic.desk(scene.site, name="Zeynep Arı")
    booked.refresh_from_db()
    fields = {"booking_id": booked.pk, "version": booked.version, "starts_at": FRIDAY + timedelta(hours=2)}
    move_booking(colleague, **fields)
    before = clinic_now()
    with pytest.raises(Conflict, match=r"Zeynep Arı changed it meanwhile.*4 Dec 2026, 12:00"):
        undo(scene.desk, change_id=made.pk)
    assert clinic_now() == before
    booked.refresh_from_db()
    set_state(colleague, booking_id=booked.pk, version=booked.version, state="arrived")
    with pytest.raises(Conflict, match="Arrived"):
        undo(scene.desk, change_id=last().pk)


def test_after_three_minutes_or_a_second_time_it_is_too_late(scene, clock):
    scene.visit()
    assert undo_offer(scene.desk).seconds > 170
    clock.advance(seconds=181)
    assert undo_offer(scene.desk) is None
    with pytest.raises(Conflict, match="too late"):
        scene.undo()
    scene.visit(datetime(2026, 12, 7, 12))
    change = last()
    scene.undo()
    with pytest.raises(Conflict, match="already"):
        undo(scene.desk, change_id=change.pk)


def test_only_who_may_book_here_can_undo(scene):
    scene.visit()
    with pytest.raises(NotAllowed):
        scene.undo(by=clinic.staff("nurse", at=scene.site))
    with pytest.raises(OutOfScope):
        scene.undo(by=clinic.desk(clinic.site()))
    assert undo_offer(clinic.desk(scene.site)) is None, "a colleague is offered nothing that they did not do"


def test_a_message_that_was_hurried_out_is_corrected(scene, clock, letters):
    scene.visit()
    outbox.hurry(scene.desk, Message.objects.get())
    deliver_due()
    assert len(letters) == 1
    scene.undo()
    assert "is cancelled" in told(clock, letters)[1]


def test_the_desk_need_not_call_about_what_was_undone(scene, clock, letters):
    series = scene.series()
    booked = Booking.objects.filter(treatment_session__series=series).first()
    clock.set(booked.starts_at - timedelta(hours=70))
    deliver_due()
    scene.move(booked, minutes=30)
    assert Todo.objects.filter(done_at=None).count() == 1
    scene.undo()
    assert not Todo.objects.filter(done_at=None).exists()


def test_a_reminder_that_fell_due_while_its_visit_was_cancelled_goes_out(scene, clock, letters):
    series = scene.series()
    booked = Booking.objects.filter(treatment_session__series=series).first()
    clock.set(booked.starts_at - timedelta(hours=24, minutes=1))
    deliver_due()
    letters.clear()
    scene.cancel(booked)
    clock.advance(minutes=2)
    scene.undo()
    (letter,) = told(clock, letters)
    assert "We look forward to seeing you" in letter


def test_a_session_does_not_come_back_beside_one_that_was_moved_meanwhile(scene):
    series = scene.series()
    second, third = (Booking.objects.get(treatment_session__ordinal=ordinal) for ordinal in (2, 3))
    scene.move(second, days=-1)
    mine = last()
    scene.move(third, days=-1)
    now = clinic_now()
    with pytest.raises(Conflict, match="another session of this course"):
        undo(scene.desk, change_id=mine.pk)
    assert clinic_now() == now
    undo(scene.desk, change_id=last().pk)
    undo(scene.desk, change_id=mine.pk)
    assert series.sessions.filter(state="booked").count() == 3
