"""Which adverse events are sentinel, which hold up or stop a course, and which make a cluster (clinical.md 8.1-8.3)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType, ClusterRule


@dataclass(frozen=True, slots=True)
class Event:
    """An adverse event as recorded; `day` is the day in the clinic that it goes back to, `lots` are the related lots.

    `excluded` says that a suspicion was ruled out.
    """

    code: str
    grade: int
    day: date
    lots: frozenset[int] = frozenset()
    resolved: bool = False
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """So many events on one lot, or on one day in the clinic (`lot` is then None)."""

    rule: ClusterRule
    events: int
    lot: int | None = None
    day: date | None = None


def is_sentinel(event: Event, catalogue: Catalogue) -> bool:
    """Whether the event is in the sentinel set at this grade; also while only suspected and not excluded."""
    if event.excluded or not catalogue.has(AdverseEventType, event.code):
        return False
    lowest = catalogue.row(AdverseEventType, event.code).sentinel_from_grade
    return lowest is not None and event.grade >= lowest


def sentinel_open(events: Iterable[Event], catalogue: Catalogue) -> Tri:
    """Whether a sentinel event is under investigation (SD-05)."""
    return Tri.YES if any(is_sentinel(event, catalogue) and not event.resolved for event in events) else Tri.NO


def stops_course(event: Event, catalogue: Catalogue) -> bool:
    """Whether the event stops the course by its kind, whatever its grade (8.2); grade and sentinel set are apart."""
    if event.excluded or not catalogue.has(AdverseEventType, event.code):
        return False
    return catalogue.row(AdverseEventType, event.code).stops_course


def unresolved_grade(events: Iterable[Event]) -> int | None:
    """The highest grade of the events that are neither resolved nor excluded; None when there is none (SD-05)."""
    return max((event.grade for event in events if not event.resolved and not event.excluded), default=None)


def clusters(events: Iterable[Event], catalogue: Catalogue) -> tuple[Cluster, ...]:
    """Every lot, and every day in the clinic, on which too many of the watched events fall together."""
    found: list[Cluster] = []
    counted = list(events)
    for rule in catalogue.of(ClusterRule):
        watched = [event for event in counted if event.code in rule.events and not event.excluded]
        enough = rule.limit("events")
        lots = Counter(lot for event in watched for lot in event.lots)
        days = Counter(event.day for event in watched)
        found += [Cluster(rule, number, lot=lot) for lot, number in sorted(lots.items()) if number >= enough]
        found += [Cluster(rule, number, day=day) for day, number in sorted(days.items()) if number >= enough]
    return tuple(found)
