"""Whether a patient may be written to, as things stand now."""

from django.utils.translation import gettext_noop

from patients.models import Patient

NO_ADDRESS = gettext_noop("No e-mail address.")
NO_PERMISSION = gettext_noop("No permission to write by e-mail.")
MERGED = gettext_noop("The record was merged into another.")


def mail_hindrance(patient: Patient) -> str:
    """Why the patient gets no mail; empty when nothing is in the way."""
    if patient.merged_into_id is not None:
        return MERGED
    if not patient.email:
        return NO_ADDRESS
    return "" if patient.contact_by_email else NO_PERMISSION
