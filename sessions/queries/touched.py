"""Which plans to come a release touches: what they name themselves, and the rules by which every plan is judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, QuerySet

from mesoclinic.actors import Actor
from patients.models import PlanVersion
from patients.queries.plans import plans_for
from protocols.models import CatalogueRelease
from protocols.queries.review import Comparison, bodies_of, compared
from protocols.rules.changes import RowChange, RowKey
from sessions.models import Booking, Series, TreatmentSession
from sessions.queries.bookings import COMING

MOST = 100
AHEAD = (TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED)
OPEN = (PlanVersion.State.DRAFT, PlanVersion.State.SIGNED)


@dataclass(frozen=True, slots=True)
class TouchedPlan:
    """An open plan, the changed rows that it names, and what is booked of it."""

    version: PlanVersion
    rows: tuple[RowChange, ...]
    booked: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Touched:
    """The first hundred plans that a release touches, how many there are, and the changed rules of every plan."""

    comparison: Comparison
    rules: tuple[RowChange, ...]
    plans: tuple[TouchedPlan, ...]
    number: int
    of: int
    booked: int

    @property
    def patient_ids(self) -> list[int]:
        return [each.version.plan.patient_id for each in self.plans]


def touched_by(actor: Actor, release: CatalogueRelease) -> Touched:
    """The open plans within reach that name a changed row; all of them once a rule of every plan has changed."""
    comparison = compared(release)
    changed = {row.key: row for row in comparison.rows}
    intervals = _intervals(comparison)
    rules = tuple(row for row in comparison.rows if row.touches_everybody)
    versions = _open_versions(actor)
    visits = _visits(versions)
    found = [
        TouchedPlan(each, rows, *visits.get(each.pk, (0, None)))
        for each in versions
        if (rows := tuple(changed[key] for key in _named(each, intervals) if key in changed)) or rules
    ]
    found.sort(key=lambda each: (not each.rows, each.next_at is None, each.next_at or each.version.made_at))
    booked = sum(each.booked for each in found)
    return Touched(comparison, rules, tuple(found[:MOST]), len(found), len(versions), booked)


def _open_versions(actor: Actor) -> QuerySet[PlanVersion]:
    """Drafts, and signed plans with a session ahead or none planned yet."""
    series = Series.objects.filter(plan_version=OuterRef("pk"))
    ahead = TreatmentSession.objects.filter(series__plan_version=OuterRef("pk"), state__in=AHEAD)
    found = PlanVersion.objects.filter(~Exists(series) | Exists(ahead), plan__in=plans_for(actor), state__in=OPEN)
    return found.select_related("plan__patient", "plan__site").prefetch_related("components").order_by("pk")


def _visits(versions: QuerySet[PlanVersion]) -> dict[int, tuple[int, datetime]]:
    """Plan version -> how many of its sessions are booked, and when the next one starts."""
    coming = Booking.objects.filter(
        treatment_session__series__plan_version__in=versions.order_by().values("pk"),
        treatment_session__state__in=AHEAD,
        state__in=COMING,
    ).order_by()
    grouped = coming.values("treatment_session__series__plan_version")
    return {
        pk: (booked, next_at)
        for pk, booked, next_at in grouped.values_list(
            "treatment_session__series__plan_version", Count("pk"), Min("starts_at")
        )
    }


def _intervals(comparison: Comparison) -> dict[str, list[str]]:
    """Protocol -> the codes of its intervals in the release that is compared with."""
    if comparison.base is None:
        return {}
    bodies = bodies_of(comparison.base).items()
    return {code: list(body.get("intervals", ())) for (kind, code), body in bodies if kind == "protocol"}  # type: ignore[call-overload]


def _named(version: PlanVersion, intervals: dict[str, list[str]]) -> Iterator[RowKey]:
    """The rows that a plan names itself, each once."""
    yield ("protocol", version.protocol)
    yield from (("interval", code) for code in dict.fromkeys(intervals.get(version.protocol, ())))
    yield ("technique", version.technique)
    yield from (("zone", code) for code in dict.fromkeys(zone["zone"] for zone in version.zones))
    yield from (("ingredient", code) for code in dict.fromkeys(part.ingredient for part in version.components.all()))
