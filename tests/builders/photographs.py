"""Consents to photographs, made directly, and photographs taken through their service."""

from itertools import count
from typing import Any

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.sites import Site
from patients.models import Consent, Patient, Photo
from patients.services.photographs import take_photo
from tests.builders.papers import picture

_numbers = count(1)


def consent(patient: Patient, *, by: User, at: Site | None = None, choices: tuple[str, ...] = ("record",), **over: Any):
    """A signed consent to photographs for these purposes."""
    now, site = clock.now(), at or patient.sites.first()
    given = {name: name in choices for name in ("record", "teaching", "publication", "marketing")}
    fields: dict[str, Any] = {
        "patient": patient,
        "site": site,
        "kind": Consent.Kind.PHOTO,
        "template_version": "photographs-1",
        "language": "en",
        "elements": [{"id": "CE-15", "at": now.isoformat(), "choices": given}],
        "state": Consent.State.SIGNED if choices else Consent.State.REFUSED,
        "offered_by": by,
        "offered_at": now,
        "signed_at": now,
        "signed_on": now.astimezone(site.zone).date(),
        "method": "typed",
    }
    return Consent.objects.create(**(fields | over))


def another() -> bytes:
    """A picture like no other."""
    return picture(size=(24 + next(_numbers), 16))


def photo(patient: Patient, *, by: User, view: str = "vertex", **over: Any) -> Photo:
    """A photograph like no other of the vertex, for a patient who consented."""
    return take_photo(by, patient_id=patient.pk, view=view, **({"content": another()} | over))
