"""Many colleagues at once: one of them gets the time, the others learn who, nothing is booked in part."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier

import pytest
from django.db import connection

from mesoclinic.errors import Conflict, Taken
from sessions.models import Booking, Occupancy, Series, TreatmentSession
from sessions.services.booking import book_series
from sessions.services.visits import book_visit, cancel_booking, move_booking
from tests.builders import bookings, clinic, people, plans

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 32
THURSDAY = date(2026, 11, 26)


@pytest.fixture
def site(clock):
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    return clinic.site()


def at_once(calls) -> list[object]:
    """What each call gave or raised, all started together."""
    start = Barrier(len(calls))

    def run(call):
        try:
            start.wait(30)
            return call()
        except Exception as problem:  # noqa: BLE001 - whatever a rival meets is what the test looks at
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def kinds(answers) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


def no_overlaps() -> bool:
    rows = Occupancy.objects.values_list("resource_kind", "resource_id", "slot")
    return len(rows) == len(set(rows))


def no_half_series() -> bool:
    return (
        all(
            series.sessions.count()
            == series.plan_version.session_count
            == Booking.objects.filter(treatment_session__series=series).count()
            for series in Series.objects.all()
        )
        and Booking.objects.filter(treatment_session=None, kind="treatment").count() == 0
    )


def test_one_of_32_gets_the_slot_and_31_learn_who_has_it(site):
    clinic.dermatologist(site)
    kind = site.visit_types.get(kind="consultation")
    desks = [clinic.desk(site, name=f"Desk {number}") for number in range(CLIENTS)]
    people_ = [people.patient(site=site, family_name=f"Secretname{number}") for number in range(CLIENTS)]
    moment = datetime.combine(date(2026, 12, 10), time(10))

    def order(number):
        return lambda: book_visit(
            desks[number], key=f"k{number}", site=site, visit_type=kind, starts_at=moment, patient=people_[number]
        )

    answers = at_once([order(number) for number in range(CLIENTS)])
    assert kinds(answers) == {"Booking": 1, "Taken": CLIENTS - 1}
    winner = next(answer for answer in answers if isinstance(answer, Booking))
    losers = [answer for answer in answers if isinstance(answer, Taken)]
    assert all(winner.booked_by.name in each.message and "10:00" in each.message for each in losers)
    assert all(each.alternatives for each in losers)
    assert not any("Secretname" in each.message for each in losers)
    assert no_overlaps()


@pytest.mark.parametrize("seed", [1, 2])
def test_overlapping_series_are_whole_or_absent(site, seed):
    luck = random.Random(seed)
    doctor = clinic.dermatologist(site)
    versions = [
        plans.signed_plan(people.patient(site=site), doctor, site, protocol="P1", session_count=4) for _ in range(8)
    ]
    orders = [
        (clinic.desk(site), bookings.order(each, THURSDAY + timedelta(days=7 * luck.randrange(3)), earliest=time(14)))
        for each in versions
    ]
    answers = at_once([lambda desk=desk, order=order: book_series(desk, **order) for desk, order in orders])
    assert set(kinds(answers)) <= {"Series", "Taken"}
    assert kinds(answers)["Series"] >= 1
    assert Series.objects.count() == kinds(answers)["Series"]
    assert TreatmentSession.objects.count() == 4 * Series.objects.count()
    assert no_overlaps()
    assert no_half_series()


def test_one_plan_booked_by_many_is_booked_once(site):
    doctor = clinic.dermatologist(site)
    version = plans.signed_plan(people.patient(site=site), doctor, site, protocol="P1", session_count=3)
    order = bookings.order(version, THURSDAY, earliest=time(14))
    desks = [clinic.desk(site) for _ in range(8)]
    answers = at_once([lambda desk=desk: book_series(desk, **order) for desk in desks])
    assert kinds(answers)["Series"] == 1
    assert all(isinstance(answer, Series | Conflict) for answer in answers)
    assert no_half_series()


def test_of_a_double_click_both_get_the_same_series(site):
    doctor, desk = clinic.dermatologist(site), clinic.desk(site)
    version = plans.signed_plan(people.patient(site=site), doctor, site, protocol="P1", session_count=3)
    order = bookings.order(version, THURSDAY, earliest=time(14))
    answers = at_once([lambda: book_series(desk, **order)] * 6)
    assert kinds(answers) == {"Series": 6}
    assert len({answer.pk for answer in answers}) == 1 == Series.objects.count()


def test_of_a_move_and_a_cancellation_one_wins(site):
    clinic.dermatologist(site)
    desk = clinic.desk(site)
    row = bookings.visit(desk, site, datetime(2026, 12, 10, 10), patient=people.patient(site=site))
    answers = at_once(
        [
            lambda: move_booking(desk, booking_id=row.pk, version=1, starts_at=datetime(2026, 12, 11, 10)),
            lambda: cancel_booking(desk, booking_id=row.pk, version=1),
        ]
    )
    assert kinds(answers) == {"Booking": 1, "StaleRecord": 1}
    row.refresh_from_db()
    assert row.version == 2
    assert Occupancy.objects.filter(booking=row).exists() == (row.state == Booking.State.BOOKED)
