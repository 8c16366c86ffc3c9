"""The treatment room of one session: everything that its page shows, read once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic import clock
from mesoclinic.actors import Actor
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from patients.models import Acknowledgement, Addendum, Consent, Patient, PlanVersion
from patients.queries.consents import Standing, valid_consent_for
from patients.queries.consultations import readable_facts
from patients.queries.overrides import Overridden, overridable, overridden_in, verdict_after
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType
from protocols.rules.kinds.session_day import ChecklistItem, SessionStep
from protocols.rules.kinds.technique import Technique
from sessions.models import AdverseEvent, Booking, ChecklistEntry, LotUse, TreatmentRecord, TreatmentSession
from sessions.queries.adverse import name_of
from sessions.queries.bookings import bookings_for
from sessions.queries.clearing import Stop, stop_of
from sessions.queries.delivered import (
    Delivered,
    PlannedPart,
    PlannedZone,
    delivered_of,
    drawn_ml,
    planned_parts,
    planned_zones,
)
from sessions.queries.readiness import Basis, Readiness, readiness_of
from sessions.queries.treatment import (
    MAY_OPEN,
    Gap,
    Need,
    addenda_of,
    answers_of,
    booking_of,
    components_of,
    lot_uses,
    missing_to_sign,
    needs_beside,
    record_for,
    record_of,
    session_for,
    steps_of,
    today_at,
)

WAITING = (Consent.State.OFFERED, Consent.State.SHOWN)
WORDS = {
    "done": gettext_lazy("Done"),
    "not_done": gettext_lazy("Not done"),
    "not_applicable": gettext_lazy("Does not apply"),
}
BLEEDING = {"none": gettext_lazy("None"), "little": gettext_lazy("A little"), "much": gettext_lazy("Much")}


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
class Event:
    """A reaction under its name."""

    name: str
    row: AdverseEvent


@dataclass(frozen=True, slots=True)
class Voided:
    """A record that was set aside: why, by whom and when."""

    record: TreatmentRecord
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
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
    planned: Sequence[PlannedZone] = ()
    parts: Sequence[PlannedPart] = ()
    record: TreatmentRecord | None = None
    delivered: Delivered | None = None
    steps: Sequence[Step] = ()
    needs: Sequence[Need] = ()
    uses: Sequence[LotUse] = ()
    addenda: Sequence[Addendum] = ()
    acknowledged: Sequence[Acknowledgement] = ()
    events: Sequence[Event] = ()
    gaps: Sequence[Gap] = ()
    void: Voided | None = None
    voided: Sequence[Voided] = ()

    @property
    def record_id(self) -> int:
        """The key of the record; raises OutOfScope before there is one."""
        if self.record is None:
            raise OutOfScope(_("This session has no record yet."))
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

    @cached_property
    def readiness(self) -> Readiness | None:
        """Today's check, made when somebody looks at it; None before the preparation and after the first injection."""
        if self.record is None or self.stage != "preparing":
            return None
        return readiness_of(self.record, Basis(self.consent, self.uses, self.needs))

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
        found = [stop_of(each, self.catalogue) for each in (self.readiness.stops if self.readiness else ())]
        return sorted(found, key=lambda stop: stop.place != "consent")

    @property
    def notes(self) -> list[Finding]:
        """What does not stop the session and is good to know: records and warnings of today's checks."""
        ready = self.readiness
        checks = (ready.day, ready.mixture) if ready else ()
        found = [each for check in checks if check for each in check.findings]
        return [each for each in found if each.level in (Level.WARN, Level.RECORD)]

    @property
    def cautions(self) -> list[tuple[Finding, bool]]:
        """Each caution of today that is not overridden, and whether the doctor has acknowledged it."""
        ready = self.readiness
        left = [each for each in ready.cautions if each.rule not in ready.overridden] if ready else []
        return [(each, each.rule not in ready.unread) for each in left] if ready else []

    @property
    def overridden(self) -> list[Overridden]:
        """What a doctor has set aside of the verdict that this session rests on, as it counted on its day."""
        if self.readiness is not None:
            return list(self.readiness.overridden.values())
        candidacy = self.record.candidacy if self.record else None
        return list(overridden_in(candidacy, on=candidacy.evaluated_on).values()) if candidacy else []

    @property
    def verdict_after(self) -> str:
        """The verdict of the day with its overrides; empty while there is none."""
        candidacy = self.record.candidacy if self.record else None
        return verdict_after(candidacy, on=candidacy.evaluated_on) if candidacy else ""

    @property
    def overridable(self) -> Sequence[str]:
        """The rules of today's verdict that a doctor may set aside, while nothing newer is known."""
        candidacy = self.record.candidacy if self.record and self.rescreened else None
        return overridable(candidacy) if candidacy else ()

    @property
    def syringes(self) -> list[str]:
        """The syringes that something was drawn up into."""
        return sorted({use.syringe for use in self.uses})

    @property
    def has_to_draw(self) -> bool:
        """Whether something of the plan is not in a syringe yet."""
        return any(need.left_ml for need in self.needs)

    @property
    def drawn(self) -> list[tuple[str, Decimal]]:
        """What each syringe holds, in mL."""
        return [(name, drawn_ml(self.uses, name)) for name in self.syringes]

    @property
    def technique(self) -> Technique | None:
        """The technique of the record, before the injection that of the plan."""
        name = (self.record.technique if self.record else "") or self.version.technique
        return self.catalogue.row(Technique, name) if self.catalogue.has(Technique, name) else None

    @property
    def anaesthetics(self) -> list[PlannedPart]:
        """The products of the plan that numb."""
        return [part for part in self.parts if part.numbs]

    @property
    def cream(self) -> str:
        """The anaesthetic cream of the plan in words; empty when there is none."""
        return "" if self.version.anaesthetic_cream == "none" else self.version.anaesthetic_cream.replace("_", " + ")

    @property
    def asked_today(self) -> list[tuple[str, str, str]]:
        """Question, answer and day of the re-screen."""
        return readable_facts(self.record.day_inputs, self.catalogue) if self.record else []

    @property
    def bleeding(self) -> str:
        """The bleeding in words; empty while it is not recorded."""
        return str(BLEEDING.get(self.record.bleeding, "")) if self.record else ""

    @property
    def elapsed_seconds(self) -> int | None:
        """How long the injection has been going on; None when it is not."""
        if self.record is None or self.record.started_at is None or self.record.ended_at is not None:
            return None
        return max(int((clock.now() - self.record.started_at).total_seconds()), 0)


def room_for(actor: Actor, session_id: int) -> Room:
    """The treatment room of a session within reach; raises OutOfScope."""
    session = session_for(actor, session_id)
    version, today = session.series.plan_version, today_at(session.series.site)
    catalogue = catalogue_of(version.release)
    record = record_of(actor, session) or _set_aside(actor, session)
    if record is not None:
        record.session = session
    return Room(
        session=session,
        patient=session.series.patient,
        version=version,
        catalogue=catalogue,
        booking=_visit(actor, session),
        today=today,
        consent=valid_consent_for(version, today),
        consent_asked=version.consents.filter(kind=Consent.Kind.TREATMENT, state__in=WAITING).last(),
        planned=planned_zones(version, catalogue),
        parts=planned_parts(components_of(version), catalogue),
        voided=_voided(session, record),
        **(_of_record(record, catalogue) if record else {}),
    )


def _of_record(record: TreatmentRecord, catalogue: Catalogue) -> dict[str, Any]:
    is_open, uses = record.state == TreatmentRecord.State.OPEN, lot_uses(record)
    before = is_open and record.started_at is None
    read = Acknowledgement.objects.filter(candidacy=record.candidacy_id).select_related("by").order_by("rule")
    return {
        "record": record,
        "delivered": delivered_of(record, uses, catalogue),
        "steps": list(_steps(record)),
        "needs": needs_beside(record, uses),
        "uses": uses,
        "addenda": addenda_of(record),
        "acknowledged": list(read),
        "events": list(_events(record, catalogue)),
        "void": next(iter(_void_of(record)), None),
        "gaps": missing_to_sign(record) if is_open and not before else (),
    }


def _set_aside(actor: Actor, session: TreatmentSession) -> TreatmentRecord | None:
    """The last voided record, while the session waits for a new date."""
    found = None if session.state in MAY_OPEN else session.records.order_by("-pk").first()
    return record_for(actor, found.pk) if found else None


def _voided(session: TreatmentSession, shown: TreatmentRecord | None) -> list[Voided]:
    found = session.records.filter(state=TreatmentRecord.State.VOIDED).order_by("-pk")
    return [void for each in found if shown is None or each.pk != shown.pk for void in _void_of(each)]


def _void_of(record: TreatmentRecord) -> list[Voided]:
    """How a record was voided, as the audit log has it; empty when it was not."""
    deeds = AuditEvent.objects.filter(object_kind=TreatmentRecord._meta.label_lower, object_id=str(record.pk))
    return [Voided(record, deed.reason, deed.actor_name, deed.at) for deed in deeds.filter(action="treatment.voided")]


def _visit(actor: Actor, session: TreatmentSession) -> Booking | None:
    found = booking_of(session)
    return bookings_for(actor).filter(pk=found.pk).first() if found else None


def _steps(record: TreatmentRecord) -> Iterator[Step]:
    given = answers_of(record)
    for row in steps_of(record):
        yield Step(row, [Answered(item, given.get((row.id, item.id))) for item in row.items])


def _events(record: TreatmentRecord, catalogue: Catalogue) -> Iterator[Event]:
    for row in record.adverse_events.select_related("reported_by").order_by("reported_at", "pk"):
        known = catalogue.has(AdverseEventType, row.code)
        yield Event(catalogue.row(AdverseEventType, row.code).name if known else name_of(row.code), row)
