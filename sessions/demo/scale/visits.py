"""Visits as the clinic keeps them: with what they occupy, the record of a session that took place, and reminders."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random

from django.db.models import F

from mesoclinic.accounts import User
from mesoclinic.actors import System
from mesoclinic.outbox import Message
from mesoclinic.outbox import State as Delivery
from mesoclinic.sites import VisitKind
from patients.models import Component, Consultation, Notice, Patient
from patients.queries.contact import NO_ADDRESS
from patients.services.notices import EMAIL, PAPER, PRINT_INSTEAD, TOO_SOON
from protocols.models import Lot, Movement
from protocols.queries.catalogue import catalogue_of
from protocols.rules.kinds.schedule import Protocol
from protocols.services.stock import receive_lot
from sessions.demo.past import ENDED, SIGNED, STARTED, points_of, volumes_of
from sessions.demo.room import WELL_TODAY
from sessions.demo.scale.batch import Batch, Values
from sessions.demo.scale.care import Planned
from sessions.demo.scale.diary import Slot
from sessions.demo.scale.place import OPENS, PREPARATION, WITH_CLINICIAN, Place
from sessions.models import (
    AssessmentPoint,
    Booking,
    BookingUse,
    LotUse,
    Occupancy,
    ResourceKind,
    Series,
    TreatmentRecord,
    TreatmentSession,
)
from sessions.queries.planning import slots_between
from sessions.rules.messages import Occasion, Quiet, due_times
from sessions.rules.series_places import Preferences
from sessions.rules.totals import Point
from sessions.services.booking import as_json
from sessions.services.grid import KEPT, Use
from sessions.services.reminders import KINDS

OUTBOX = System("outbox")
TAKES = timedelta(seconds=4)
REMINDERS = ("MSG-01", "MSG-02")
DELIVERY_ML = Decimal(2000)
LOT_LASTS = timedelta(days=420)
FLAG = "Cancelled: {day} {at:%b %Y}."
# Lots and reminders of visits longer ago are not made up.
LATELY = timedelta(days=180)
AT_ONCE = 500


@dataclass(slots=True)
class Stock:
    """One lot of each product in each quarter of a year, filled up before it runs out."""

    place: Place
    lots: dict[tuple[str, int, int], Lot] = field(default_factory=dict)
    left: dict[int, Decimal] = field(default_factory=dict)
    used: dict[int, Decimal] = field(default_factory=dict)

    def draw(self, ingredient: str, volume: Decimal, at: datetime) -> Lot:
        """The lot that this comes from; what was drawn leaves the shelf with `settle`."""
        key = ingredient, at.year, (at.month - 1) // 3
        lot = self.lots.get(key)
        if lot is None or self.left[lot.pk] < volume:
            lot = self.lots[key] = self._receive(key, at)
            self.left[lot.pk] = self.left.get(lot.pk, Decimal(0)) + DELIVERY_ML
        self.left[lot.pk] -= volume
        self.used[lot.pk] = self.used.get(lot.pk, Decimal(0)) + volume
        return lot

    def settle(self) -> None:
        """What is on hand is again the sum of all movements."""
        for lot_id, volume in self.used.items():
            Lot.objects.filter(pk=lot_id).update(on_hand_ml=F("on_hand_ml") - volume)
        self.used.clear()

    def _receive(self, key: tuple[str, int, int], at: datetime) -> Lot:
        ingredient, year, quarter = key
        number = f"{ingredient[-3:]}{year % 100}Q{quarter + 1}"
        known = self.lots.get(key)
        return receive_lot(
            self.place.director,
            site=self.place.site,
            product=self.place.products[ingredient],
            number=number,
            expires_on=known.expires_on if known else (at + LOT_LASTS).date(),
            quantity_ml=DELIVERY_ML,
            key=f"scale:{self.place.site.pk}:{number}:{at.isoformat()}",
        )


@dataclass(slots=True)
class Visits:
    """Visits of one site around the moment `now`."""

    place: Place
    batch: Batch
    now: datetime
    luck: Random
    stock: Stock = field(init=False)
    quiet: Quiet = field(init=False)
    _notices: list[Notice] = field(default_factory=list)
    _volumes: dict[str, tuple[list[Point], dict[str, object]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stock = Stock(self.place)
        self.quiet = Quiet(self.place.site.quiet_from, self.place.site.quiet_to)

    def starts_at(self, slot: Slot) -> datetime:
        """When the visit of a slot begins, in UTC."""
        opens = datetime.combine(slot.on, OPENS, self.place.site.zone)
        return (opens + timedelta(minutes=15 * slot.quarter)).astimezone(UTC)

    def book(
        self,
        slot: Slot,
        kind: str,
        patient: Patient,
        booked_at: datetime,
        *,
        lost: str = "",
        session: TreatmentSession | None = None,
        consultation: Consultation | None = None,
    ) -> Booking:
        """A visit in the state that the moment of the whole clinic gives it, or `lost`: cancelled or not kept."""
        visit_type, starts_at = self.place.visit_types[kind], self.starts_at(slot)
        booking = Booking(
            site=self.place.site,
            kind=kind,
            visit_type_name=visit_type.name,
            patient=patient,
            clinician=self.place.doctors[slot.lane],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=visit_type.total_minutes),
            treatment_session=session,
            consultation=consultation,
            calendar_uid=f"{uuid.UUID(int=self.luck.getrandbits(128), version=4)}@mesoclinic",
            booked_by=self.place.desk,
            booked_at=booked_at,
        )
        booking.state = lost or self._state(booking)
        self.batch.add(booking)
        if not lost:
            self._occupy(booking, slot)
        return booking

    def book_series(self, planned: Planned, slots: list[Slot], lost: int | None) -> None:
        """Every session of a plan; those that are over have their records. `lost`: the ordinal of a cancelled visit."""
        version, patient = planned.version, planned.version.plan.patient
        booked_at = version.made_at + timedelta(minutes=8)
        over = [self._over(slot) for slot in slots]
        series = Series(
            plan_version=version,
            patient=patient,
            site=self.place.site,
            preferences=as_json(Preferences(slots[0].on, clinician_id=self.place.doctors[slots[0].lane].pk)),
            state=Series.State.COMPLETED if all(over) else Series.State.OPEN,
            booked_at=booked_at,
            booked_by=self.place.desk,
        )
        self.batch.add(series)
        catalogue = catalogue_of(version.release)
        codes = [each.code for each in catalogue.row(Protocol, version.protocol).assessments]
        self.batch.add(*(AssessmentPoint(series=series, code=code) for code in codes))
        self.batch.record(self.place.desk, "series.booked", series, patient=patient)
        for ordinal, slot in enumerate(slots, start=1):
            session = TreatmentSession(series=series, ordinal=ordinal)
            self.batch.add(session)
            gone = ordinal == lost and not over[ordinal - 1]
            ended = Booking.State.CANCELLED if gone else ""
            booking = self.book(slot, VisitKind.TREATMENT, patient, booked_at, lost=ended, session=session)
            session.state = self._session_state(session, booking)
            if booking.state == Booking.State.DONE:
                self._perform(planned, session, booking)
            self._remind(booking)

    def flush_messages(self) -> None:
        """The mails of the notices that were just saved."""
        mailed = [notice for notice in self._notices if notice.channel == EMAIL and notice.state != "skipped"]
        for notice in mailed:
            notice.message = self._mail(notice)
        Message.objects.bulk_create((notice.message for notice in mailed if notice.message), batch_size=AT_ONCE)
        Notice.objects.bulk_update(mailed, ["message"], batch_size=AT_ONCE)
        self._notices.clear()

    def _state(self, booking: Booking) -> str:
        if booking.ends_at <= self.now:
            return Booking.State.DONE
        if booking.starts_at <= self.now:
            return Booking.State.ARRIVED
        soon = booking.starts_at < self.now + timedelta(days=2)
        return Booking.State.CONFIRMED if soon and self.luck.random() < 0.7 else Booking.State.BOOKED

    def _over(self, slot: Slot) -> bool:
        return self.starts_at(slot) + timedelta(minutes=30) <= self.now

    def _session_state(self, session: TreatmentSession, booking: Booking) -> str:
        if booking.state == Booking.State.CANCELLED:
            local = booking.starts_at.astimezone(self.place.site.zone)
            session.flag = FLAG.format(day=local.day, at=local)
            return TreatmentSession.State.UNPLACED
        done = booking.state == Booking.State.DONE
        return TreatmentSession.State.PERFORMED if done else TreatmentSession.State.BOOKED

    def _occupy(self, booking: Booking, slot: Slot) -> None:
        doctor, room = self.place.doctors[slot.lane], self.place.room(slot.lane, slot.quarter)
        works_from = booking.starts_at + timedelta(minutes=PREPARATION)
        works_to = works_from + timedelta(minutes=WITH_CLINICIAN)
        uses = (
            Use(ResourceKind.CLINICIAN, doctor.pk, works_from, works_to),
            Use(ResourceKind.ROOM, room.pk, booking.starts_at, booking.ends_at),
            Use(ResourceKind.PATIENT, booking.patient_id or 0, booking.starts_at, booking.ends_at),
        )
        kept = slots_between(self.now - KEPT, self.now).start
        for use in uses:
            self.batch.add_plain(BookingUse, partial(_use, booking, use))
            for each in use.slots:
                if each >= kept:
                    self.batch.add_plain(Occupancy, partial(_slot, booking, use, each))

    def _perform(self, planned: Planned, session: TreatmentSession, booking: Booking) -> None:
        version, start = planned.version, booking.starts_at
        doctor, zones = booking.clinician, [str(zone["zone"]) for zone in version.zones]
        points, volumes = self._given(version.protocol, zones, planned.components)
        depth = {"technique": version.technique, "depth_mm": str(version.depth_mm)}
        day = start.astimezone(self.place.site.zone).date()
        record = TreatmentRecord(
            session=session,
            patient=booking.patient,
            site=self.place.site,
            fact_sheet=planned.seen.sheet,
            candidacy=planned.seen.verdict,
            formulation_check=planned.check,
            consent=planned.consent,
            day_inputs={name: {"value": value, "observed_on": day.isoformat()} for name, value in WELL_TODAY.items()},
            rescreened_on=day,
            started_at=start + STARTED,
            ended_at=start + ENDED,
            technique=version.technique,
            zones=[
                {"zone": each.zone, "syringe": each.syringe, "volume_ul": each.volume_ul, "points": 0} | depth
                for each in points
            ],
            volumes=volumes,
            pain=self.luck.randrange(1, 6),
            bleeding="none",
            none_observed=True,
            state=TreatmentRecord.State.SIGNED,
            opened_by=doctor,
            opened_at=start,
            signed_at=start + SIGNED,
            signed_by=doctor,
        )
        self.batch.add(record)
        self.batch.record(doctor, "treatment.signed", record, patient=booking.patient)  # type: ignore[arg-type]
        if start > self.now - LATELY:
            self.batch.then(TreatmentRecord, lambda: self._draw_up(planned, record, doctor))  # type: ignore[arg-type]

    def _given(self, protocol: str, zones: list[str], parts: list[Component]) -> tuple[list[Point], dict[str, object]]:
        """What one session of a recipe gives, which is the same each time."""
        if protocol not in self._volumes:
            points = points_of(zones, parts)
            self._volumes[protocol] = points, volumes_of(points, parts)
        return self._volumes[protocol]

    def _draw_up(self, planned: Planned, record: TreatmentRecord, by: User) -> None:
        for part in planned.components:
            lot = self.stock.draw(part.ingredient, part.volume_ml, record.opened_at)
            reason = f"treatment:{record.pk}"
            moved = Movement(
                lot=lot,
                quantity_ml=-part.volume_ml,
                reason=reason,
                key=f"{reason}:{part.pk}",
                by=by,
                at=record.opened_at,
            )
            use = LotUse(
                record=record,
                lot=lot,
                movement=moved,
                ingredient=part.ingredient,
                syringe=part.syringe,
                volume_ml=part.volume_ml,
            )
            self.batch.add(moved, use)

    def _remind(self, booking: Booking) -> None:
        """The reminders of a visit; of those that are over the first one stands in the ledger."""
        site, patient = self.place.site, booking.patient
        if patient is None or booking.state == Booking.State.CANCELLED or booking.starts_at < self.now - LATELY:
            return
        due = due_times(
            Occasion(site.zone, starts_at=booking.starts_at, quiet=self.quiet), catalogue_of(self.place.release)
        )
        rules = REMINDERS if booking.starts_at > self.now else REMINDERS[:1]

        def write() -> None:
            for rule in rules:
                notice = self._notice(booking, patient, rule, due[rule])
                self.batch.add(notice)
                self._notices.append(notice)

        self.batch.then(Booking, write)

    def _notice(self, booking: Booking, patient: Patient, rule: str, due: datetime) -> Notice:
        channel, reason = (EMAIL, "") if patient.email else (PAPER, f"{NO_ADDRESS} {PRINT_INSTEAD}")
        sent, told = Notice.State.SENT, Notice.State.TOLD
        state = (sent if patient.email else told) if due <= self.now else Notice.State.WAITING
        if state == Notice.State.WAITING and not patient.email:
            state = Notice.State.PRINTED
        if due <= booking.booked_at:
            state, reason = Notice.State.SKIPPED, TOO_SOON
        return Notice(
            patient=patient,
            site=self.place.site,
            rule=rule,
            subject=f"booking:{booking.pk}",
            channel=channel,
            due_at=due,
            state=state,
            reason="" if state == told else reason,
        )

    def _mail(self, notice: Notice) -> Message:
        sent = notice.state == Notice.State.SENT
        return Message(
            key=f"notice:{notice.pk}:{int(notice.due_at.timestamp())}",
            kind=KINDS[notice.rule],
            subject_key=f"notice:{notice.pk}",
            due_at=notice.due_at,
            state=Delivery.SENT if sent else Delivery.WAITING,
            attempts=int(sent),
            fence=int(sent),
            handed_over_at=notice.due_at if sent else None,
            message_id=f"<{self.luck.getrandbits(96):x}@scale.example.test>",
            made_at=min(notice.due_at, self.now),
            sent_at=notice.due_at + TAKES if sent else None,
        )


def _use(booking: Booking, use: Use) -> Values:
    return booking.pk, use.kind, use.id, use.starts_at, use.ends_at


def _slot(booking: Booking, use: Use, slot: int) -> Values:
    return use.kind, use.id, slot, booking.pk
