"""What no row may be and no two rows may share, whoever writes to the database."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from mesoclinic.accounts import User
from mesoclinic.documents import Document
from mesoclinic.once import OnceKey
from mesoclinic.outbox import Message
from mesoclinic.sites import Absence, Closure, OpeningHours, Room, Site, StaffHours, VisitType
from patients.models import (
    Acknowledgement,
    Attachment,
    Correction,
    FactSheet,
    IntakeDraft,
    Notice,
    Patient,
    PatientDocument,
    PatientLink,
    PatientMerge,
    PatientSite,
    Photo,
    PlanVersion,
    Proposal,
    SignOff,
    TwoPeople,
)
from protocols.models import (
    CatalogueRelease,
    CatalogueRow,
    DraftRow,
    Lot,
    Movement,
    Product,
    ProductCode,
    ReleaseDraft,
    RowAuthor,
)
from sessions.models import (
    AdverseEvent,
    AdverseEventEntry,
    AssessmentPoint,
    AssessmentRecord,
    Booking,
    CalendarFeed,
    CheckIn,
    Injection,
    LotUse,
    Occupancy,
    Outcome,
    Series,
    TimeOffer,
    TreatmentRecord,
    TreatmentSession,
    WaitingEntry,
    WindowOverride,
)
from tests.builders.rows import row

OURS = ("mesoclinic", "protocols", "patients", "clinic_sessions")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

# What two rows may not share, by the name of the constraint.
ONLY_ONE = {
    "one_opening_at_a_time": (OpeningHours, ("site", "weekday", "opens_at")),
    "one_closure_a_day": (Closure, ("site", "on")),
    "one_room_of_a_name": (Room, ("site", "name")),
    "one_visit_type_of_a_name": (VisitType, ("site", "kind", "name")),
    "once_actor_key": (OnceKey, ("actor", "key")),
    "one_row_of_a_code": (CatalogueRow, ("release", "kind", "code")),
    "one_open_draft_of_a_name": (ReleaseDraft, ("name",)),
    "one_change_of_a_row": (DraftRow, ("draft", "kind", "code")),
    "one_authorship_of_a_row": (RowAuthor, ("row_sha256", "by")),
    "one_current_product_of_a_name": (Product, ("name",)),
    "one_lot_of_a_number": (Lot, ("product", "site", "number")),
    "one_link_to_a_site": (PatientSite, ("patient", "site")),
    "told_apart_once": (TwoPeople, ("first", "second")),
    "merged_once_at_a_time": (PatientMerge, ("merged",)),
    "one_fact_sheet_of_a_number": (FactSheet, ("patient", "number")),
    "one_acknowledgement_a_caution": (Acknowledgement, ("candidacy", "rule")),
    "one_plan_version_of_a_number": (PlanVersion, ("plan", "number")),
    "one_sign_off_that_holds": (SignOff, ("plan_version", "ingredient", "formulation_sha256")),
    "one_proposal_a_field": (Proposal, ("link", "field")),
    "one_notice_a_matter": (Notice, ("patient", "rule", "subject", "channel")),
    "one_waiting_entry_a_session": (WaitingEntry, ("session",)),
    "one_offer_of_a_time_to_an_entry": (TimeOffer, ("freed", "entry")),
    "one_session_of_an_ordinal": (TreatmentSession, ("series", "ordinal")),
    "one_assessment_of_a_code": (AssessmentPoint, ("series", "code")),
    "one_use_at_a_time": (Occupancy, ("resource_kind", "resource_id", "slot")),
    "one_treatment_record_a_session": (TreatmentRecord, ("session",)),
    "one_event_entry_of_a_number": (AdverseEventEntry, ("event", "number")),
}
NEVER_REPEATED = {
    "mesoclinic_site.name": Site,
    "mesoclinic_user.email": User,
    "mesoclinic_document.file": Document,
    "mesoclinic_message.key": Message,
    "mesoclinic_message.message_id": Message,
    "protocols_cataloguerelease.version": CatalogueRelease,
    "protocols_productcode.gtin": ProductCode,
    "protocols_movement.key": Movement,
    "patients_patient.record_number": Patient,
    "patients_patientlink.token_sha256": PatientLink,
    "patients_intakedraft.link_id": IntakeDraft,
    "patients_patientdocument.document_id": PatientDocument,
    "patients_attachment.paper_id": Attachment,
    "patients_correction.fact_sheet_id": Correction,
    "patients_notice.message_id": Notice,
    "clinic_sessions_series.plan_version_id": Series,
    "clinic_sessions_timeoffer.hold_id": TimeOffer,
    "clinic_sessions_checkin.triage_id": CheckIn,
    "clinic_sessions_booking.calendar_uid": Booking,
    "clinic_sessions_calendarfeed.user_id": CalendarFeed,
    "clinic_sessions_calendarfeed.token_sha256": CalendarFeed,
    "clinic_sessions_lotuse.movement_id": LotUse,
    "clinic_sessions_injection.client_key": Injection,
    "clinic_sessions_assessmentrecord.corrects_id": AssessmentRecord,
    "clinic_sessions_outcome.replaces_id": Outcome,
    "clinic_sessions_adverseevententry.todo_id": AdverseEventEntry,
}
# By the name of the constraint: what a row may just be, and what it may not.
CHECKED = {
    "opens_before_closing": (
        OpeningHours,
        [{"opens_at": time(9), "closes_at": time(9, 1)}],
        [{"opens_at": time(9), "closes_at": time(9)}, {"opens_at": time(9), "closes_at": time(8)}],
    ),
    "work_starts_before_end": (
        StaffHours,
        [{"starts_at": time(9), "ends_at": time(9, 1)}],
        [{"starts_at": time(9), "ends_at": time(9)}, {"starts_at": time(9), "ends_at": time(8)}],
    ),
    "absence_ends_after_start": (
        Absence,
        [{"first_on": date(2026, 3, 2), "last_on": date(2026, 3, 2)}],
        [{"first_on": date(2026, 3, 2), "last_on": date(2026, 3, 1)}],
    ),
    "stock_never_below_zero": (Lot, [{"on_hand_ml": 0}], [{"on_hand_ml": "-0.001"}]),
    "patient_has_a_name": (
        Patient,
        [{"given_name": "", "family_name": "Aydin"}, {"given_name": "Selin", "family_name": ""}],
        [{"given_name": "", "family_name": ""}],
    ),
    "plan_has_sessions": (PlanVersion, [{"session_count": 1}], [{"session_count": 0}]),
    "booking_ends_after_start": (
        Booking,
        [{"starts_at": NOON, "ends_at": NOON.replace(minute=5)}],
        [{"starts_at": NOON, "ends_at": NOON}, {"starts_at": NOON, "ends_at": NOON.replace(hour=11)}],
    ),
    "pain_from_0_to_10": (TreatmentRecord, [{"pain": None}, {"pain": 0}, {"pain": 10}], [{"pain": 11}]),
    "point_on_the_drawing": (
        Injection,
        [{"x": 0, "y": 0}, {"x": 1, "y": 1}],
        [{"x": Decimal("-0.00001")}, {"x": Decimal("1.00001")}, {"y": Decimal("-0.00001")}, {"y": Decimal("1.00001")}],
    ),
    "point_on_a_known_view": (
        Injection,
        [{"view": view} for view in ("top", "front", "left", "right", "back")],
        [{"view": ""}, {"view": "below"}],
    ),
    "point_with_a_volume": (Injection, [{"volume_ul": 1}], [{"volume_ul": 0}]),
    "override_is_after_the_window": (
        WindowOverride,
        [{"window_ends_on": date(2026, 3, 2), "on": date(2026, 3, 3)}],
        [{"window_ends_on": date(2026, 3, 2), "on": date(2026, 3, 2)}],
    ),
    "override_has_a_reason": (WindowOverride, [{"reason": "Travels"}], [{"reason": ""}]),
    "grade_from_1_to_5": (AdverseEvent, [{"grade": 1}, {"grade": 5}], [{"grade": 0}, {"grade": 6}]),
}


def our_models():
    return [model for label in OURS for model in apps.get_app_config(label).get_models()]


def refused(model, **fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        row(model, **fields)


def test_every_constraint_is_tried_here():
    found = {constraint.name for model in our_models() for constraint in model._meta.constraints}
    assert found == {*ONLY_ONE, *CHECKED, "merge_of_two_records", "one_baseline_a_view"}


def test_every_column_that_may_not_repeat_is_tried_here():
    found = {
        f"{model._meta.db_table}.{field.column}"
        for model in our_models()
        for field in model._meta.local_concrete_fields
        if field.unique and not field.primary_key
    }
    assert found == set(NEVER_REPEATED)


@pytest.mark.parametrize("name", ONLY_ONE)
def test_there_is_only_one_of_these(name):
    model, columns = ONLY_ONE[name]
    first = row(model)
    same = {column: getattr(first, column) for column in columns}
    refused(model, **same)
    for column in columns:
        others = {kept: value for kept, value in same.items() if kept != column}
        assert row(model, **others).pk != first.pk


def test_a_view_has_one_baseline_that_counts():
    first = row(Photo, baseline=True)
    refused(Photo, baseline=True, patient=first.patient, view=first.view)
    row(Photo, baseline=True, patient=first.patient)
    row(Photo, baseline=True, view=first.view)
    row(Photo, patient=first.patient, view=first.view)
    row(Photo, baseline=True, patient=first.patient, view=first.view, set_aside_at=NOON)


@pytest.mark.parametrize("name", NEVER_REPEATED)
def test_a_column_never_repeats(name):
    model, column = NEVER_REPEATED[name], name.split(".")[1]
    field = next(each for each in model._meta.concrete_fields if each.column == column)
    value = row(field.related_model) if field.is_relation else "the same"
    row(model, **{field.name: value})
    refused(model, **{field.name: value})


@pytest.mark.parametrize("name", CHECKED)
def test_a_row_stays_within_its_bounds(name):
    model, allowed, forbidden = CHECKED[name]
    for fields in allowed:
        row(model, **fields)
    for fields in forbidden:
        refused(model, **fields)


def test_no_record_is_merged_into_itself():
    patient = row(Patient)
    refused(PatientMerge, kept=patient, merged=patient)


def test_a_session_may_be_recorded_again_once_its_record_is_voided():
    voided = row(TreatmentRecord, state=TreatmentRecord.State.VOIDED)
    row(TreatmentRecord, session=voided.session)
    row(TreatmentRecord, session=voided.session, state=TreatmentRecord.State.VOIDED)
    refused(TreatmentRecord, session=voided.session)
