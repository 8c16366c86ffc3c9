"""The papers of patients."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.access import Can, may
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import Patient, PatientDocument
from patients.queries.people import patients_for

# Papers that are handed to patients; every other kind may hold clinical notes and is for clinical roles only.
HANDED_OUT = ("consent", "aftercare", "preparation", "dates")


def papers_for(actor: Actor) -> QuerySet[PatientDocument]:
    """The papers of the patients within the actor's scope, newest first."""
    papers = PatientDocument.objects.select_related("document").filter(patient__in=patients_for(actor))
    return papers if may(actor, Can.VIEW_CLINICAL) else papers.filter(kind__in=HANDED_OUT)


def papers_of(actor: Actor, patient: Patient) -> QuerySet[PatientDocument]:
    """The papers of one patient that the actor may open, newest first."""
    return papers_for(actor).filter(patient=patient)


def paper_for(actor: Actor, document_id: int) -> PatientDocument:
    """The paper; raises OutOfScope alike for another's paper and for none at all."""
    paper = papers_for(actor).filter(document_id=document_id).first()
    if paper is None:
        raise OutOfScope(_("There is no such paper at your sites."))
    return paper
