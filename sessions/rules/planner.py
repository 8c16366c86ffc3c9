"""The planner: a whole course in the free time of a clinic, exactly the best by the objective.

In this order: every hard rule; all sessions placed; smallest worst deviation from target; smallest total deviation;
fewest missed wishes; weekday, then time of day, steady; earliest start. See docs/decisions/019-planner.md.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from mesoclinic.rules.arithmetic import DAYS_PER_WEEK
from sessions.rules.free_time import ClinicTime, Place
from sessions.rules.planner_offers import Offers
from sessions.rules.planner_reasons import later_choices, other_choices, why_here, why_nowhere
from sessions.rules.planner_search import Search
from sessions.rules.planner_times import steadiest
from sessions.rules.series_places import Course, Pick, Placed, Preferences, Proposal, Why, Window, window_after


def plan_series(
    clinic: ClinicTime, course: Course, preferences: Preferences, *, search_days: int, choices: int
) -> Proposal:
    """Place every session that is not done: the first within the wished week, or if nothing goes, `search_days`.

    Times chosen by hand and visits that are held stay as long as a whole series goes with them. So many choices are
    given for each session.
    """
    search = _furthest(_searches(clinic, course, preferences, search_days))
    ways = search.ways()
    times = steadiest(ways, search.minutes, search.rank) if ways else []
    found = [_placed(search, times, step, choices) for step in range(len(times))]
    return Proposal((*found, *_unplaced(search, times, choices)))


def _searches(clinic: ClinicTime, course: Course, preferences: Preferences, search_days: int) -> Iterator[Search]:
    """With all that is fixed; then the earliest visit held is given up and so on, then the last time chosen by hand.

    Each is tried in the wished week first.
    """
    offers = Offers(clinic, preferences)
    picked = _free(offers, preferences.picks)
    held = [each for each in _free(offers, preferences.held) if each[0] not in preferences.picks]
    fixed = [held[gone:] + picked for gone in range(len(held))]
    fixed += [picked[:kept] for kept in range(len(picked), -1, -1)]
    spans = [search_days] if course.done else sorted({min(DAYS_PER_WEEK, search_days), search_days})
    for places in fixed:
        for span in spans:
            yield Search(course, offers, dict(places), span)


def _free(offers: Offers, fixed: Mapping[int, Pick]) -> list[tuple[int, Place]]:
    """The places of these times, those that are not free left out."""
    places = ((ordinal, offers.picked(pick)) for ordinal, pick in sorted(fixed.items()))
    return [(ordinal, place) for ordinal, place in places if place]


def _furthest(searches: Iterator[Search]) -> Search:
    """The first that places every session, or the one that places most."""
    best = next(searches)
    most = best.furthest()
    while most < best.count and (search := next(searches, None)):
        if (placeable := search.furthest()) > most:
            best, most = search, placeable
    return best


def _placed(search: Search, times: list[tuple[int, int]], step: int, choices: int) -> Placed:
    day, minute = times[step]
    previous = times[step - 1][0] if step else search.source
    ordinal = search.ordinal(step)
    place = search.picked.get(ordinal) or search.offers.place(day, minute)
    return Placed(
        ordinal,
        _window(search, step, previous),
        place,
        day - previous if search.interval(step) else None,
        why_here(search, step, previous, place),
        other_choices(search, times, step, choices),
    )


def _unplaced(search: Search, times: list[tuple[int, int]], choices: int) -> Iterator[Placed]:
    if len(times) == search.count:
        return
    step, previous = len(times), times[-1][0] if times else search.source
    window, ordinal = _window(search, step, previous), search.ordinal(step)
    nearest = later_choices(search, step, previous, choices)
    yield Placed(ordinal, window, None, why=why_nowhere(search, step, previous), choices=nearest)
    for following in range(ordinal + 1, search.course.count + 1):
        yield Placed(following, None, None, why=Why.FOLLOWS)


def _window(search: Search, step: int, previous: int) -> Window:
    interval = search.interval(step)
    if interval is not None:
        return window_after(date.fromordinal(previous), interval)
    start = search.preferences.start
    return Window(start, start, start + timedelta(days=search.span - 1))
