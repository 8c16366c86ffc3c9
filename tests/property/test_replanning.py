"""Visits that are booked stay or move when the rest is planned anew; no rule gives way for that."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.planner_offers import Offers
from sessions.rules.series_places import Pick, Why, window_after
from tests.property.clinics import first_day, legal
from tests.property.test_planner import asked, local_day, planned


@st.composite
def booked(draw):
    """A course in any clinic whose sessions were booked, some of them on other days since, or nowhere."""
    clinic, course, wishes = draw(asked())
    course = replace(course, overridden=frozenset())
    before = planned(clinic, course, wishes)
    held = {
        each.ordinal: Pick(
            each.place.starts_at + timedelta(days=draw(st.sampled_from([0, 0, 1, -1]))), each.place.clinician.id
        )
        for each in before.placed
        if draw(st.booleans())
    }
    without = draw(st.frozensets(st.integers(0, 8), max_size=1))
    return (
        clinic,
        course,
        replace(wishes, held=held, without=frozenset(first_day(clinic) + timedelta(days=day) for day in without)),
    )


@given(case=booked())
def test_every_place_is_legal_inside_its_window_and_no_session_is_lost(case):
    clinic, course, wishes = case
    found = planned(clinic, course, wishes)
    assert [each.ordinal for each in found.sessions] == list(range(len(course.done) + 1, course.count + 1))
    previous = course.done[-1] if course.done else None
    for each in found.placed:
        day, interval = local_day(clinic, each.place), course.before(each.ordinal)
        assert legal(clinic, each.place)
        assert day not in wishes.without or each.why == Why.HELD
        if previous and interval:
            window = window_after(previous, interval)
            assert window.earliest <= day <= window.latest
        previous = day


@given(case=booked())
def test_visits_stay_when_the_whole_rest_goes_with_them(case):
    clinic, course, wishes = case
    offers = Offers(clinic, wishes)
    free = {ordinal for ordinal, pick in wishes.held.items() if offers.picked(pick)}
    found = planned(clinic, course, wishes)
    kept = {each.ordinal for each in found.sessions if each.why == Why.HELD}
    assert kept <= free
    for each in found.placed:
        if each.ordinal in kept:
            assert each.place.starts_at == wishes.held[each.ordinal].starts_at
    given_up = sorted(free - kept)
    if found.complete and given_up:
        # Only the earliest were given up, and with the last of them held no whole series goes.
        assert all(ordinal < each for ordinal in given_up for each in kept)
        stubborn = {each: wishes.held[each] for each in (given_up[-1], *kept)}
        tried = planned(clinic, course, replace(wishes, held={}, picks=stubborn))
        assert not tried.complete or any(each.why != Why.PICKED for each in tried.sessions if each.ordinal in stubborn)
