"""Check-ins after a session: a link to each, and what an answer sets in motion at once (clinical.md 8.4, 9.1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor, PatientByLink
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.tri import Tri
from mesoclinic.transactions import atomic
from patients.models import PatientLink, Todo
from patients.queries.links import open_links
from patients.services.links import Wanted, link_of, locked, make_links, revoke
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.adverse_events import TriageAnswer
from sessions.models import AdverseEvent, CheckIn, TreatmentRecord, Triage
from sessions.queries.adverse_pages import sign_words
from sessions.queries.check_ins import PURPOSE, OwnCheckIn, check_in_subject, own_check_in
from sessions.rules.adverse_told import Report
from sessions.rules.check_in import Answered, Level, answered
from sessions.services.adverse import open_event
from sessions.services.adverse_effects import SAME_DAY, ask
from sessions.services.adverse_triage import page_on_call

ASKS = frozenset({"MSG-04", "MSG-05", "MSG-06", "MSG-07a", "MSG-07b"})
# Somebody who answers late is heard as well.
OPEN_FOR = timedelta(days=28)
# A second tap on the button is no second answer.
SAME_TAP = timedelta(minutes=10)


def link_check_ins(actor: Actor, record: TreatmentRecord, times: Mapping[str, datetime]) -> None:
    """A link to each check-in of a session, inside the open transaction; what is there stays."""
    by = record.signed_by or record.opened_by
    known = set(open_links(PURPOSE).filter(patient=record.patient_id).values_list("subject", flat=True))
    wanted = [
        Wanted(record.patient, record.site, check_in_subject(record.pk, rule), by, due + OPEN_FOR)
        for rule, due in times.items()
        if rule in ASKS and check_in_subject(record.pk, rule) not in known
    ]
    make_links(actor, wanted, purpose=PURPOSE)


def end_check_ins(actor: Actor, record: TreatmentRecord) -> None:
    """The links of a record that was voided open nothing any more, inside the open transaction."""
    mine = open_links(PURPOSE).filter(patient=record.patient_id, subject__startswith=f"treatment:{record.pk}:")
    for link in mine:
        revoke(actor, link)


def answer_check_in(actor: PatientByLink, *, answers: Mapping[str, Sequence[str]]) -> CheckIn:
    """Keep what was tapped. A sign that needs a call is an event, on the doctors' list, and a red flag pages now."""
    access.require(actor, Can.ANSWER_CHECK_IN)
    with atomic():
        found, link = _mine(actor), locked(actor)
        if found.last is not None and _same(found.last, answers):
            return found.last
        told = answered(answers, current_catalogue())
        made, todo = _heard(actor, found, link, told) if told.level != Level.GREEN else (None, None)
        kept = CheckIn.objects.create(
            notice=found.notice,
            answers=dict(answers),
            level=told.level.value,
            answered_at=clock.now(),
            triage=made,
            todo=todo,
        )
        audit.record(actor, "check_in.answered", kept, patient_id=link.patient_id, site_id=found.record.site_id)
    return kept


def _mine(actor: PatientByLink) -> OwnCheckIn:
    found = own_check_in(link_of(actor))
    if found is None:
        raise OutOfScope(_("This link does not work any more."))
    return found


def _same(last: CheckIn, answers: Mapping[str, Sequence[str]]) -> bool:
    return last.answers == dict(answers) and clock.now() - last.answered_at < SAME_TAP


def _heard(actor: PatientByLink, found: OwnCheckIn, link: PatientLink, told: Answered) -> tuple[Triage, Todo]:
    record, now = found.record, clock.now()
    event = _event(actor, record, link.made_by, told)
    made = Triage.objects.create(
        patient=record.patient,
        site=record.site,
        event=event,
        signs={sign: state.value for sign, state in told.signs.items()},
        answer=told.triaged.answer.id if told.triaged.answer else "",
        text=_("Answered by link."),
        by=link.made_by,
        at=now,
    )
    # What nobody can answer yet is for a doctor the same day, as on the phone.
    row = told.triaged.answer or current_catalogue().row(TriageAnswer, SAME_DAY)
    todo = ask(actor, record.site, record.patient, _("Call back (%(answer)s).") % {"answer": row.answer}, row)
    if told.level == Level.RED:
        page_on_call(event, made)
    return made, todo


def _event(actor: PatientByLink, record: TreatmentRecord, by: User, told: Answered) -> AdverseEvent:
    signs = ", ".join(sign_words([sign for sign, state in told.signs.items() if state is Tri.YES]))
    report = Report(
        code="",
        grade=None,
        onset_at=clock.now(),
        record_id=record.pk,
        description=_("The patient answered by link: %(signs)s.") % {"signs": signs or _("not everything was asked")},
        lots=tuple(sorted({use.lot_id for use in record.lot_uses.all()})),
        reporter=AdverseEvent.Reporter.PATIENT,
    )
    return open_event(actor, patient=record.patient, report=report, by=by)
