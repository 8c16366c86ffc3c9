"""The papers of patients."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.access import Can, may
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import Attachment, Patient, PatientDocument
from patients.queries.people import reached, records_of_person

# Papers that are handed to patients; every other kind may hold clinical notes and is for clinical roles only.
HANDED_OUT = ("consent", "aftercare", "preparation", "dates", "plan summary")


def papers_for(actor: Actor) -> QuerySet[PatientDocument]:
    """The papers of the patients within the actor's scope, newest first."""
    papers = PatientDocument.objects.filter(reached(actor))
    papers = papers.select_related("document", "attachment__by", "attachment__set_aside_by")
    return papers if may(actor, Can.VIEW_CLINICAL) else papers.filter(kind__in=HANDED_OUT)


def papers_of(actor: Actor, patient: Patient) -> QuerySet[PatientDocument]:
    """The papers of one patient that the actor may open, newest first."""
    return papers_for(actor).filter(patient__in=records_of_person(patient.pk))


def paper_for(actor: Actor, document_id: int) -> PatientDocument:
    """The paper; raises OutOfScope alike for another's paper, one that was set aside, and for none at all."""
    paper = papers_for(actor).filter(document_id=document_id, attachment__set_aside_at=None).first()
    if paper is None:
        raise OutOfScope(_("There is no such paper at your sites."))
    return paper


def letters_of(patient: Patient) -> QuerySet[Attachment]:
    """The specialists' letters of a patient that count, the newest first."""
    found = Attachment.objects.filter(paper__patient__in=records_of_person(patient.pk), set_aside_at=None)
    found = found.filter(kind=Attachment.Kind.LETTER)
    return found.select_related("paper__document")


def attachment_for(actor: Actor, attachment_id: int) -> Attachment:
    """An attached letter or result within reach; raises OutOfScope."""
    found = Attachment.objects.filter(paper__in=papers_for(actor), pk=attachment_id)
    attachment = found.select_related("paper__patient", "paper__document").first()
    if attachment is None:
        raise OutOfScope(_("There is no such paper at your sites."))
    return attachment
