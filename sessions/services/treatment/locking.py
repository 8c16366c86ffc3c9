"""An open record is changed by one person at a time, and only as its user saw it."""

from django.db.models import F
from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.accounts import User
from mesoclinic.errors import Conflict, StaleRecord
from sessions.models import TreatmentRecord
from sessions.queries.treatment import record_for


def seen(actor: User, record_id: int, version: int) -> TreatmentRecord:
    """The open record, locked, when nobody changed it since `version`; raises Conflict or StaleRecord."""
    record_for(actor, record_id)
    TreatmentRecord.objects.select_for_update().get(pk=record_id)
    record = record_for(actor, record_id)
    if record.state != TreatmentRecord.State.OPEN:
        raise Conflict(_("This record is locked. Add an addendum instead."))
    if record.version != version:
        raise StaleRecord(_("Somebody else changed this record meanwhile. What you typed is still here."))
    return record


def started(record: TreatmentRecord) -> None:
    """Raise Conflict until the doctor has started the treatment."""
    if record.started_at is None:
        raise Conflict(_("The treatment has not started yet."))


def step(actor: User, record: TreatmentRecord, action: str, reason: str = "", /, **fields: object) -> TreatmentRecord:
    """Write fields and the next version, with the deed and its reason in the audit chain."""
    TreatmentRecord.objects.filter(pk=record.pk).update(version=F("version") + 1, **fields)
    audit.record(actor, f"treatment.{action}", record, patient_id=record.patient_id, reason=reason, changed=fields)
    return record_for(actor, record.pk)
