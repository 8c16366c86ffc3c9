"""Adverse events, as somebody has recorded them."""

from typing import Any

from mesoclinic import clock
from mesoclinic.accounts import User
from patients.models import Patient
from sessions.models import AdverseEvent, AdverseEventEntry


def event(of: Patient, *, by: User, **over: Any) -> AdverseEvent:
    """An open adverse event of grade 2 (folliculitis) with its first entry and none of its effects."""
    fields: dict[str, Any] = {
        "patient": of,
        "site": of.sites.get(),
        "code": "AE-09",
        "grade": 2,
        "onset_at": clock.now(),
        "description": "Pustules at three points.",
        "reported_by": by,
        "reported_at": clock.now(),
    } | over
    made = AdverseEvent.objects.create(**({"worst_grade": fields["grade"]} | fields))
    AdverseEventEntry.objects.create(
        event=made, number=1, kind="opened", code=made.code, grade=made.grade, by=by, at=clock.now()
    )
    return made
