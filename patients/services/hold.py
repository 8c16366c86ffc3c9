"""A person's one record, held for a change: whoever merges or unmerges it waits, or was first."""

from django.utils.translation import gettext as _

from mesoclinic.errors import Conflict
from patients.models import Patient


def hold(patient_id: int) -> Patient:
    """The record that counts for this person, locked until the open transaction ends."""
    merged_into = Patient.objects.values_list("merged_into", flat=True).get(pk=patient_id)
    # Not the key: a row that only points at the patient is written without waiting.
    held = Patient.objects.select_for_update(no_key=True).get(pk=merged_into or patient_id)
    return held if held.merged_into_id is None else hold(held.merged_into_id)


def hold_unmerged(patient_id: int) -> Patient:
    """The record, locked until the open transaction ends; raises Conflict when it has been merged into another."""
    held = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    if held.merged_into_id is not None:
        raise Conflict(_("This record has just been merged into another. Open the patient again."))
    return held
