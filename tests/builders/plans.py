"""Treatment plans, made directly: the way to a signed plan has tests of its own."""

from typing import Any

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.sites import Site
from patients.models import Patient, PlanVersion, SignOff, TreatmentPlan
from tests.builders import catalogue, people


def signed_plan(
    patient: Patient,
    clinician: User,
    site: Site | None = None,
    *,
    protocol: str = "P5",
    session_count: int = 10,
    **over: Any,
) -> PlanVersion:
    """A plan whose only version its clinician has signed; five weekly to monthly sessions and more by default."""
    at = site or patient.sites.first()
    consultation = people.signed_consultation(patient, by=clinician, site=at)
    plan = TreatmentPlan.objects.create(patient=patient, consultation=consultation, site=at, created_at=clock.now())
    fields: dict[str, Any] = {
        "plan": plan,
        "number": 1,
        "protocol": protocol,
        "release": catalogue.release(),
        "technique": "T-PAP",
        "zones": [{"zone": "vertex", "area_cm2": "40"}],
        "session_count": session_count,
        "state": PlanVersion.State.SIGNED,
        "made_at": clock.now(),
        "signed_at": clock.now(),
        "signed_by": clinician,
    }
    return PlanVersion.objects.create(**(fields | over))


def asked_sign_off(version: PlanVersion, doctor: User) -> SignOff:
    """A request to the director about a peptide, made directly."""
    return SignOff.objects.create(
        plan_version=version,
        ingredient="PEP_GHKCU",
        formulation_sha256="0" * 64,
        asked_by=doctor,
        asked_at=clock.now(),
        asked_reason="Nothing else helped.",
    )
