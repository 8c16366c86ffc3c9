"""The grid: what one booking has, no other gets; whoever is late learns what is taken and by whom."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from mesoclinic import clock as clinic_clock
from mesoclinic.errors import Taken
from mesoclinic.transactions import atomic
from sessions.models import Booking, BookingUse, Occupancy
from sessions.services.grid import Use, drop_expired_holds, drop_past, occupy, release
from tests.builders import clinic, people

NOON = datetime(2026, 12, 10, 12, tzinfo=UTC)


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def desk(site):
    return clinic.desk(site, name="Zeynep Arı")


def booking(site, by, starts_at=NOON, *, minutes=30, **over) -> Booking:
    fields = {"kind": "consultation", "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=minutes)}
    key = uuid4().hex
    return Booking.objects.create(
        site=site, calendar_uid=key, booked_by=by, booked_at=clinic_clock.now(), **(fields | over)
    )


def room_use(row, number=7) -> list[Use]:
    return [Use("room", number, row.starts_at, row.ends_at)]


def test_one_row_for_each_five_minutes_of_each_resource(site, desk):
    row = booking(site, desk, minutes=30)
    occupy(row, [*room_use(row), Use("clinician", 3, row.starts_at, row.starts_at + timedelta(minutes=10))])
    slots = list(Occupancy.objects.order_by("resource_kind", "slot").values_list("resource_kind", "slot"))
    first = int(NOON.timestamp()) // 300
    assert slots == [("clinician", first), ("clinician", first + 1), *(("room", first + more) for more in range(6))]


def test_a_second_booking_learns_what_is_taken_when_and_by_whom_but_no_patient(site, desk):
    patient = people.patient(site=site, family_name="Secretname")
    first = booking(site, desk, patient=patient)
    room = site.rooms.get()
    occupy(first, room_use(first, room.pk))
    late = booking(site, desk, NOON + timedelta(minutes=25))
    with pytest.raises(Taken) as refusal:
        occupy(late, room_use(late, room.pk))
    assert "Room 1" in refusal.value.message
    assert "Thu 10 Dec 13:00" in refusal.value.message
    assert "Zeynep Arı (Front desk)" in refusal.value.message
    assert "Secretname" not in refusal.value.message


def test_a_refused_booking_leaves_the_transaction_usable_and_writes_nothing(site, desk):
    first = booking(site, desk)
    occupy(first, room_use(first))
    with atomic():
        late = booking(site, desk)
        with pytest.raises(Taken):
            occupy(late, room_use(late))
        assert Occupancy.objects.filter(booking=first).count() == 6
    assert not Occupancy.objects.filter(booking=late).exists()
    assert not BookingUse.objects.filter(booking=late).exists()


def test_touching_visits_do_not_clash(site, desk):
    first, second = booking(site, desk), booking(site, desk, NOON + timedelta(minutes=30))
    occupy(first, room_use(first))
    occupy(second, room_use(second))
    assert Occupancy.objects.count() == 12


def test_released_time_can_be_taken_again(site, desk):
    first, second = booking(site, desk), booking(site, desk)
    occupy(first, room_use(first))
    release(first)
    occupy(second, room_use(second))
    assert set(Occupancy.objects.values_list("booking", flat=True)) == {second.pk}


def test_a_hold_keeps_its_time_until_it_ends(site, desk, clock):
    clock.set(NOON - timedelta(days=1))
    until = clinic_clock.now() + timedelta(minutes=15)
    hold = booking(site, desk, state=Booking.State.HELD, held_until=until)
    occupy(hold, room_use(hold))
    other = booking(site, desk)
    with pytest.raises(Taken, match="is held by Zeynep"):
        occupy(other, room_use(other))
    clock.advance(minutes=16)
    occupy(other, room_use(other))
    hold.refresh_from_db()
    assert hold.state == Booking.State.CANCELLED


def test_expired_holds_are_given_back(site, desk):
    hold = booking(site, desk, state=Booking.State.HELD, held_until=clinic_clock.now() - timedelta(minutes=1))
    Occupancy.objects.create(resource_kind="room", resource_id=1, slot=1, booking=hold)
    assert drop_expired_holds(clinic_clock.now()) == 1
    assert not Occupancy.objects.exists()


def test_rows_of_past_days_go_and_those_to_come_stay(site, desk):
    past, coming = booking(site, desk, NOON - timedelta(days=400)), booking(site, desk)
    occupy(past, room_use(past))
    occupy(coming, room_use(coming))
    assert drop_past(NOON - timedelta(days=2)) == 6
    assert set(Occupancy.objects.values_list("booking", flat=True)) == {coming.pk}
    assert Booking.objects.filter(pk=past.pk).exists()


def test_the_database_itself_refuses_a_second_use(site, desk):
    from django.db import IntegrityError

    row = booking(site, desk)
    occupy(row, room_use(row))
    with pytest.raises(IntegrityError), atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clinic_sessions_occupancy (resource_kind, resource_id, slot, booking_id) "
            "SELECT resource_kind, resource_id, slot, booking_id FROM clinic_sessions_occupancy"
        )
