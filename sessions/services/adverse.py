"""The life of an adverse event: recorded, assessed, followed up, closed, opened again; every step is a new entry."""

from collections.abc import Iterable
from datetime import date, datetime, time

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict, StaleRecord
from mesoclinic.rules.tri import Tri
from mesoclinic.transactions import atomic
from patients.models import Patient, Todo
from patients.queries.people import kept, patient_for, records_of_person
from patients.services.hold import hold
from protocols.models import Lot
from protocols.queries.catalogue import current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventGrade, AdverseEventType
from sessions.documents.adverse_report import keep_report
from sessions.models import AdverseEvent, AdverseEventEntry, Causality, EventOutcome, Series, TreatmentRecord
from sessions.queries.adverse import (
    event_for,
    is_assessed,
    is_open,
    is_sentinel_event,
    lots_given_to,
    records_of,
    site_of,
)
from sessions.queries.stops import ends_course, event_stops
from sessions.rules.adverse_told import Report
from sessions.services.adverse_effects import alert, ask_for_contact, take_effect
from sessions.services.endings import hold_visits, stop_series

Kind = AdverseEventEntry.Kind
DATED = (EventOutcome.RESOLVED, EventOutcome.SEQUELAE, EventOutcome.DIED)
SNAPSHOT = ("code", "grade", "causality", "seriousness", "action", "outcome", "resolved_at")


def record_adverse_event(actor: User, *, patient_id: int, report: Report) -> AdverseEvent:
    """Record what happened, at a session or at any time after; everything that follows from it happens at once."""
    access.require(actor, Can.RECORD_ADVERSE_EVENT)
    with atomic():
        patient = patient_for(actor, patient_id)
        _known_kind(report.code, report.grade, current_catalogue())
        return open_event(actor, patient=patient, report=report, by=actor)


def open_event(actor: Actor, *, patient: Patient, report: Report, by: User) -> AdverseEvent:
    """The row, its first entry and all effects; call it inside the service that is responsible.

    `by` stands in the record: the actor, or the clinician to whom a patient's own answer belongs.
    """
    with atomic():
        patient = hold(patient.pk)
        now, record, lots = clock.now(), _record(patient, report.record_id), _lots(patient, report.lots)
        if report.onset_at > now:
            raise ClinicError(_("This time is still to come."), "on")
        site = record.site if record else site_of(by, patient)
        if report.onset_at.astimezone(site.zone).date() < patient.birth_date:
            raise ClinicError(_("The patient was not born then."), "on")
        if record and record.started_at and report.onset_at < record.started_at:
            raise ClinicError(_("The session started later than this."), "on")
        event = AdverseEvent.objects.create(
            patient=patient,
            site=site,
            record=record,
            code=report.code,
            grade=report.grade,
            worst_grade=report.grade,
            onset_at=report.onset_at,
            place=report.place,
            description=report.description,
            causality=report.causality,
            seriousness=report.seriousness,
            action=report.action,
            reporter=report.reporter,
            reported_by=by,
            reported_at=now,
        )
        if report.causality == Causality.UNRELATED and is_sentinel_event(event, current_catalogue()) is not Tri.NO:
            access.require(actor, Can.SETTLE_SENTINEL_EVENT)
        event.lots.set(lots)
        todo = ask_for_contact(actor, event)
        _entry(by, event, Kind.OPENED, "", todo=todo)
        audit.record(actor, "adverse_event.reported", event, patient_id=patient.pk, site_id=event.site_id)
        take_effect(by, event)
        alert(actor, event, was_sentinel=False)
    return event


def assess_adverse_event(
    actor: User,
    *,
    event_id: int,
    version: int,
    code: str,
    grade: int,
    causality: str,
    seriousness: str,
    action: str,
    lots: Iterable[int],
    reason: str,
) -> AdverseEvent:
    """What it is and how grave, as a doctor judges it now; a sentinel kind is only taken off it by the director."""
    access.require(actor, Can.ASSESS_ADVERSE_EVENT)
    with atomic():
        event = _open(_seen(actor, event_id, version))
        catalogue, before = current_catalogue(), event.grade
        _known_kind(code, grade, catalogue)
        _told(reason)
        was = is_sentinel_event(event, catalogue) is Tri.YES
        now_unrelated = Causality.UNRELATED == causality != event.causality
        event.code, event.grade = code, grade
        event.worst_grade = max(grade, event.worst_grade or grade)
        event.causality, event.seriousness, event.action = causality, seriousness, action
        if was and (now_unrelated or is_sentinel_event(event, catalogue) is not Tri.YES):
            access.require(actor, Can.SETTLE_SENTINEL_EVENT)
        event.lots.set(_lots(event.patient, lots))
        todo = ask_for_contact(actor, event) if grade > (before or 0) else None
        _step(actor, event, Kind.ASSESSED, reason, todo=todo)
        take_effect(actor, event)
        alert(actor, event, was_sentinel=was)
    return event


def follow_adverse_event(
    actor: User, *, event_id: int, version: int, text: str, due_at: datetime, owner: User
) -> AdverseEvent:
    """Ask somebody of the site to look after it by a time; it stands on their list until they tick it off."""
    access.require(actor, Can.RECORD_ADVERSE_EVENT)
    with atomic():
        event = _open(_seen(actor, event_id, version))
        if not owner.is_active or not owner.sites.filter(pk=event.site_id).exists():
            raise ClinicError(_("Choose somebody who works at this site."), "owner")
        if due_at < clock.now():
            raise ClinicError(_("This time is over."), "on")
        todo = Todo.objects.create(site=event.site, patient=event.patient, user=owner, text=text.strip(), due_at=due_at)
        audit.record(actor, "todo.asked", todo, patient_id=event.patient_id, site_id=event.site_id)
        _step(actor, event, Kind.FOLLOW_UP, text, todo=todo)
    return event


def close_adverse_event(
    actor: User, *, event_id: int, version: int, outcome: str, resolved_on: date | None, reason: str
) -> AdverseEvent:
    """What came of it. All but “ongoing” close it; a sentinel event is closed by the director."""
    access.require(actor, Can.ASSESS_ADVERSE_EVENT)
    with atomic():
        event = _open(_seen(actor, event_id, version))
        catalogue = current_catalogue()
        _told(reason)
        _outcome_fits(event, outcome, resolved_on, catalogue)
        if outcome != EventOutcome.ONGOING and is_sentinel_event(event, catalogue) is not Tri.NO:
            access.require(actor, Can.SETTLE_SENTINEL_EVENT)
        event.outcome = outcome
        if outcome == EventOutcome.ONGOING:
            _step(actor, event, Kind.ONGOING, reason)
        else:
            event.state = AdverseEvent.State.RESOLVED
            event.resolved_at = _moment(event, resolved_on) if outcome in DATED else None
            _step(actor, event, Kind.CLOSED, reason)
        take_effect(actor, event)
    return event


def reopen_adverse_event(actor: User, *, event_id: int, version: int, reason: str) -> AdverseEvent:
    """It is not over after all: it counts again, and what was said before stays in its history."""
    access.require(actor, Can.ASSESS_ADVERSE_EVENT)
    with atomic():
        event = _seen(actor, event_id, version)
        if is_open(event):
            raise Conflict(_("This adverse event is open."))
        _told(reason)
        event.state, event.outcome, event.resolved_at = AdverseEvent.State.OPEN, "", None
        _step(actor, event, Kind.REOPENED, reason)
        take_effect(actor, event)
        alert(actor, event, was_sentinel=False)
    return event


def stop_course(actor: User, *, event_id: int, version: int, reason: str) -> AdverseEvent:
    """End every course of the patient that STOP-3 stops: the coming visits are given back, the record stays."""
    access.require(actor, Can.ASSESS_ADVERSE_EVENT)
    with atomic():
        event = _seen(actor, event_id, version)
        _told(reason)
        running = Series.objects.filter(patient=kept(event.patient), state=Series.State.OPEN)
        hold_visits(*running.values_list("pk", flat=True))
        stopped = [
            each for each in running.select_for_update(of=("self",)) if ends_course(event_stops(each.plan_version))
        ]
        if not stopped:
            raise Conflict(_("No course is stopped by this event."))
        for series in stopped:
            stop_series(actor, series=series, reason=reason.strip())
        _step(actor, event, Kind.STOPPED, reason)
    return event


def report_to_regulator(actor: User, *, event_id: int, version: int) -> AdverseEvent:
    """Make the paper for the regulator as the event stands now, keep it, and note that it was made."""
    access.require(actor, Can.ASSESS_ADVERSE_EVENT)
    with atomic():
        event = _seen(actor, event_id, version)
        if not is_assessed(event):
            raise ClinicError(_("Assess the event first: a report needs its kind and its grade."))
        paper = keep_report(actor, event)
        _step(actor, event, Kind.REPORTED, "", paper=paper)
    return event


def tell_again(actor: User, event: AdverseEvent, text: str) -> None:
    """Note that it was reported once more; call it inside the service that is responsible."""
    Patient.objects.select_for_update().get(pk=event.patient_id)
    event.refresh_from_db(fields=["version", "state"])
    _step(actor, _open(event), Kind.TOLD, text)


def _seen(actor: User, event_id: int, version: int) -> AdverseEvent:
    """The event, locked, when nobody changed it since `version`."""
    found = event_for(actor, event_id)
    Patient.objects.select_for_update().get(pk=found.patient_id)
    event = event_for(actor, event_id)
    if event.version != version:
        raise StaleRecord(_("Somebody else changed this event meanwhile. What you typed is still here."))
    return event


def _open(event: AdverseEvent) -> AdverseEvent:
    if not is_open(event):
        raise Conflict(_("This adverse event is closed. Open it again first."))
    return event


def _step(actor: User, event: AdverseEvent, kind: Kind, text: str, **more: object) -> None:
    """Write the row as it is now with the next version, and the entry that says what changed and why."""
    event.version += 1
    event.save(update_fields=[*SNAPSHOT, "worst_grade", "state", "version"])
    _entry(actor, event, kind, text, **more)
    audit.record(
        actor,
        f"adverse_event.{kind}",
        event,
        patient_id=event.patient_id,
        site_id=event.site_id,
        reason=text.strip(),
        changed=SNAPSHOT,
    )


def _entry(actor: User, event: AdverseEvent, kind: Kind, text: str, **more: object) -> None:
    lots = sorted(event.lots.values_list("pk", flat=True))
    held = {name: getattr(event, name) for name in SNAPSHOT} | {"lots": lots, "text": text.strip()}
    AdverseEventEntry.objects.create(
        event=event, number=event.version, kind=kind, by=actor, at=clock.now(), **held, **more
    )


def _known_kind(code: str, grade: int | None, catalogue: Catalogue) -> None:
    if not catalogue.has(AdverseEventType, code):
        raise ClinicError(_("Choose the kind of event."), "code")
    if grade not in {row.grade for row in catalogue.of(AdverseEventGrade)}:
        raise ClinicError(_("Choose the grade."), "grade")


def _outcome_fits(event: AdverseEvent, outcome: str, resolved_on: date | None, catalogue: Catalogue) -> None:
    if outcome not in EventOutcome.values:
        raise ClinicError(_("Choose what came of it."), "outcome")
    if not is_assessed(event):
        raise ClinicError(_("Assess the event first: nobody has said what it is and how grave."), "outcome")
    fatal = event.grade == max(row.grade for row in catalogue.of(AdverseEventGrade))
    if outcome != EventOutcome.EXCLUDED and fatal != (outcome == EventOutcome.DIED):
        raise ClinicError(_("Grade and outcome contradict each other: death is the highest grade."), "outcome")
    if outcome in DATED:
        zone = event.site.zone
        began, today = (each.astimezone(zone).date() for each in (event.onset_at, clock.now()))
        if resolved_on is None or not began <= resolved_on <= today:
            raise ClinicError(_("Enter the day on which it was over, between its beginning and today."), "resolved_on")


def _moment(event: AdverseEvent, day: date | None) -> datetime | None:
    return datetime.combine(day, time(), event.site.zone) if day else None


def _record(patient: Patient, record_id: int | None) -> TreatmentRecord | None:
    if record_id is None:
        return None
    sessions = TreatmentRecord.objects.filter(patient__in=records_of_person(patient.pk))
    found = sessions.filter(pk=record_id).select_related("site").first()
    if found is None or (found.started_at is not None and not records_of(patient).filter(pk=record_id).exists()):
        raise ClinicError(_("There is no such session of this patient."), "record_id")
    return found


def _lots(patient: Patient, wanted: Iterable[int]) -> list[Lot]:
    given, asked = {lot.pk: lot for lot in lots_given_to(patient)}, set(wanted)
    if not asked <= given.keys():
        raise ClinicError(_("Only lots that this patient was given can be named."), "lots")
    return [given[pk] for pk in sorted(asked)]


def _told(reason: str) -> None:
    if not reason.strip():
        raise ClinicError(_("Enter the reason."), "reason")
