"""States of the demo that no service of the clinic reaches yet: written directly, with their audit events."""

from mesoclinic import audit
from mesoclinic.accounts import User
from mesoclinic.transactions import atomic
from patients.models import Consent, PlanVersion
from sessions.models import Series


def complete(doctor: User, series: Series) -> None:
    """Every session of the course has been performed."""
    with atomic():
        Series.objects.filter(pk=series.pk).update(state=Series.State.COMPLETED)
        audit.record(doctor, "series.completed", series, patient_id=series.patient_id, changed=["state"])


def stop_plan(doctor: User, version: PlanVersion, reason: str) -> None:
    """The doctor ends a plan."""
    with atomic():
        PlanVersion.objects.filter(pk=version.pk).update(state=PlanVersion.State.STOPPED, stop_reason=reason)
        audit.record(doctor, "plan.stopped", version, patient_id=version.plan.patient_id, reason=reason)


def expire(doctor: User, version: PlanVersion) -> None:
    """The year of a consent is over."""
    with atomic():
        for consent in Consent.objects.filter(plan_version=version, state=Consent.State.SIGNED):
            Consent.objects.filter(pk=consent.pk).update(state=Consent.State.EXPIRED)
            audit.record(doctor, "consent.expired", consent, patient_id=consent.patient_id, changed=["state"])
