"""Intakes: a link, who holds it, and answers that were sent."""

from typing import Any

from mesoclinic.accounts import User
from mesoclinic.actors import PatientByLink
from patients.models import Patient, PatientLink
from patients.queries.intake import Seen, page_for
from patients.queries.links import token_of
from patients.services.intake import save_answers, send_answers, show_intake_link
from tests.builders import catalogue

ANSWERS: dict[str, list[str]] = {
    "notes__complaint": ["Thinner since spring"], "weight_kg": ["62,5"], "onset_on": ["1 5 2024"],
    "conception_plan_6mo": ["unknown"], "childbearing_potential": ["no"], "pregnancy_status": [],
    "breastfeeding": [], "allergies": ["yes"], "classes": ["fish", "latex"], "notes__allergies": [""],
    "reaction__fish": ["urticaria"], "reaction__latex": ["unknown"], "uncontrolled_asthma": ["no"],
    "mast_cell_disorder": ["no"], "anticoagulant": ["none"], "antiplatelet": ["none"],
    "otc_bleeding_supplements": ["yes"], "isotretinoin": ["stopped"], "isotretinoin_stopped_on": ["14 3 2024"],
    "oral_minoxidil": ["no"], "oral_5ari": ["no"], "antihypertensives": ["no"], "beta_blocker": ["no"],
    "notes__drugs": [""], "prior_course": ["none"], "prior_meso_reaction": ["none"], "transplant_on": [""],
    "scalp_procedure_on": [""], "cardiac": ["none"], "cv_event_on": [""], "bleeding_disorder": ["no"],
    "diabetes": ["none"], "epilepsy": ["no"], "last_seizure_on": [""], "needle": ["vasovagal"], "cancer": ["none"],
    "cancer_treatment_ended_on": [""], "scalp_radiotherapy_or_skin_cancer": ["no"], "keloid": ["none"],
    "autoimmune": ["none"], "notes__medical": [""], "expect__goal": ["thicker hair"],
    "expect__accepts_no_result": ["yes"], "notes__psychology": [""],
}  # fmt: skip


def link(patient: Patient, by: User) -> PatientLink:
    """An open link to the questions."""
    catalogue.release()
    return show_intake_link(by, patient_id=patient.pk)


def holder(of: PatientLink) -> PatientByLink:
    """Who holds it."""
    return PatientByLink(link_id=of.pk, patient_id=of.patient_id, purpose=of.purpose)


def token(of: PatientLink) -> str:
    """What opens it."""
    return token_of(of.seed)


def sent(patient: Patient, by: User, **proposals: Any) -> PatientLink:
    """Answers that have arrived."""
    made = link(patient, by)
    save_answers(holder(made), version=0, answers=ANSWERS)
    return send_answers(holder(made), version=1, proposals=proposals)


def seen(doctor: User, patient: Patient) -> Seen:
    """What the doctor has in view now."""
    return page_for(doctor, patient.pk).seen
