"""Whatever has been done and asked for: gaps decide, dates are open, in order and inside their windows (6.2)."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from protocols.rules.kinds.schedule import Protocol
from sessions.rules.schedule import (
    Closed,
    CourseState,
    Result,
    assessment_dates,
    interval_before,
    plan_course,
    window_of,
)
from tests.builders.facts import shipped

PROTOCOLS = shipped().of(Protocol)
EVERY_ASSESSMENT = frozenset({"interim", "interim2", "final"})
FIRSTS = st.dates(date(2026, 1, 1), date(2031, 12, 31))
WEEKDAYS = st.frozensets(st.integers(0, 6), max_size=5)


def days(start: date, *offsets: int) -> tuple[date, ...]:
    return tuple(start + timedelta(days=offset) for offset in offsets)


@st.composite
def closures(draw, first: date) -> Closed:
    offsets = draw(st.frozensets(st.integers(0, 400), max_size=40))
    return Closed(draw(WEEKDAYS), frozenset(days(first, *offsets)))


@st.composite
def courses(draw) -> CourseState:
    """A course on the way, and a next date that may be too soon, in time, late or too late."""
    protocol = draw(st.sampled_from(PROTOCOLS))
    done = [draw(FIRSTS)]
    for ordinal in range(2, draw(st.integers(1, protocol.sessions)) + 1):
        interval = interval_before(ordinal, protocol, shipped())
        done.append(done[-1] + timedelta(days=draw(st.integers(interval.min_days, interval.max_days))))
    asked = interval_before(len(done) + 1, protocol, shipped())
    edges = [asked.min_days, asked.max_days, asked.max_days * 2]
    gaps = st.one_of(st.sampled_from([edge + off for edge in edges for off in (-1, 0, 1)]), st.integers(-3, edges[-1]))
    requested = done[-1] + timedelta(days=draw(gaps))
    return CourseState(
        protocol=protocol.id,
        evaluated_on=done[-1],
        done=tuple(done),
        requested_on=requested,
        closed=draw(closures(done[-1])),
        assessments_recorded=EVERY_ASSESSMENT,
    )


@given(state=courses())
def test_the_gap_alone_decides_whether_a_date_is_too_soon_fine_late_or_too_late(state):
    protocol = shipped().row(Protocol, state.protocol)
    used_up = not protocol.maintenance and len(state.done) + 1 > protocol.sessions
    interval = interval_before(len(state.done) + 1, protocol, shipped())
    gap = (state.requested_on - state.done[-1]).days
    said = {finding.rule for finding in plan_course(state, shipped()).findings} - {"SD-07"}
    expected = {
        "SD-01": gap < interval.min_days,
        "SD-02": interval.max_days < gap <= 2 * interval.max_days,
        "SD-06": gap > 2 * interval.max_days,
    }
    if used_up:
        assert said == {"SD-04"}
    elif "SD-04" not in said:
        assert said == {rule for rule, holds in expected.items() if holds}


@given(state=courses())
def test_a_plan_is_whole_open_in_order_and_inside_its_windows_or_there_is_none(state):
    protocol = shipped().row(Protocol, state.protocol)
    found = plan_course(state, shipped())
    assert found == plan_course(state, shipped())
    if found.result is Result.BLOCKED:
        assert found.sessions == ()
        return
    assert found.sessions[: len(state.done)] == state.done
    assert len(found.sessions) == max(protocol.sessions, len(state.done) + 1)
    assert all(state.closed.is_open(day) for day in found.sessions[len(state.done) :])
    assert all(earlier < later for earlier, later in pairwise(found.sessions))
    for place in range(len(state.done) + 1, len(found.sessions)):
        window = window_of(place + 1, found.sessions[place - 1], protocol, shipped())
        assert window.earliest <= found.sessions[place] <= window.latest
    assert all(state.closed.is_open(day) for day in found.assessments.values())


@given(state=courses())
def test_a_requested_date_only_moves_when_the_clinic_is_closed(state):
    found = plan_course(state, shipped())
    assume(found.result is not Result.BLOCKED)
    moved = found.sessions[len(state.done)] != state.requested_on
    assert moved == (not state.closed.is_open(state.requested_on))


@given(protocol=st.sampled_from(PROTOCOLS), start=FIRSTS, data=st.data())
def test_a_course_planned_from_its_first_day_follows_the_nearest_open_targets(protocol, start, data):
    closed = data.draw(closures(start))
    found = plan_course(CourseState(protocol.id, start, start=start, closed=closed), shipped())
    assume(found.result is not Result.BLOCKED)
    assert len(found.sessions) == protocol.sessions
    assert found.sessions[0] == closed.next_open(start)
    for place in range(1, protocol.sessions):
        window = window_of(place + 1, found.sessions[place - 1], protocol, shipped())
        chosen = found.sessions[place]
        nearer = [
            day
            for day in days(window.earliest, *range((window.latest - window.earliest).days + 1))
            if closed.is_open(day) and (abs(day - window.target), window.target - day) < rank(chosen, window.target)
        ]
        assert nearer == []


def rank(day: date, target: date) -> tuple[timedelta, timedelta]:
    return abs(day - target), target - day


@given(day=FIRSTS, data=st.data())
def test_the_next_open_day_is_the_first_one(day, data):
    closed = data.draw(closures(day))
    found = closed.next_open(day)
    assert found is not None
    assert closed.is_open(found)
    assert not any(closed.is_open(before) for before in days(day, *range((found - day).days)))


@given(protocol=st.sampled_from(PROTOCOLS), start=FIRSTS, later=st.lists(st.integers(0, 30), min_size=12, max_size=12))
def test_an_assessment_hangs_on_one_session_and_later_ones_do_not_move_it(protocol, start, later):
    planned = days(start, *protocol.target_days)
    always = Closed()
    dates = assessment_dates(protocol, planned, always)
    assert dates == {each.code: start + timedelta(days=each.day) for each in protocol.assessments}
    for place in range(len(planned)):
        shifts = [0] * (place + 1) + [sum(later[:each]) for each in range(1, len(planned) - place)]
        shifted = tuple(day + timedelta(days=by) for day, by in zip(planned, shifts, strict=True))
        kept = {each.code for each in protocol.assessments if each.day < [*protocol.target_days, 10**6][place + 1]}
        assert {code: assessment_dates(protocol, shifted, always)[code] for code in kept} == {
            code: dates[code] for code in kept
        }


@given(protocol=st.sampled_from(PROTOCOLS), start=FIRSTS, known=st.integers(0, 12))
def test_an_assessment_without_its_session_has_no_date(protocol, start, known):
    planned = [day if place < known else None for place, day in enumerate(days(start, *protocol.target_days))]
    dates = assessment_dates(protocol, planned, Closed())
    given_days = [target for place, target in enumerate(protocol.target_days) if place < known]
    for each in protocol.assessments:
        last = max(target for target in protocol.target_days if target <= each.day)
        assert (each.code in dates) == (last in given_days)
