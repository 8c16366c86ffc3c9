"""When facts, the release or a lot change, what rests on them is judged anew and what it endangers is flagged."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.actors import Actor
from mesoclinic.transactions import atomic
from patients.models import Candidacy, Consultation, FactSheet, FormulationCheck, Patient, PlanVersion
from patients.queries.consultations import today_at
from patients.queries.overrides import overridden_in
from patients.queries.plans import open_versions
from patients.rules.candidacy import TREATABLE
from patients.rules.overrides import effective
from patients.services.candidacy import judge
from patients.services.plans import OK_RESULTS, check_version
from protocols.models import Lot
from protocols.queries.catalogue import current_release
from sessions.models import TreatmentRecord, TreatmentSession
from sessions.queries.stops import event_stops

FACTS_CHANGED = "facts changed"
OVERRIDDEN = "finding overridden"
RELEASE_ACTIVATED = "release activated"
AHEAD = (TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED)
STOPS = frozenset({"contraindicated", "refer", "defer", "block", "missing"})
FLAG_LENGTH = TreatmentSession._meta.get_field("flag").max_length or 0


def recheck_open_plans(*, actor: Actor, patient_id: int, cause: str = FACTS_CHANGED) -> None:
    """Give each open plan a new verdict and safety check; its coming sessions carry the reason when one is a stop."""
    with atomic():
        patient = Patient.objects.get(pk=patient_id)
        sheet = FactSheet.objects.filter(patient=patient).order_by("-number").first()
        if sheet is None:
            return
        for version in open_versions(patient):
            on = today_at(version.plan.site)
            verdict = judge(actor, sheet=sheet, release=current_release(), on=on, cause=cause)
            check = check_version(actor, version=version, sheet=sheet, cause=cause)
            ahead = TreatmentSession.objects.filter(series__plan_version=version, state__in=AHEAD)
            void = version.plan.consultation.state == Consultation.State.VOIDED
            _flag(
                actor, ahead, _("The consultation of this plan is void.") if void else _reason(version, verdict, check)
            )


def recheck_after_override(*, actor: Actor, patient_id: int) -> None:
    """What a doctor has set aside no longer stops the coming sessions."""
    recheck_open_plans(actor=actor, patient_id=patient_id, cause=OVERRIDDEN)


def recheck_every_open_plan(*, actor: Actor, release_id: int) -> None:
    """The release that is now current may say no where the one before said yes."""
    with atomic():
        planned = PlanVersion.objects.filter(state=PlanVersion.State.SIGNED).values_list("plan__patient", flat=True)
        for patient_id in sorted(set(planned)):
            recheck_open_plans(actor=actor, patient_id=patient_id, cause=RELEASE_ACTIVATED)


def flag_prepared(*, actor: Actor, lot_id: int) -> None:
    """Sessions that are prepared with a withheld lot and not yet started say so; their start refuses the lot anyway."""
    with atomic():
        lot = Lot.objects.get(pk=lot_id)
        prepared = TreatmentRecord.objects.filter(
            lot_uses__lot=lot, state=TreatmentRecord.State.OPEN, started_at__isnull=True
        )
        sessions = TreatmentSession.objects.filter(records__in=prepared).distinct()
        words = {"number": lot.number, "state": lot.get_state_display().lower()}
        _flag(actor, sessions, _("Lot %(number)s is %(state)s. Draw up from another.") % words)


def _reason(version: PlanVersion, verdict: Candidacy, check: FormulationCheck) -> str:
    """Why a session may not take place as things stand, empty when nothing stops it."""
    rules = [f"{found.rule} {found.reason}" for found in event_stops(version)]
    aside = overridden_in(verdict, on=verdict.evaluated_on)
    if effective(verdict.verdict, verdict.findings, aside) not in TREATABLE:
        left = [found for found in verdict.findings if found["rule"] not in aside]
        rules += _stopping(left) or list(verdict.missing)
    if check.result not in OK_RESULTS:
        rules += _stopping(check.findings)
    return ", ".join(dict.fromkeys(rules))


def _stopping(findings: Iterable[dict[str, str]]) -> list[str]:
    return [f"{found['rule']} {found['reason']}".strip() for found in findings if found["level"] in STOPS]


def _flag(actor: Actor, sessions: Iterable[TreatmentSession], reason: str) -> None:
    mark = _("Check before the session:")
    flag = f"{mark} {reason}"[:FLAG_LENGTH] if reason else ""
    for session in sessions:
        # A flag of another kind, such as a cancelled visit, stays until something stops the session.
        if session.flag == flag or (not flag and not session.flag.startswith(mark)):
            continue
        session.flag = flag
        session.save(update_fields=["flag"])
        audit.record(actor, "session.flagged" if flag else "session.cleared", session, changed=["flag"])
