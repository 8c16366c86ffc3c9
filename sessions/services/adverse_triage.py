"""A call about signs after a session: answered at once, kept word for word, and heard by whoever has to act (8.4)."""

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError
from mesoclinic.rules.tri import Tri
from mesoclinic.transactions import atomic
from patients.models import Patient
from patients.queries.people import patient_for
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.adverse_events import TriageAnswer
from sessions.models import AdverseEvent, Triage
from sessions.queries.adverse import directors_at, event_for, is_assessed, lots_given_to, records_of, site_of
from sessions.rules.adverse_told import Call, Report
from sessions.rules.triage import has_red_flag, triage
from sessions.services.adverse import open_event, tell_again
from sessions.services.adverse_effects import SAME_DAY, ask, tell


def answer_call(actor: User, *, patient_id: int, call: Call) -> Triage:
    """Keep the call with its answer; a reported sign is an adverse event, which nobody has assessed yet."""
    access.require(actor, Can.TRIAGE)
    with atomic():
        patient = patient_for(actor, patient_id)
        site = site_of(actor, patient)
        found = triage(call.signs, current_catalogue(), temperature_c=call.temperature_c)
        if not any(state is not Tri.UNKNOWN for state in call.signs.values()) and call.temperature_c is None:
            raise ClinicError(_("Ask about the signs first: none is answered."))
        grave = has_red_flag(found) is not Tri.NO
        event = _event(actor, patient, call, grave=grave) if found.signs else None
        made = Triage.objects.create(
            patient=patient,
            site=site,
            event=event,
            signs={sign: state.value for sign, state in call.signs.items()},
            temperature_c=call.temperature_c,
            answer=found.answer.id if found.answer else "",
            text=call.text.strip(),
            by=actor,
            at=clock.now(),
        )
        audit.record(actor, "triage.answered", made, patient_id=patient.pk, site_id=site.pk)
        if event is not None:
            # What nobody can answer yet, as more urgent signs were not asked, is for a doctor the same day.
            _heard(actor, made, found.answer or current_catalogue().row(TriageAnswer, SAME_DAY))
            if has_red_flag(found) is Tri.YES:
                page_on_call(event, made)
    return made


def page_on_call(event: AdverseEvent, made: Triage) -> None:
    """Tell whoever is on call, or the directors of a site without one; call it inside the responsible service."""
    site = made.site
    on_call = [site.on_call] if site.on_call and site.on_call.is_active else directors_at(site)
    tell(event, on_call, f"red_flag:{made.pk}")


def _event(actor: User, patient: Patient, call: Call, *, grave: bool) -> AdverseEvent:
    """The event that the call is about; a red flag about one that was judged already is judged as a new one."""
    about = event_for(actor, call.event_id) if call.event_id is not None else None
    if about is not None:
        if about.patient_id != patient.pk:
            raise ClinicError(_("There is no such event of this patient."), "event_id")
        tell_again(actor, about, call.text)
        if not (grave and is_assessed(about)):
            return about
    last = records_of(patient).first()
    given = {use.lot_id for use in last.lot_uses.all()} if last else set()
    report = Report(
        code="",
        grade=None,
        onset_at=clock.now(),
        record_id=last.pk if last else None,
        description=call.text.strip(),
        lots=tuple(lot.pk for lot in lots_given_to(patient) if lot.pk in given),
        reporter=AdverseEvent.Reporter.PATIENT,
    )
    return open_event(actor, patient=patient, report=report, by=actor)


def _heard(actor: User, made: Triage, row: TriageAnswer) -> None:
    """Whatever needs somebody within some time stands on the doctors' list until then."""
    if row.red_flag or row.target_hours is not None:
        ask(actor, made.site, made.patient, _("Call back (%(answer)s).") % {"answer": row.answer}, row)
