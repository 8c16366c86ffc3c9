"""Measures as they are told, and courses that have come so far that they are assessed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from mesoclinic.rules.tri import Tri
from sessions.models import AssessmentPoint, AssessmentRecord, TreatmentSession
from sessions.queries.measures import Told
from sessions.services import assessments as services
from tests.builders import clinic, treatments
from tests.builders.treatments import Scene

# P5: the five sessions up to its interim assessment, seven days late with it and not yet overdue.
FIRST = date(2026, 10, 15)
WEEKS = (0, 7, 14, 21, 35)


def told(density: str | None = "150", ratings: tuple[int, ...] = (), **over: Any) -> Told:
    """Measures at the vertex, comparable photographs; ratings are of as many raters."""
    values = {} if density is None else {"OM-03": Decimal(density)}
    raters = tuple((clinic.staff("dermatologist").pk, points) for points in ratings)
    fields: dict[str, Any] = {"scalp_site": "vertex", "photos": Tri.YES, "values": values, "ratings": raters}
    return Told(**(fields | over))


def course(made: Scene, first: date = FIRST, *, protocol: str = "P5", days: tuple[int, ...] = WEEKS) -> AssessmentPoint:
    """The sessions of the course before the one to come took place; its interim assessment is planned."""
    series = made.session.series
    TreatmentSession.objects.filter(pk=made.session.pk).update(ordinal=len(days) + 1)
    for ordinal, after in enumerate(days, start=1):
        TreatmentSession.objects.create(series=series, ordinal=ordinal, state="booked")
        ended = datetime(first.year, first.month, first.day, 12, tzinfo=UTC) + timedelta(days=after)
        treatments.performed(series, made.doctor, ended, ordinal=ordinal)
    AssessmentPoint.objects.create(series=series, code="final")
    return AssessmentPoint.objects.create(series=series, code="interim")


def baseline(made: Scene, on: date = FIRST, **over: Any) -> AssessmentRecord:
    """A baseline of the day of the first session."""
    return services.record_baseline(made.doctor, patient_id=made.patient.pk, taken_on=on, told=told(**over))
