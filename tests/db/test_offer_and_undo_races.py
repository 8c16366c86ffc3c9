"""Two who take one offer, two who undo one change: one of them does it, the other learns that it is done."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sessions.models import Booking, BookingChange, TimeOffer
from sessions.queries.bookings import GONE
from sessions.services.undo import undo
from sessions.services.visits import cancel_booking, move_booking
from sessions.services.waitlist import answer_offer, offer_time, wait_for_time
from tests.builders import bookings, clinic, people, plans
from tests.db.test_booking_races import at_once, kinds, no_overlaps

pytestmark = pytest.mark.django_db(transaction=True)
RIVALS = 4
MONDAY, WEDNESDAY = date(2026, 12, 7), date(2026, 12, 9)


@pytest.fixture
def site(clock):
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    return clinic.site()


@pytest.fixture
def courses(site):
    """One course on Monday, and two patients on Wednesday who would come earlier."""
    doctor, desk = clinic.dermatologist(site), clinic.desk(site)
    versions = [plans.signed_plan(people.patient(site=site), doctor, site, session_count=2) for _ in range(3)]
    return [
        bookings.series(desk, each, day) for each, day in zip(versions, (MONDAY, WEDNESDAY, WEDNESDAY), strict=True)
    ]


@pytest.fixture
def desks(site):
    return [clinic.desk(site, name=f"Desk {number}") for number in range(RIVALS)]


def first_visit(series):
    return Booking.objects.filter(treatment_session__series=series, treatment_session__ordinal=1).last()


def test_a_freed_time_is_offered_once_and_taken_once(courses, desks):
    given, *waiting = courses
    booking = first_visit(given)
    freed = cancel_booking(desks[0], booking_id=booking.pk, version=booking.version)
    entries = [wait_for_time(desks[0], session_id=each.sessions.get(ordinal=1).pk) for each in waiting]
    offers = at_once([lambda desk=desk: offer_time(desk, freed_id=freed.pk, entry_id=entries[0].pk) for desk in desks])
    assert kinds(offers) == {"TimeOffer": 1, "Conflict": RIVALS - 1}

    offer = TimeOffer.objects.get()
    answers = at_once([lambda desk=desk: answer_offer(desk, offer_id=offer.pk, taken=True) for desk in desks])
    assert kinds(answers) == {"TimeOffer": 1, "Conflict": RIVALS - 1}
    there = Booking.objects.filter(starts_at=freed.starts_at).exclude(state__in=GONE)
    assert [each.patient_id for each in there] == [waiting[0].patient_id]
    assert no_overlaps()


def test_yes_and_no_to_one_offer_cannot_both_count(courses, desks):
    given, waiting, _other = courses
    booking = first_visit(given)
    freed = cancel_booking(desks[0], booking_id=booking.pk, version=booking.version)
    entry = wait_for_time(desks[0], session_id=waiting.sessions.get(ordinal=1).pk)
    offer = offer_time(desks[0], freed_id=freed.pk, entry_id=entry.pk)
    said = [number % 2 == 0 for number in range(RIVALS)]
    answers = at_once(
        [
            lambda desk=desk, yes=yes: answer_offer(desk, offer_id=offer.pk, taken=yes)
            for desk, yes in zip(desks, said, strict=True)
        ]
    )
    assert kinds(answers) == {"TimeOffer": 1, "Conflict": RIVALS - 1}
    offer.refresh_from_db()
    there = Booking.objects.filter(starts_at=freed.starts_at).exclude(state__in=GONE)
    assert there.exists() == (offer.state == TimeOffer.State.TAKEN)
    assert no_overlaps()


def test_one_change_is_undone_once(courses, desks):
    booking = first_visit(courses[0])
    was = booking.starts_at
    local = was.astimezone(booking.site.zone).replace(tzinfo=None)
    move_booking(desks[0], booking_id=booking.pk, version=1, starts_at=local + timedelta(hours=2))
    change = BookingChange.objects.filter(deed="moved").get()
    answers = at_once([lambda desk=desk: undo(desk, change_id=change.pk) for desk in desks])
    assert kinds(answers) == {"BookingChange": 1, "Conflict": RIVALS - 1}
    booking.refresh_from_db()
    assert booking.starts_at == was
    assert BookingChange.objects.filter(deed="undone").count() == 1
    assert no_overlaps()


def test_of_an_undo_and_a_move_one_wins(courses, desks):
    booking = first_visit(courses[0])
    was = booking.starts_at
    local = was.astimezone(booking.site.zone).replace(tzinfo=None)
    moved = move_booking(desks[0], booking_id=booking.pk, version=1, starts_at=local + timedelta(hours=2))
    change = BookingChange.objects.filter(deed="moved").get()
    later = {"booking_id": booking.pk, "version": moved.version, "starts_at": local + timedelta(hours=4)}
    answers = at_once([lambda: undo(desks[0], change_id=change.pk), lambda: move_booking(desks[1], **later)])
    booking.refresh_from_db()
    undone = isinstance(answers[0], BookingChange)
    assert undone != isinstance(answers[1], Booking)
    assert booking.starts_at == (was if undone else was + timedelta(hours=4))
    assert no_overlaps()
