"""The app of people: patients, what is known of them, consultations, plans and consents."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """People, their facts, and what was decided with them."""

    name = "patients"
    label = "patients"

    def ready(self) -> None:
        from mesoclinic import guards

        for table in ("factsheet", "addendum", "candidacy", "acknowledgement", "override", "formulationcheck"):
            guards.insert_only(f"patients_{table}")
        guards.insert_only("patients_patientdocument")
        guards.insert_only("patients_correction")
        guards.insert_only("patients_measurement", may_change=("patient_id",))
        guards.insert_only("patients_mergedrow")
        guards.insert_only("patients_twopeople")
        guards.insert_only("patients_patientmerge", may_change=("undone_at", "undone_by_id", "undone_reason"))
        guards.insert_only("patients_skippedview")
        guards.insert_only(
            "patients_photo", may_change=("baseline", "set_aside_at", "set_aside_by_id", "set_aside_reason")
        )
        guards.insert_only("patients_attachment", may_change=("set_aside_at", "set_aside_by_id", "set_aside_reason"))
        guards.frozen_when("patients_consultation", "state", ("signed", "voided"), may_change=("state",))
        guards.frozen_when(
            "patients_planversion", "state", ("signed", "superseded", "stopped"), may_change=("state", "stop_reason")
        )
        guards.frozen_when("patients_signoff", "state", ("granted", "refused"))
        guards.frozen_when(
            "patients_consent",
            "state",
            ("signed", "withdrawn", "expired", "superseded"),
            may_change=("state", "withdrawn_at"),
        )
