"""Before the needle: open the record, re-screen on the day, read the cautions, go through the checklist."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from patients.models import Acknowledgement, FactSheet
from patients.queries.acknowledgements import stored
from patients.queries.banner import current_facts
from patients.services.candidacy import judge
from patients.services.facts import write_fact_sheet
from patients.services.hold import hold
from patients.services.plans import check_version
from protocols.queries.catalogue import current_release
from sessions.models import ChecklistEntry, TreatmentRecord, TreatmentSession
from sessions.queries.readiness import caution_rules, consent_of, readiness_of
from sessions.queries.treatment import (
    MAY_OPEN,
    lots_of,
    record_for,
    record_of,
    session_for,
    steps_of,
    today_at,
    version_of,
)
from sessions.services.treatment.locking import seen, step

ANSWERS = ("done", "not_done", "not_applicable")


def open_treatment(actor: User, *, session_id: int) -> TreatmentRecord:
    """The session's record, opened when there is none yet; raises Conflict for a session that is not booked."""
    access.require(actor, Can.PREPARE_TREATMENT)
    with atomic():
        session_for(actor, session_id)
        TreatmentSession.objects.select_for_update().get(pk=session_id)
        session = session_for(actor, session_id)
        known = record_of(actor, session)
        if known is not None:
            return known
        if session.state not in MAY_OPEN:
            words = {"state": session.get_state_display()}
            raise Conflict(_("This session is “%(state)s”. Only a booked session can be prepared.") % words)
        record = TreatmentRecord.objects.create(
            session=session,
            patient=hold(session.series.patient_id),
            site=session.series.site,
            technique=session.series.plan_version.technique,
            opened_by=actor,
            opened_at=clock.now(),
        )
        audit.record(actor, "treatment.opened", record, patient_id=record.patient_id)
    return record_for(actor, record.pk)


def rescreen(
    actor: User, *, record_id: int, version: int, facts: Mapping[str, object], asked: Iterable[str]
) -> TreatmentRecord:
    """Keep today's answers as the next fact sheet, with verdict, safety check and the rules of the day.

    `facts` are entries of a sheet; a fact that was `asked` and not answered is unknown from now on.
    """
    access.require(actor, Can.PREPARE_TREATMENT)
    with atomic():
        record = seen(actor, record_id, version)
        if record.started_at is not None:
            raise Conflict(_("The treatment has started. Its re-screen stays as it is."))
        questions, plan = set(asked), version_of(record)
        kept = {name: entry for name, entry in current_facts(record.patient).items() if name not in questions}
        sheet = write_fact_sheet(
            actor, patient=record.patient, facts={**kept, **facts}, source=FactSheet.Source.RESCREEN
        )
        on = today_at(record.site)
        verdict = judge(actor, sheet=sheet, release=current_release(), on=on, cause="session day", on_day=True)
        lots = lots_of(record) or None
        check = check_version(actor, version=plan, sheet=sheet, cause="session day", lots=lots)
        answers = {name: facts[name] for name in sorted(questions & facts.keys())}
        links = {
            "fact_sheet": sheet,
            "candidacy": verdict,
            "formulation_check": check,
            "consent": consent_of(record).consent,
        }
        record = step(actor, record, "rescreened", day_inputs=answers, rescreened_on=on, **links)
        return _keep_findings(record)


def acknowledge_cautions(actor: User, *, record_id: int, version: int, rules: Iterable[str]) -> TreatmentRecord:
    """The doctor has read each caution of today; raises ClinicError while one is left out."""
    access.require(actor, Can.INJECT)
    with atomic():
        record = seen(actor, record_id, version)
        if record.candidacy is None:
            raise Conflict(_("Today's re-screen is not done."))
        wanted = caution_rules(record)
        left = sorted(wanted - set(rules))
        if left:
            raise ClinicError(_("Acknowledge each caution first: %(rules)s.") % {"rules": ", ".join(left)}, "rules")
        for rule in sorted(wanted):
            Acknowledgement.objects.get_or_create(
                candidacy=record.candidacy, rule=rule, defaults={"by": actor, "at": clock.now()}
            )
            audit.record(actor, "caution.acknowledged", record.candidacy, patient_id=record.patient_id, reason=rule)
        return step(actor, record, "cautions_read")


def record_checklist(
    actor: User, *, record_id: int, version: int, step_id: str, answers: Mapping[str, str]
) -> TreatmentRecord:
    """Add answers to items of one step: done, not_done or not_applicable; an unchanged answer adds nothing."""
    access.require(actor, Can.PREPARE_TREATMENT)
    with atomic():
        record = seen(actor, record_id, version)
        items = {item.id for row in steps_of(record) if row.id == step_id for item in row.items}
        if not answers or not set(answers) <= items or not set(answers.values()) <= set(ANSWERS):
            raise ClinicError(_("Answer done, not done or not applicable."))
        last = {entry.item: entry.answer for entry in record.checklist.filter(step=step_id).order_by("pk")}
        ChecklistEntry.objects.bulk_create(
            ChecklistEntry(record=record, step=step_id, item=item, answer=answer, by=actor, at=clock.now())
            for item, answer in answers.items()
            if last.get(item) != answer
        )
        return step(actor, record, "checked", step_id)


def _keep_findings(record: TreatmentRecord) -> TreatmentRecord:
    day = readiness_of(record).day
    found = stored(day.findings) if day else []
    TreatmentRecord.objects.filter(pk=record.pk).update(day_findings=found)
    record.day_findings = found
    return record
