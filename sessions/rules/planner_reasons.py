"""Why a session is where it is or nowhere, and where else it could be."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, islice

from mesoclinic.rules.arithmetic import SECONDS_PER_MINUTE
from sessions.rules.free_time import Place, is_open
from sessions.rules.planner_offers import day_and_minute
from sessions.rules.planner_search import Search, weekday_of
from sessions.rules.series_places import Why


def why_here(search: Search, step: int, previous: int, place: Place) -> Why | None:
    """Why a session is not on its target day at a preferred time; None when it is."""
    if (ordinal := search.ordinal(step)) in search.picked:
        return Why.PICKED if ordinal in search.preferences.picks else Why.HELD
    day, _ = day_and_minute(search.clinic, place)
    target = search.target(step, previous)
    unwanted = search.interval(step) is None and not search.preferences.like(date.fromordinal(target))
    if day == target or unwanted:
        return _why_then(search, place)
    return _trouble_on(search, target) or _better_than(search, step, previous, day)


def why_nowhere(search: Search, step: int, previous: int) -> Why:
    """Why no day of its window has a free time for a session."""
    if passed := _passed(search, step, previous):
        return passed
    days = [date.fromordinal(day) for day in search.window(step, previous)]
    opened = [day for day in days if is_open(search.clinic, day)]
    if not opened:
        return Why.SHUT
    away = all(worker.is_away(day) for day in opened for worker in search.clinic.workers)
    return Why.ABSENT if away else Why.WINDOW


def other_choices(search: Search, times: Sequence[tuple[int, int]], step: int, number: int) -> tuple[Place, ...]:
    """The next best places of a session while every other stays: at most one a day, none that overlaps its own."""
    previous = times[step - 1][0] if step else search.source
    following = times[step + 1][0] if step + 1 < len(times) else None
    days = (day for day in search.window(step, previous) if _still_fits(search, step, day, following))
    ranked = _in_order(search, step, previous, list(days), following)
    found = (_place_near(search, day, times[step]) for day in ranked)
    return tuple(islice((place for place in found if place), number))


def later_choices(search: Search, step: int, previous: int, number: int) -> tuple[Place, ...]:
    """The nearest places after the window, as far as an override may go (SD-02)."""
    interval = search.interval(step)
    if interval is None:
        return ()
    after = range(max(search.window(step, previous).stop, search.start), previous + interval.longest + 1)
    offers = ((day, search.offers.on(day)) for day in after)
    return tuple(islice((search.offers.place(day, offer.minutes[0]) for day, offer in offers if offer), number))


def _passed(search: Search, step: int, previous: int) -> Why | None:
    """Whether the first possible day is after the window, or so long after that no override helps (SD-06)."""
    interval = search.interval(step)
    if interval is None or search.window(step, previous):
        return None
    return Why.LATE if search.start <= previous + interval.longest else Why.LAPSED


def _why_then(search: Search, place: Place) -> Why | None:
    wishes = search.preferences
    if not wishes.earliest <= place.starts_at.astimezone(search.clinic.zone).time() <= wishes.latest:
        return Why.TIME
    return None if wishes.clinician_id in (None, place.clinician.id) else Why.CLINICIAN


def _trouble_on(search: Search, target: int) -> Why | None:
    """What is wrong with the target day itself."""
    day, wishes, clinic = date.fromordinal(target), search.preferences, search.clinic
    workers = [each for each in clinic.workers if wishes.clinician_id in (None, each.id)]
    if day < wishes.start:
        return Why.PASSED
    if day in wishes.without:
        return Why.UNWANTED
    if not is_open(clinic, day):
        return Why.CLOSED
    if all(worker.is_away(day) for worker in workers):
        return Why.AWAY
    if not wishes.like(day):
        return Why.WEEKDAY
    return None if search.offers.on(target) else Why.FULL


def _better_than(search: Search, step: int, previous: int, day: int) -> Why:
    """What the chosen day has that the target day lacks."""
    target = search.target(step, previous)
    here, there = search.offers.on(day), search.offers.on(target)
    if here and there and here.missed < there.missed:
        return Why.WISHES
    kept = search.interval(step) is not None and weekday_of(day) == weekday_of(previous) != weekday_of(target)
    return Why.STEADY if kept else Why.REST


def _still_fits(search: Search, step: int, day: int, following: int | None) -> bool:
    return following is None or following in search.window(step + 1, day)


def _in_order(search: Search, step: int, previous: int, days: list[int], following: int | None) -> Iterator[int]:
    """The objective for one day while the rest stays; no day is looked at before it may be next."""

    def deviations(day: int) -> tuple[int, int]:
        after = 0 if following is None else search.deviation(step + 1, day, following)
        here = search.deviation(step, previous, day)
        return max(here, after), here + after

    for _, alike in groupby(sorted(days, key=deviations), key=deviations):
        offers = [
            (offer.missed, *search.rank(step, previous, day), day) for day in alike if (offer := search.offers.on(day))
        ]
        yield from (day for *_rank, day in sorted(offers))


def _place_near(search: Search, day: int, chosen: tuple[int, int]) -> Place | None:
    """The time of a day that is nearest to the chosen one; on its own day one that does not overlap it."""
    offer = search.offers.on(day)
    length = int(search.clinic.length.total.total_seconds()) // SECONDS_PER_MINUTE if day == chosen[0] else 0
    minutes = [each for each in offer.minutes if abs(each - chosen[1]) >= length] if offer else []
    if not minutes:
        return None
    return search.offers.place(day, min(minutes, key=lambda minute: (abs(minute - chosen[1]), minute)))
