"""A time that was given back goes to whoever fits, in a fair order, one at a time."""

from datetime import date, datetime, time, timedelta

import pytest

from mesoclinic.errors import Conflict
from sessions.models import Booking, Occupancy, TimeOffer, TreatmentSession
from sessions.queries.waitlist import freed_time
from sessions.rules.waiting import Waiting, in_turn
from sessions.services.visits import cancel_booking, move_booking
from sessions.services.waitlist import answer_offer, offer_time, stop_waiting, wait_for_time
from tests.builders import bookings, clinic, people, plans

MONDAY = date(2026, 12, 7)


@pytest.fixture
def site():
    made = clinic.site()
    made.rooms.create(name="Room 2", visit_kinds=["treatment"])
    return made


@pytest.fixture
def doctor(site):
    clinic.dermatologist(at=site)
    return clinic.dermatologist(at=site)


@pytest.fixture
def desk(site):
    return clinic.desk(at=site)


def course(site, doctor, desk, start, **wishes):
    """A booked course of two weekly sessions."""
    version = plans.signed_plan(people.patient(site=site), doctor, site, session_count=2)
    return bookings.series(desk, version, start, **wishes)


def visit(series, ordinal=1):
    return Booking.objects.filter(treatment_session__series=series, treatment_session__ordinal=ordinal).last()


def give_back(desk, series, ordinal=1):
    booking = visit(series, ordinal)
    return cancel_booking(desk, booking_id=booking.pk, version=booking.version)


def patients(candidates):
    return [each.entry.session.series.patient_id for each in candidates]


def test_whoever_runs_out_of_time_first_is_asked_first_and_then_the_longest_waiting():
    early, late = datetime(2026, 11, 1), datetime(2026, 11, 9)
    waiting = [Waiting(1, None, early), Waiting(2, date(2026, 12, 9), late), Waiting(3, date(2026, 12, 9), early)]
    assert in_turn(waiting) == [3, 2, 1]


def test_who_fits_is_asked_in_turn_and_says_yes(site, doctor, desk, clock):
    freed = give_back(desk, course(site, doctor, desk, MONDAY, earliest=time(10)))
    first, second, nobody = (course(site, doctor, desk, date(2026, 12, 9)) for _ in range(3))
    entries = []
    for series, wishes in ((first, {}), (second, {}), (nobody, {"weekdays": [4]})):
        entries.append(wait_for_time(desk, session_id=series.sessions.get(ordinal=1).pk, **wishes))
        clock.advance(hours=1)

    page = freed_time(desk, freed)
    assert patients(page.fitting) == [first.patient_id, second.patient_id]
    assert [each.reason for each in page.others] == ["Not on the days or at the times that they asked for."]
    with pytest.raises(Conflict, match="next in turn"):
        offer_time(desk, freed_id=freed.pk, entry_id=entries[1].pk)

    asked = offer_time(desk, freed_id=freed.pk, entry_id=entries[0].pk)
    with pytest.raises(Conflict, match="offered to somebody already"):
        offer_time(desk, freed_id=freed.pk, entry_id=entries[1].pk)
    answer_offer(desk, offer_id=asked.pk, taken=False)
    again = offer_time(desk, freed_id=freed.pk, entry_id=entries[1].pk)
    answer_offer(desk, offer_id=again.pk, taken=True)

    moved = visit(second)
    assert moved.starts_at == freed.starts_at
    assert Booking.objects.filter(treatment_session=moved.treatment_session).count() == 1
    held = Occupancy.objects.filter(resource_kind="patient", resource_id=second.patient_id)
    assert set(held.values_list("booking", flat=True)) == {moved.pk, visit(second, 2).pk}
    assert freed_time(desk, freed).next is None


def test_a_session_without_a_date_gets_the_one_that_was_kept(site, doctor, desk):
    freed = give_back(desk, course(site, doctor, desk, MONDAY))
    other = course(site, doctor, desk, date(2026, 12, 9))
    give_back(desk, other)
    session = other.sessions.get(ordinal=1)
    entry = wait_for_time(desk, session_id=session.pk)
    asked = offer_time(desk, freed_id=freed.pk, entry_id=entry.pk)
    answer_offer(desk, offer_id=asked.pk, taken=True)
    session.refresh_from_db()
    assert (session.state, session.flag) == (TreatmentSession.State.BOOKED, "")
    assert Booking.objects.get(pk=asked.hold_id).treatment_session == session


def test_without_an_answer_the_time_is_free_for_the_next(site, doctor, desk, clock, settings):
    freed = give_back(desk, course(site, doctor, desk, MONDAY))
    entries = [
        wait_for_time(desk, session_id=course(site, doctor, desk, date(2026, 12, 9)).sessions.get(ordinal=1).pk)
        for _ in range(2)
    ]
    asked = offer_time(desk, freed_id=freed.pk, entry_id=entries[0].pk)
    clock.advance(minutes=settings.WAITLIST_HOLD_MINUTES + 1)
    with pytest.raises(Conflict, match="kept no longer"):
        answer_offer(desk, offer_id=asked.pk, taken=True)
    assert freed_time(desk, freed).next.entry == entries[1]
    offer_time(desk, freed_id=freed.pk, entry_id=entries[1].pk)
    assert TimeOffer.objects.filter(hold__state=Booking.State.HELD).count() == 1


def test_a_time_outside_the_window_or_that_breaks_the_next_one_is_not_offered(site, doctor, desk):
    freed = give_back(desk, course(site, doctor, desk, MONDAY))
    other = course(site, doctor, desk, date(2026, 12, 9))
    wait_for_time(desk, session_id=other.sessions.get(ordinal=2).pk)
    far = course(site, doctor, desk, date(2027, 1, 11))
    entry = wait_for_time(desk, session_id=far.sessions.get(ordinal=1).pk)
    page = freed_time(desk, freed)
    assert page.fitting == []
    assert {each.reason for each in page.others} == {
        "Outside the window of this session.",
        "The session after would leave its window.",
    }
    stop_waiting(desk, entry_id=entry.pk)
    assert len(freed_time(desk, freed).others) == 1


def test_a_time_that_is_kept_for_an_answer_is_not_moved(site, doctor, desk):
    freed = give_back(desk, course(site, doctor, desk, MONDAY))
    other = course(site, doctor, desk, date(2026, 12, 9))
    give_back(desk, other)
    entry = wait_for_time(desk, session_id=other.sessions.get(ordinal=1).pk)
    hold = offer_time(desk, freed_id=freed.pk, entry_id=entry.pk).hold
    later = hold.starts_at.astimezone(site.zone).replace(tzinfo=None) + timedelta(hours=1)
    with pytest.raises(Conflict, match="cannot be moved"):
        move_booking(desk, booking_id=hold.pk, version=hold.version, starts_at=later)
    hold.refresh_from_db()
    assert hold.starts_at == freed.starts_at
