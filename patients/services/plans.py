"""A treatment plan's life: drafted, checked, signed with its number of sessions, superseded by the next version."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, RuleBroken, StaleRecord
from mesoclinic.transactions import atomic
from patients.models import (
    Candidacy,
    Component,
    Consultation,
    FactSheet,
    FormulationCheck,
    PlanVersion,
    TreatmentPlan,
)
from patients.queries.acknowledgements import acknowledged, stored
from patients.queries.candidacy import newest_sheet, verdict_on
from patients.queries.consultations import consultation_for, today_at
from patients.queries.overrides import verdict_after
from patients.queries.plans import Ingredient, mixture_of, plan_for, technique_of, version_of
from patients.rules.candidacy import TREATABLE
from patients.services.candidacy import acknowledge, judge
from patients.services.hold import hold
from protocols.models import CatalogueRelease
from protocols.queries.catalogue import catalogue_of, current_release, may_finalise
from protocols.rules.facts import from_sheet
from protocols.rules.formulation import check_mixture
from protocols.rules.kinds.schedule import Protocol

OK_RESULTS = ("ok", "ok_with_warnings")


class Wishes(TypedDict, total=False):
    """What a plan asks for; keys are those of the form and of the row."""

    protocol: str
    technique: str
    zones: list[dict[str, str]]
    spacing_cm: Decimal | None
    ml_per_point: Decimal | None
    depth_mm: Decimal | None
    volume_mode: str
    volume_ml: Decimal | None
    anaesthetic_cream: str
    la_soft_limit_reason: str
    compatible_syringes: list[str]
    session_count: int
    goals: str


def draft_plan(actor: User, *, consultation_id: int) -> TreatmentPlan:
    """The open draft that came out of a signed consultation, or a new one."""
    access.require(actor, Can.SIGN_PLAN)
    with atomic():
        consultation = consultation_for(actor, consultation_id)
        if consultation.state != Consultation.State.SIGNED:
            raise ClinicError(_("Sign the consultation first. The plan comes from it."))
        known = TreatmentPlan.objects.filter(consultation=consultation).first()
        if known is not None:
            return known
        plan = TreatmentPlan.objects.create(
            patient=hold(consultation.patient_id),
            consultation=consultation,
            site=consultation.site,
            created_at=clock.now(),
        )
        _new_version(plan, current_release(), number=1)
        audit.record(actor, "plan.drafted", plan, patient_id=plan.patient_id)
    return plan


def revise_plan(actor: User, *, plan_id: int) -> PlanVersion:
    """A new draft version of a signed plan, starting from what was signed."""
    access.require(actor, Can.SIGN_PLAN)
    with atomic():
        plan = plan_for(actor, plan_id)
        last = version_of(plan)
        if last.state == PlanVersion.State.DRAFT:
            return last
        copied = {name: getattr(last, name) for name in Wishes.__annotations__}
        fresh = _new_version(plan, current_release(), number=last.number + 1, **copied)
        for part in last.components.all():
            part.pk, part._state.adding, part.plan_version = None, True, fresh
            part.save()
        audit.record(actor, "plan.revised", fresh, patient_id=plan.patient_id)
    return fresh


def save_plan(
    actor: User, *, plan_id: int, version: int, parts: Sequence[Ingredient], **wishes: Unpack[Wishes]
) -> PlanVersion:
    """Keep a draft; raises StaleRecord when another saved in between or signed it."""
    access.require(actor, Can.SIGN_PLAN)
    with atomic():
        draft = _draft(actor, plan_id)
        seen = PlanVersion.objects.filter(pk=draft.pk, version=version, state=PlanVersion.State.DRAFT)
        if not seen.update(version=F("version") + 1, **wishes):
            raise StaleRecord(_("This plan was saved by somebody else meanwhile. What you typed is still here."))
        draft.components.all().delete()
        Component.objects.bulk_create(
            Component(
                plan_version=draft,
                product=part.product,
                ingredient=part.product.ingredient,
                volume_ml=part.volume_ml,
                mg_per_ml=part.mg_per_ml,
                syringe=part.syringe,
            )
            for part in parts
        )
        audit.record(actor, "plan.saved", draft, patient_id=draft.plan.patient_id, changed=sorted(wishes))
    return PlanVersion.objects.get(pk=draft.pk)


def sign_plan(actor: User, *, plan_id: int, version: int, read: Iterable[str] = ()) -> PlanVersion:
    """Lock a draft: only with today's verdict that lets treatment go on and a mixture that was checked and is safe."""
    access.require(actor, Can.SIGN_PLAN)
    with atomic():
        draft = _draft(actor, plan_id)
        if draft.version != version:
            raise StaleRecord(_("This plan was changed meanwhile. Read it again before you sign."))
        _stands(draft)
        verdict = _verdict(actor, draft, read)
        check = check_version(actor, version=draft, sheet=verdict.fact_sheet, cause="plan signed")
        if check.result not in OK_RESULTS:
            raise RuleBroken(_("The safety check does not allow this mixture. Each finding says why."))
        _fits_protocol(draft)
        _may_finalise(draft)
        earlier = PlanVersion.objects.filter(plan=draft.plan, state=PlanVersion.State.SIGNED)
        earlier.update(state=PlanVersion.State.SUPERSEDED)
        PlanVersion.objects.filter(pk=draft.pk).update(
            state=PlanVersion.State.SIGNED, signed_at=clock.now(), signed_by=actor, candidacy=verdict
        )
        audit.record(actor, "plan.signed", draft, patient_id=draft.plan.patient_id)
        news.announce("plan.signed", actor=actor, plan_version_id=draft.pk)
    return PlanVersion.objects.get(pk=draft.pk)


def check_version(
    actor: Actor, *, version: PlanVersion, sheet: FactSheet, cause: str, lots: dict[int, Any] | None = None
) -> FormulationCheck:
    """Check a version's mixture for what is known of the patient today, and keep the check."""
    on = today_at(version.plan.site)
    catalogue = catalogue_of(version.release)
    facts = from_sheet(sheet.facts, evaluated_on=on, catalogue=catalogue)
    formulation = mixture_of(version, lots=lots)
    result = check_mixture(formulation, technique_of(version), facts=facts, evaluated_on=on, catalogue=catalogue)
    with atomic():
        made = FormulationCheck.objects.create(
            plan_version=version,
            mixture=_plain(asdict(formulation)),
            fact_sheet=sheet,
            release=version.release,
            evaluated_on=on,
            cause=cause,
            result=result.result,
            findings=stored(result.findings),
            missing=list(result.missing),
            made_at=clock.now(),
        )
        audit.record(actor, "formulation.checked", made, patient_id=version.plan.patient_id, reason=cause)
    return made


def _draft(actor: User, plan_id: int) -> PlanVersion:
    draft = version_of(plan_for(actor, plan_id))
    if draft.state != PlanVersion.State.DRAFT:
        raise StaleRecord(_("This plan is signed. Make a new version instead."))
    return draft


def _verdict(actor: User, draft: PlanVersion, read: Iterable[str]) -> Candidacy:
    """The verdict on what is known today, every caution of it read: earlier for the same facts, or now."""
    patient, on, release = draft.plan.patient, today_at(draft.plan.site), current_release()
    sheet = newest_sheet(patient)
    if sheet is None:
        raise RuleBroken(_("Nothing is known of this patient yet. Sign a consultation first."))
    verdict = verdict_on(sheet, release=release, on=on)
    verdict = verdict or judge(actor, sheet=sheet, release=release, on=on, cause="plan signed")
    if verdict_after(verdict, on=on) not in TREATABLE:
        raise RuleBroken(_("The verdict does not allow treatment now. It says what has to change first."))
    if not acknowledged(verdict):
        acknowledge(actor, candidacy=verdict, rules=read)
    return verdict


def _stands(draft: PlanVersion) -> None:
    if draft.plan.consultation.state == Consultation.State.VOIDED:
        raise RuleBroken(_("The consultation of this plan is void. Make a plan from another consultation."))


def _fits_protocol(draft: PlanVersion) -> None:
    protocol = catalogue_of(draft.release).row(Protocol, draft.protocol)
    words = {"name": protocol.id, "most": protocol.sessions}
    if not protocol.offered:
        raise RuleBroken(_("%(name)s is not offered. Choose another protocol.") % words, field="protocol")
    if draft.session_count > protocol.sessions:
        raise RuleBroken(_("%(name)s has at most %(most)d sessions.") % words, field="session_count")


def _may_finalise(draft: PlanVersion) -> None:
    used = [("protocol", draft.protocol), ("technique", draft.technique)]
    used += [("ingredient", part.ingredient) for part in draft.components.all()]
    if not may_finalise(draft.plan.site, draft.release, used):
        raise RuleBroken(_("The medical director has not approved every catalogue row that this plan uses."))


def _new_version(plan: TreatmentPlan, release: CatalogueRelease, *, number: int, **wishes: Any) -> PlanVersion:
    offered = [row for row in catalogue_of(release).of(Protocol) if row.offered and not row.maintenance]
    first = offered[0]
    usual = {"protocol": first.id, "technique": first.techniques[0], "session_count": first.sessions, "zones": []}
    return PlanVersion.objects.create(
        plan=plan, number=number, release=release, made_at=clock.now(), **(usual | wishes)
    )


def _plain(value: dict[str, Any]) -> Any:
    sets = {name: sorted(each) if isinstance(each, frozenset) else each for name, each in value.items()}
    return json.loads(json.dumps(sets, cls=DjangoJSONEncoder))
