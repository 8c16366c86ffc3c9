"""Several colleagues plan courses anew at once: whole or not at all, and the others learn who was first."""

from datetime import UTC, date, datetime, time
from uuid import uuid4

import pytest

from sessions.models import Booking
from sessions.queries.bookings import GONE, series_for
from sessions.queries.replanning import Wishes, rest_of
from sessions.rules.series_places import Preferences
from sessions.services.replanning import replan_series
from tests.builders import bookings, clinic, people, plans
from tests.db.test_booking_races import at_once, kinds, no_half_series, no_overlaps

pytestmark = pytest.mark.django_db(transaction=True)
SERIES = 6


@pytest.fixture
def booked(clock):
    """Series of three sessions one after the other on the same days, of one clinician."""
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    site = clinic.site()
    doctor, desk = clinic.dermatologist(site), clinic.desk(site)
    versions = [plans.signed_plan(people.patient(site=site), doctor, site, session_count=3) for _ in range(SERIES)]
    return [bookings.series(desk, each, date(2026, 11, 26), earliest=time(9)) for each in versions]


def order(series):
    """What a desk sends whose patient cannot come to the second session."""
    second = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=2)
    wishes = Wishes(Preferences(date(2026, 11, 24), earliest=time(16), latest=time(16)), visit_id=second.pk)
    seen = rest_of(series_for(series.booked_by, series.pk), wishes).seen
    return {"series_id": series.pk, "wishes": wishes, "seen": seen, "key": uuid4().hex}


def test_of_many_who_want_the_same_place_the_others_learn_who_has_it(booked):
    before = [visits_of(each) for each in booked]
    desks = [clinic.desk(booked[0].site, name=f"Desk {number}") for number in range(SERIES)]
    orders = [order(each) for each in booked]
    answers = at_once(
        [lambda desk=desk, it=it: replan_series(desk, **it) for desk, it in zip(desks, orders, strict=True)]
    )
    assert set(kinds(answers)) == {"Series", "Taken"}
    assert all("was booked by Staff" in str(each) for each in answers if type(each).__name__ == "Taken")
    assert no_overlaps()
    assert no_half_series()
    for series, answer, was in zip(booked, answers, before, strict=True):
        assert (visits_of(series) == was) == (type(answer).__name__ == "Taken")
        assert len(visits_of(series)) == 3


def test_one_series_is_planned_anew_once(booked):
    series = booked[0]
    desks = [clinic.desk(series.site) for _ in range(4)]
    orders = [order(series) for _ in desks]
    answers = at_once(
        [lambda desk=desk, it=it: replan_series(desk, **it) for desk, it in zip(desks, orders, strict=True)]
    )
    assert kinds(answers) == {"Series": 1, "StaleRecord": len(desks) - 1}
    assert no_overlaps()


def visits_of(series):
    live = Booking.objects.filter(treatment_session__series=series).exclude(state__in=GONE)
    return list(live.order_by("pk").values_list("pk", "starts_at", "version"))
