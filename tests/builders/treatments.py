"""Sessions that took place, made directly, and scenes that lead one through its services to any step."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from mesoclinic import clock
from mesoclinic.accounts import Role, User
from mesoclinic.sites import Site
from patients.models import Patient, PlanVersion
from protocols.models import Lot, Product
from protocols.services.stock import receive_lot
from sessions.models import Booking, ChecklistEntry, LotUse, Series, TreatmentRecord, TreatmentSession
from sessions.queries.treatment import record_for, steps_of
from sessions.rules.totals import Given, Rest
from sessions.services import treatment as services
from tests.builders import catalogue, clinic, consents, people, plans
from tests.builders.facts import WOMAN


def performed(series: Series, by: User, ended_at: datetime, *, ordinal: int = 1, **over: Any) -> TreatmentRecord:
    """A signed record of one session of a booked series, half an hour long; its booking is done."""
    session = series.sessions.get(ordinal=ordinal)
    session.state = TreatmentSession.State.PERFORMED
    session.save(update_fields=["state"])
    session.bookings.exclude(state=Booking.State.CANCELLED).update(state=Booking.State.DONE)
    fields: dict[str, Any] = {
        "session": session,
        "patient": series.patient,
        "site": series.site,
        "technique": "T-NAP",
        "started_at": ended_at - timedelta(minutes=30),
        "ended_at": ended_at,
        "state": TreatmentRecord.State.SIGNED,
        "opened_by": by,
        "opened_at": ended_at - timedelta(minutes=45),
        "signed_at": ended_at + timedelta(minutes=5),
        "signed_by": by,
    }
    return TreatmentRecord.objects.create(**(fields | over))


@dataclass(frozen=True, slots=True)
class Scene:
    """A clinic at ten o'clock with one session to come: its people, plan, lots and booking."""

    site: Site
    doctor: User
    nurse: User
    patient: Patient
    version: PlanVersion
    session: TreatmentSession
    booking: Booking
    lots: dict[str, Lot]


TODAY = datetime(2026, 11, 26, 9, tzinfo=UTC)
WELL: dict[str, Any] = {
    "bp_sys": "122",
    "bp_dia": "76",
    "temperature_c": "36.6",
    "acute_systemic_infection": "no",
    "adrenaline_present": "yes",
    "adrenaline_expiry": "2027-11-30",
    "trained_person_present": "yes",
    "impaired": "no",
}
MIXTURE = ("VIT_BIOTIN", "HA_NCL")


def scene(
    *,
    consent: bool = True,
    starts_at: datetime = TODAY,
    facts: dict[str, Any] | None = None,
    plan: dict[str, Any] | None = None,
    **at: Any,
) -> Scene:
    """A healthy woman with a signed plan of 2 mL for 40 cm², lots in date and, unless told otherwise, her consent."""
    site = clinic.site(**at)
    doctor, nurse = clinic.dermatologist(site, name="Dr Elif Aydın"), clinic.staff(Role.NURSE, at=site, name="Ana Gil")
    patient = people.patient(site=site)
    catalogue.release()
    version = plans.signed_plan(
        patient,
        doctor,
        site,
        zones=[{"zone": "vertex", "area_cm2": "20"}, {"zone": "mid_scalp", "area_cm2": "20"}],
        spacing_cm=Decimal("1"),
        ml_per_point=Decimal("0.05"),
        depth_mm=Decimal("1"),
        **(plan or {}),
    )
    known = {name: str(value) if isinstance(value, int) else value for name, value in WOMAN.items()}
    known = {name: value for name, value in known.items() if name != "age_years"} | {"date_of_birth": "1992-03-14"}
    people.fact_sheet(patient, by=doctor, facts=known | (facts or {}))
    lots = {code: _mixed(version, site, code) for code in MIXTURE}
    series = Series.objects.create(
        plan_version=version, patient=patient, site=site, booked_at=clock.now(), booked_by=doctor
    )
    session = TreatmentSession.objects.create(series=series, ordinal=1, state=TreatmentSession.State.BOOKED)
    booking = _booked(session, doctor, starts_at)
    if consent:
        consents.recorded(doctor, version)
    return Scene(site, doctor, nurse, patient, version, session, booking, lots)


def prepared(made: Scene) -> TreatmentRecord:
    """Re-screened by the nurse and drawn up: nothing stops it."""
    record = services.open_treatment(made.nurse, session_id=made.session.pk)
    record = rescreened(made, record)
    for lot in made.lots.values():
        drawn(made, record, lot)
        record = record_for(made.nurse, record.pk)
    return record


def rescreened(made: Scene, record: TreatmentRecord, **over: Any) -> TreatmentRecord:
    """Today's answers of somebody who is well; `over` are the answers that differ, None is not answered."""
    answers = {name: value for name, value in (WELL | over).items() if value is not None}
    facts = {name: {"value": value, "observed_on": "2026-11-26"} for name, value in answers.items()}
    asked = {*WELL, *over}
    return services.rescreen(made.nurse, record_id=record.pk, version=record.version, facts=facts, asked=asked)


def drawn(made: Scene, record: TreatmentRecord, lot: Lot, volume_ml: str = "1", *, key: str = "") -> LotUse:
    """A lot drawn up into the first syringe by the nurse."""
    return services.use_lot(
        made.nurse,
        record_id=record.pk,
        version=record.version,
        lot_id=lot.pk,
        syringe="1",
        volume_ml=Decimal(volume_ml),
        key=key or uuid4().hex,
    )


def started(made: Scene) -> TreatmentRecord:
    """Prepared, and started by the doctor."""
    record = prepared(made)
    return services.start_treatment(made.doctor, record_id=record.pk, version=record.version)


def delivered(made: Scene, record: TreatmentRecord, *, by: User | None = None, **over: Any) -> TreatmentRecord:
    """1.9 of 2 mL given to the two planned zones, the rest discarded; `over` are arguments that differ."""
    told: dict[str, Any] = {
        "given": [Given("vertex", "1", 1000), Given("mid_scalp", "1", 900)],
        "rest": [Rest("1", 0, 100)],
        "technique": "T-PAP",
        "depth_mm": Decimal("1"),
        "pain": 3,
        "bleeding": "none",
        "none_observed": True,
        "deviations": "",
        "version": record.version,
    }
    return services.record_delivery(by or made.doctor, record_id=record.pk, **(told | over))


def finished(made: Scene, *, without: tuple[str, ...] = ()) -> TreatmentRecord:
    """Given, over, and the checklist answered but for some steps: ready to be signed."""
    record = delivered(made, started(made))
    items = [(step.id, item.id) for step in steps_of(record) if step.id not in without for item in step.items]
    ChecklistEntry.objects.bulk_create(
        ChecklistEntry(record=record, step=step, item=item, answer="done", by=made.nurse, at=clock.now())
        for step, item in items
    )
    return services.finish_treatment(made.doctor, record_id=record.pk, version=record.version)


def signed(made: Scene) -> TreatmentRecord:
    """A locked record, made through every step."""
    record = finished(made)
    return services.sign_treatment(made.doctor, record_id=record.pk, version=record.version)


def another_lot(made: Scene, of: Lot, **over: Any) -> Lot:
    """10 mL more of the same product under another number."""
    fields: dict[str, Any] = {"number": f"{of.number}-2", "expires_on": of.expires_on, "quantity_ml": Decimal(10)}
    return receive_lot(made.nurse, site=made.site, product=of.product, key=uuid4().hex, **(fields | over))


def _mixed(version: PlanVersion, site: Site, code: str) -> Lot:
    part = consents.component(version, code, name=f"{code.title()} {version.pk}", mg_per_ml=Decimal(5))
    Product.objects.filter(pk=part.product_id).update(
        **dict.fromkeys(("sterile", "for_injection", "composition_known", "injectable_proof"), True),
        mg_per_ml=5,
        vehicle=["water"],
        cross_linked=False,
        director_approved_at=clock.now(),
    )
    return receive_lot(
        clinic.staff(Role.NURSE, at=site),
        site=site,
        product=part.product,
        number=f"LOT-{code[:3]}",
        expires_on=date(2027, 12, 31),
        quantity_ml=Decimal(10),
        key=uuid4().hex,
    )


def _booked(session: TreatmentSession, doctor: User, starts_at: datetime) -> Booking:
    series = session.series
    return Booking.objects.create(
        site=series.site,
        kind="treatment",
        patient=series.patient,
        clinician=doctor,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        treatment_session=session,
        calendar_uid=uuid4().hex,
        booked_by=doctor,
        booked_at=clock.now(),
    )
