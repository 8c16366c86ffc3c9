"""Letters and results from outside: kept with the patient as they are; one of another patient is set aside."""

import hashlib
from datetime import date

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, documents
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from mesoclinic.uploads import Judged, judged, shown_name
from patients.models import Attachment, Patient, PatientDocument
from patients.queries.consultations import site_for, today_at
from patients.queries.papers import attachment_for
from patients.queries.people import patient_for, records_of_person

FROM_OUTSIDE = "outside"
# No language is known of what others wrote (ISO 639-2).
NO_LANGUAGE = "und"


def attach_document(
    actor: User, *, patient_id: int, kind: str, dated_on: date, author: str, content: bytes, original_name: str
) -> Attachment:
    """Keep a letter or a result with the patient; the same file sent again is the one that is there already."""
    access.require(actor, Can.ATTACH_DOCUMENT)
    patient = patient_for(actor, patient_id)
    _dated(actor, patient, dated_on)
    # A picture is drawn anew before the transaction: nobody else waits for that.
    file = judged(content, field="file")
    with atomic():
        Patient.objects.select_for_update().get(pk=patient.pk)
        known = _known(patient, file)
        if known is not None:
            return known
        document = documents.keep(
            file.content, kind=kind, language=NO_LANGUAGE, template_version=FROM_OUTSIDE, mime=file.mime
        )
        paper = PatientDocument.objects.create(
            patient=patient, document=document, kind=kind, subject=f"patient:{patient.pk}"
        )
        made = Attachment.objects.create(
            paper=paper,
            kind=kind,
            dated_on=dated_on,
            author=author,
            original_name=shown_name(original_name),
            by=actor,
            at=clock.now(),
        )
        audit.record(actor, "document.attached", made, patient_id=patient.pk)
    return made


def set_attachment_aside(actor: User, *, attachment_id: int, reason: str) -> Attachment:
    """Mark an attachment that is wrong here: it stays in the list and in the audit log, nobody opens it any more."""
    access.require(actor, Can.ATTACH_DOCUMENT)
    with atomic():
        attachment_for(actor, attachment_id)
        found = Attachment.objects.select_for_update().get(pk=attachment_id)
        if found.set_aside_at is not None:
            raise Conflict(_("This paper has already been set aside."))
        found.set_aside_at, found.set_aside_by, found.set_aside_reason = clock.now(), actor, reason
        found.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_reason"])
        audit.record(actor, "document.set_aside", found, patient_id=found.paper.patient_id, reason=reason)
    return found


def _dated(actor: User, patient: Patient, on: date) -> None:
    if on > today_at(site_for(actor, patient)):
        raise ClinicError(_("This date must not be in the future."), "dated_on")
    if on < patient.birth_date:
        raise ClinicError(_("This date lies before the patient was born. Check the year."), "dated_on")


def _known(patient: Patient, file: Judged) -> Attachment | None:
    digest = hashlib.sha256(file.content).hexdigest()
    known = Attachment.objects.filter(paper__patient__in=records_of_person(patient.pk), set_aside_at=None)
    return known.filter(paper__document__sha256=digest).first()
