"""The director's sign-off: asked for with a reason, decided once, for one plan version and one formulation."""

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.transactions import atomic
from patients.models import PlanVersion, SignOff, Todo
from patients.queries.plans import formulation_digest, plan_for, version_of
from patients.queries.sign_offs import director_only, is_current, other_directors, sign_off_for

HOLDS = (SignOff.State.ASKED, SignOff.State.GRANTED)


def ask_sign_off(actor: User, *, plan_id: int, version: int, reason: str) -> list[SignOff]:
    """Ask the director for every director-only ingredient of a draft that nobody asked about in this mixture."""
    access.require(actor, Can.SIGN_PLAN)
    if not reason.strip():
        raise ClinicError(_("Say why the director should sign it off."), "sign_off_reason")
    with atomic():
        draft = version_of(plan_for(actor, plan_id))
        draft = PlanVersion.objects.select_for_update().get(pk=draft.pk)
        if draft.state != PlanVersion.State.DRAFT or draft.version != version:
            raise StaleRecord(_("This plan was changed meanwhile. Read it again before you ask."))
        digest = formulation_digest(draft.components.select_related("product"), cream=draft.anaesthetic_cream)
        known = SignOff.objects.filter(plan_version=draft, formulation_sha256=digest, state__in=HOLDS)
        asked = set(known.values_list("ingredient", flat=True))
        wanted = [name for name in director_only(draft) if name not in asked]
        if not wanted:
            raise ClinicError(_("Nothing in this mixture waits to be asked about."), "sign_off_reason")
        return [_asked(actor, draft, ingredient, digest, reason.strip()) for ingredient in wanted]


def decide_sign_off(actor: User, *, sign_off_id: int, granted: bool, reason: str) -> SignOff:
    """Approve or refuse once; raises StaleRecord when it was decided, or the mixture is no longer that asked about."""
    access.require(actor, Can.DECIDE_SIGN_OFF)
    if not reason.strip():
        raise ClinicError(_("Give the reason of your decision."), "reason")
    with atomic():
        found = sign_off_for(actor, sign_off_id)
        found = SignOff.objects.select_for_update().get(pk=found.pk)
        _still_asked(found)
        if found.asked_by_id == actor.pk and other_directors(found, than=actor):
            raise ClinicError(_("You asked for it yourself. Another director decides."), "reason")
        found.state = SignOff.State.GRANTED if granted else SignOff.State.REFUSED
        found.decided_by, found.decided_at, found.reason = actor, clock.now(), reason.strip()
        found.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        plan = found.plan_version.plan
        action = "sign_off.granted" if granted else "sign_off.refused"
        audit.record(actor, action, found, patient_id=plan.patient_id, site_id=plan.site_id, reason=found.reason)
        text = _("The director has approved %(code)s.") if granted else _("The director has refused %(code)s.")
        Todo.objects.create(
            site=plan.site, patient=plan.patient, user=found.asked_by, text=text % {"code": found.ingredient}
        )
    return found


def _asked(actor: User, draft: PlanVersion, ingredient: str, digest: str, reason: str) -> SignOff:
    made = SignOff.objects.create(
        plan_version=draft,
        ingredient=ingredient,
        formulation_sha256=digest,
        asked_by=actor,
        asked_at=clock.now(),
        asked_reason=reason,
    )
    plan = draft.plan
    audit.record(actor, "sign_off.asked", made, patient_id=plan.patient_id, site_id=plan.site_id, reason=reason)
    return made


def _still_asked(sign_off: SignOff) -> None:
    if sign_off.state != SignOff.State.ASKED:
        raise StaleRecord(_("This is already decided."))
    if sign_off.plan_version.state != PlanVersion.State.DRAFT or not is_current(sign_off):
        raise StaleRecord(_("The plan has changed since it was asked. The doctor has to ask again."))
