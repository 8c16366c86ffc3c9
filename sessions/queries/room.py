"""The treatment room of one session: everything that its page shows, read once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from patients.models import Addendum, Consent, Patient, PlanVersion
from patients.queries.consents import Standing, valid_consent_for
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.session_day import ChecklistItem, DayRule, SessionStep
from protocols.rules.kinds.technique import Technique, Zone
from sessions.models import AdverseEvent, Booking, ChecklistEntry, LotUse, TreatmentRecord, TreatmentSession
from sessions.queries.bookings import bookings_for
from sessions.queries.readiness import Readiness, readiness_of
from sessions.queries.treatment import (
    MAY_OPEN,
    Need,
    addenda_of,
    answers_of,
    booking_of,
    lot_uses,
    missing_to_sign,
    needs_of,
    record_for,
    record_of,
    session_for,
    steps_of,
    today_at,
)

WAITING = (Consent.State.OFFERED, Consent.State.SHOWN)
WORDS = {"done": _("Done"), "not_done": _("Not done"), "not_applicable": _("Does not apply")}
BLEEDING = {"none": _("None"), "little": _("A little"), "much": _("Much")}
PLACES = {"VISIT": "visit", "DY-01": "rescreen", "DY-05": "rescreen", "SD-08": "consent", "CATALOGUE": "catalogue"}


@dataclass(frozen=True, slots=True)
class Stop:
    """What keeps the session from starting; `place` is where it is cleared, `target` the id of an element there."""

    finding: Finding
    place: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """An item of the checklist with the answer that counts, None while there is none."""

    item: ChecklistItem
    entry: ChecklistEntry | None

    @property
    def words(self) -> str:
        """The answer in words."""
        return str(WORDS[self.entry.answer]) if self.entry else ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the session with its checklist."""

    row: SessionStep
    items: Sequence[Answered]

    @property
    def left(self) -> int:
        """How many items nobody has answered."""
        return sum(each.entry is None for each in self.items)

    @property
    def answers(self) -> Mapping[str, str]:
        """item -> answer."""
        return {each.item.id: each.entry.answer for each in self.items if each.entry}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One syringe: drawn up = injected + left over + discarded, in mL."""

    syringe: str
    drawn_ml: Decimal
    injected_ml: Decimal
    left_over_ml: Decimal
    discarded_ml: Decimal


@dataclass(frozen=True, slots=True)
class Injected:
    """What went into one zone from one syringe."""

    zone: str
    syringe: str
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Event:
    """A reaction under its name."""

    name: str
    event: AdverseEvent


@dataclass(frozen=True, slots=True)
class Voided:
    """A record that was set aside, with the reason and who gave it."""

    record: TreatmentRecord
    reason: Addendum | None


@dataclass(frozen=True, slots=True)
class Room:
    """A session in the treatment room as one actor sees it."""

    session: TreatmentSession
    patient: Patient
    version: PlanVersion
    catalogue: Catalogue
    booking: Booking | None
    today: date
    consent: Standing
    consent_asked: Consent | None
    record: TreatmentRecord | None = None
    readiness: Readiness | None = None
    steps: Sequence[Step] = ()
    needs: Sequence[Need] = ()
    uses: Sequence[LotUse] = ()
    addenda: Sequence[Addendum] = ()
    events: Sequence[AdverseEvent] = ()
    voided: Sequence[Voided] = ()

    @property
    def record_id(self) -> int:
        """The key of the record; raises OutOfScope before there is one."""
        if self.record is None:
            raise OutOfScope("This session has no record yet.")
        return self.record.pk

    @property
    def stage(self) -> str:
        """closed, unopened, preparing, injecting, ended or locked: what the page offers."""
        if self.record is None:
            return "unopened" if self.session.state in MAY_OPEN else "closed"
        if self.record.state != TreatmentRecord.State.OPEN:
            return "locked"
        if self.record.ended_at:
            return "ended"
        return "injecting" if self.record.started_at else "preparing"

    @property
    def lacks_consent(self) -> bool:
        """Whether the session would start without a valid consent for this plan version."""
        return self.stage in ("unopened", "preparing") and self.consent.holds is not Tri.YES

    @property
    def rescreened(self) -> bool:
        """Whether today's questions were asked."""
        return self.record is not None and self.record.rescreened_on == self.today

    @property
    def stops(self) -> list[Stop]:
        """Everything that keeps the session from starting; the consent first."""
        found = self.readiness.stops if self.readiness and self.stage == "preparing" else ()
        return sorted((self._stop(each) for each in found), key=lambda stop: stop.place != "consent")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What does not stop the session and is good to know: records and warnings of today's checks."""
        ready = self.readiness
        if ready is None:
            return ()
        found = (*(ready.day.findings if ready.day else ()), *(ready.mixture.findings if ready.mixture else ()))
        return tuple(each for each in found if each.level in (Level.WARN, Level.RECORD))

    @property
    def gaps(self) -> list[str]:
        """What is missing before the record can be signed."""
        return missing_to_sign(self.record) if self.record and self.stage in ("injecting", "ended") else []

    @property
    def cautions(self) -> list[tuple[Finding, bool]]:
        """Each caution of today and whether the doctor has acknowledged it."""
        ready = self.readiness
        return [(each, each.rule not in ready.unread) for each in ready.cautions] if ready else []

    @property
    def syringes(self) -> list[str]:
        """The syringes that something was drawn up into."""
        return sorted({use.syringe for use in self.uses})

    @property
    def technique(self) -> Technique | None:
        """The technique of the record, before the injection that of the plan."""
        name = (self.record.technique if self.record else "") or self.version.technique
        return self.catalogue.row(Technique, name) if self.catalogue.has(Technique, name) else None

    @property
    def anaesthetics(self) -> list[Need]:
        """The components of the plan that numb."""
        return [need for need in self.needs if _numbs(self.catalogue, need.component.ingredient)]

    @property
    def planned_zones(self) -> list[tuple[str, Decimal]]:
        """Zones of the plan with their areas in cm2."""
        return [(_zone_name(self.catalogue, row["zone"]), Decimal(row["area_cm2"])) for row in self.version.zones]

    @property
    def drawn(self) -> list[tuple[str, Decimal]]:
        """What each syringe holds, in mL."""
        return [(name, _drawn(self.uses, name)) for name in self.syringes]

    @property
    def bleeding(self) -> str:
        """The bleeding in words; empty while it is not recorded."""
        return str(BLEEDING.get(self.record.bleeding, "")) if self.record else ""

    @property
    def told_events(self) -> list[Event]:
        """Each reaction with its name."""
        return [Event(_event_name(self.catalogue, each.code), each) for each in self.events]

    @property
    def cream(self) -> str:
        """The anaesthetic cream of the plan in words; empty when there is none."""
        return "" if self.version.anaesthetic_cream == "none" else self.version.anaesthetic_cream.replace("_", " + ")

    @property
    def injected(self) -> list[Injected]:
        """What is recorded as injected, zone by zone."""
        zones = self.record.zones if self.record else []
        return [
            Injected(_zone_name(self.catalogue, row["zone"]), str(row["syringe"]), _ml(row["volume_ul"]))
            for row in zones
            if isinstance(row, dict)
        ]

    @property
    def reconciled(self) -> list[Reconciled]:
        """Each syringe with what became of it, once the injection is recorded."""
        volumes = self.record.volumes if self.record else {}
        return [_reconciled(rest, self.uses, self.injected) for rest in volumes.get("rest", [])]

    @property
    def injected_ml(self) -> Decimal:
        """All that is recorded as injected."""
        return sum((row.volume_ml for row in self.injected), start=Decimal(0))

    @property
    def doses(self) -> list[tuple[str, str, Decimal | None]]:
        """Ingredient, unit and dose that was given; None where the strength is not known."""
        stored = self.record.volumes.get("doses", {}) if self.record else {}
        return [
            (*_named_dose(self.catalogue, name), None if dose is None else Decimal(dose))
            for name, dose in stored.items()
        ]

    def _stop(self, finding: Finding) -> Stop:
        if finding.rule == "LOT":
            return Stop(finding, "here", f"lot-{finding.about}")
        if finding.about == "read":
            return Stop(finding, "here", "cautions")
        place = PLACES.get(finding.rule) or self._place(finding)
        return Stop(finding, "here", "rescreen") if place == "rescreen" else Stop(finding, place)

    def _place(self, finding: Finding) -> str:
        if self.catalogue.has(DayRule, finding.rule):
            return "rescreen"
        if finding.rule.startswith(("FX-", "T-")):
            return "plan"
        asked = {finding.about, *(name for name, _value in finding.inputs)}
        day = {row.id for row in self.catalogue.of(Input) if row.on_day}
        return "rescreen" if asked & day else "patient"


def room_for(actor: Actor, session_id: int) -> Room:
    """The treatment room of a session within reach; raises OutOfScope."""
    session = session_for(actor, session_id)
    version, site = session.series.plan_version, session.series.site
    record = record_of(actor, session) or _set_aside(actor, session)
    common: dict[str, Any] = {
        "session": session,
        "patient": session.series.patient,
        "version": version,
        "catalogue": catalogue_of(version.release),
        "booking": _visit(actor, session),
        "today": today_at(site),
        "consent": valid_consent_for(version, today_at(site)),
        "consent_asked": version.consents.filter(kind=Consent.Kind.TREATMENT, state__in=WAITING).last(),
        "voided": _voided(session, record),
    }
    return Room(**common, **(_of_record(record) if record else {}))


def _of_record(record: TreatmentRecord) -> dict[str, Any]:
    before = record.state == TreatmentRecord.State.OPEN and record.started_at is None
    return {
        "record": record,
        "readiness": readiness_of(record) if before else None,
        "steps": list(_steps(record)),
        "needs": needs_of(record),
        "uses": lot_uses(record),
        "addenda": addenda_of(record),
        "events": list(record.adverse_events.select_related("reported_by").order_by("reported_at")),
    }


def _set_aside(actor: Actor, session: TreatmentSession) -> TreatmentRecord | None:
    """The last voided record, while the session waits for a new date."""
    found = None if session.state in MAY_OPEN else session.records.order_by("-pk").first()
    return record_for(actor, found.pk) if found else None


def _voided(session: TreatmentSession, shown: TreatmentRecord | None) -> list[Voided]:
    found = session.records.filter(state=TreatmentRecord.State.VOIDED).order_by("-pk")
    return [Voided(each, _reason(each)) for each in found if shown is None or each.pk != shown.pk]


def _reason(record: TreatmentRecord) -> Addendum | None:
    return next(iter(reversed(addenda_of(record))), None)


def _visit(actor: Actor, session: TreatmentSession) -> Booking | None:
    found = booking_of(session)
    return bookings_for(actor).filter(pk=found.pk).first() if found else None


def _steps(record: TreatmentRecord) -> Iterator[Step]:
    given = answers_of(record)
    for row in steps_of(record):
        yield Step(row, [Answered(item, given.get((row.id, item.id))) for item in row.items])


def _reconciled(rest: Mapping[str, Any], uses: Sequence[LotUse], injected: Sequence[Injected]) -> Reconciled:
    syringe = str(rest["syringe"])
    return Reconciled(
        syringe,
        _drawn(uses, syringe),
        sum((row.volume_ml for row in injected if row.syringe == syringe), start=Decimal(0)),
        _ml(rest["left_over_ul"]),
        _ml(rest["discarded_ul"]),
    )


def _drawn(uses: Sequence[LotUse], syringe: str) -> Decimal:
    return sum((use.volume_ml for use in uses if use.syringe == syringe), start=Decimal(0))


def _named_dose(catalogue: Catalogue, stored: str) -> tuple[str, str]:
    code, _space, unit = stored.partition(" ")
    return (catalogue.row(Ingredient, code).name if catalogue.has(Ingredient, code) else code), unit


def _numbs(catalogue: Catalogue, code: str) -> bool:
    return catalogue.has(Ingredient, code) and catalogue.row(Ingredient, code).anaesthetic


def _event_name(catalogue: Catalogue, code: str) -> str:
    return catalogue.row(AdverseEventType, code).name if catalogue.has(AdverseEventType, code) else code


def _zone_name(catalogue: Catalogue, zone: str) -> str:
    return catalogue.row(Zone, zone).name if catalogue.has(Zone, zone) else zone


def _ml(microlitres: int) -> Decimal:
    return Decimal(microlitres) / MICROLITRES_PER_ML
