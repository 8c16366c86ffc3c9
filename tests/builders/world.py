"""One clinic with one of everything, so that each address of the product has an object to point at."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from mesoclinic import clock, documents
from mesoclinic.accounts import User
from mesoclinic.sites import Absence, Closure, Device
from mesoclinic.transactions import atomic
from patients.models import Notice, Patient, PatientDocument, Todo
from patients.queries.links import token_of
from patients.queries.photographs import address_of
from patients.services.consents import offer_consent
from patients.services.intake import show_intake_link
from patients.services.merging import merge_patients
from protocols.models import Lot, OpenedVial, Product, ReleaseDraft, VignetteRun
from sessions.models import (
    AssessmentPoint,
    AssessmentRecord,
    Booking,
    BookingChange,
    Series,
    TimeOffer,
    TreatmentSession,
    Triage,
    WaitingEntry,
)
from tests.builders import adverse, catalogue, clinic, papers, people, photographs, plans
from tests.builders.rows import row

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class World:
    """The keys by the names that addresses give them, and somebody of each role."""

    keys: dict[str, int | str]
    staff: dict[str, User]


def world() -> World:
    """A site of its own with a patient, a consultation, a plan, a series, a visit, a paper, a lot."""
    number = next(_numbers)
    site = clinic.site()
    staff = {role: clinic.staff(role, at=site) for role in ("front_desk", "nurse", "dermatologist", "director")}
    staff["dermatologist_who_left"] = clinic.dermatologist(at=site, is_active=False)
    doctor = staff["dermatologist"]
    patient = people.patient(site=site)
    version = plans.signed_plan(patient, doctor, site)
    series = Series.objects.create(
        plan_version=version, patient=patient, site=site, booked_at=clock.now(), booked_by=doctor
    )
    session = TreatmentSession.objects.create(series=series, ordinal=1, state=TreatmentSession.State.BOOKED)
    starts = clock.now() + timedelta(days=3)
    booking = Booking.objects.create(
        site=site,
        kind="treatment",
        patient=patient,
        clinician=doctor,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        treatment_session=session,
        calendar_uid=f"world-{number}",
        booked_by=doctor,
        booked_at=clock.now(),
    )
    product = Product.objects.create(
        name=f"Product {number}", ingredient="VIT_BIOTIN", manufacturer="Maker", container="multi_dose"
    )
    lot = Lot.objects.create(product=product, site=site, number=f"L{number}", expires_on=date(2099, 1, 1))
    with atomic():
        paper = documents.keep(b"%PDF-1.7 paper", kind="consent", language="en", template_version="1")
        PatientDocument.objects.create(
            patient=patient, document=paper, kind="consent", subject=f"plan:{version.plan_id}"
        )
    notice = Notice.objects.create(
        patient=patient,
        site=site,
        rule="MSG-01",
        subject=f"booking:{booking.pk}",
        channel="paper",
        due_at=starts,
        state=Notice.State.PRINTED,
    )
    release = catalogue.release()
    keys: dict[str, int | str] = {
        "patient_id": patient.pk,
        "other_id": people.patient(site=site).pk,
        "merge_id": _merge(patient, people.patient(site=site), staff["director"]),
        **_waiting(booking, staff["front_desk"]),
        "consultation_id": people.draft_consultation(patient, by=doctor).pk,
        "plan_id": version.plan_id,
        "candidacy_id": people.verdict(patient, by=doctor).pk,
        "rule": "SC-01",
        "answer": "scalp_infection",
        "token_that_ended": token_of(show_intake_link(doctor, patient_id=patient.pk).seed),
        "token": token_of(show_intake_link(doctor, patient_id=patient.pk).seed),
        "topic": "plans",
        "series_id": series.pk,
        "session_id": session.pk,
        "booking_id": booking.pk,
        "change_id": row(BookingChange, site=site, deed="undone", at=clock.now()).pk,
        "consent_id": offer_consent(doctor, plan_version=version, language="en").pk,
        "document_id": paper.pk,
        "attachment_id": papers.attachment(patient, by=doctor).pk,
        **_photographed(patient, doctor),
        "notice_id": notice.pk,
        "sign_off_id": plans.asked_sign_off(version, doctor).pk,
        "event_id": adverse.event(patient, by=doctor).pk,
        "point_id": AssessmentPoint.objects.create(series=series, code="interim").pk,
        "record_id": row(AssessmentRecord, patient=patient, site=site, stage="baseline", told={}, by=doctor).pk,
        "triage_id": row(Triage, patient=patient, site=site, by=doctor).pk,
        "todo_id": Todo.objects.create(site=site, patient=patient, text="Call the patient.").pk,
        "lot_id": lot.pk,
        "product_id": product.pk,
        "vial_id": OpenedVial.objects.create(lot=lot, opened_on=date(2026, 11, 2)).pk,
        "site_id": site.pk,
        "room_id": site.rooms.get().pk,
        "device_id": Device.objects.create(site=site, name="Trichoscope", kind="trichoscope").pk,
        "visit_type_id": site.visit_types.first().pk,
        "closure_id": Closure.objects.create(site=site, on=date(2099, 1, 1), reason="New year").pk,
        "absence_id": Absence.objects.create(user=doctor, first_on=date(2099, 1, 1), last_on=date(2099, 1, 2)).pk,
        "user_id": staff["nurse"].pk,
        "year": 2027,
        "version": release.version,
        "draft_id": row(ReleaseDraft, parent=release, started_by=staff["director"]).pk,
        "kind": "zone",
        "code": "vertex",
        "run_id": row(VignetteRun, release=release, by=staff["director"], results=[]).pk,
    }
    return World(keys, staff)


def _photographed(patient: Patient, by: User) -> dict[str, int | str]:
    """A photograph, and the address at which it is looked at."""
    photographs.consent(patient, by=by)
    made = photographs.photo(patient, by=by)
    return {"photo_id": made.pk, "address": address_of(made)}


def _waiting(booking: Booking, by: User) -> dict[str, int]:
    """Somebody who waits, a time that was given back, and one that is kept for the other who waits."""
    now, freed = clock.now(), _copy(booking, "freed", state=Booking.State.CANCELLED)
    kept = _copy(booking, "kept", state=Booking.State.HELD, held_until=booking.starts_at)
    entry = row(WaitingEntry, session=booking.treatment_session, since=now, by=by)
    offer = row(TimeOffer, freed=row(Booking, site=booking.site), entry=entry, hold=kept, by=by, at=now)
    return {"freed_id": freed.pk, "entry_id": entry.pk, "offer_id": offer.pk}


def _copy(booking: Booking, name: str, **over: Any) -> Booking:
    same = {each: getattr(booking, each) for each in ("site", "kind", "patient", "clinician", "starts_at", "ends_at")}
    return row(Booking, **same, calendar_uid=f"{booking.calendar_uid}-{name}", booked_by=booking.booked_by, **over)


def _merge(kept: Patient, merged: Patient, by: User) -> int:
    seen = {kept.pk: kept.version, merged.pk: merged.version}
    made = merge_patients(by, kept_id=kept.pk, merged_id=merged.pk, seen=seen, taken=())
    kept.refresh_from_db()
    return made.pk
