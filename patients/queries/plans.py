"""Treatment plans within an actor's scope, and their mixture as the rules read it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol as Shape

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope, StaleRecord
from patients.models import Patient, PlanVersion, SignOff, TreatmentPlan
from patients.queries.people import reached
from protocols.models import Lot, Product
from protocols.rules.mixture import Component, Formulation, Syringe
from protocols.rules.mixture import Product as ProductRecord
from protocols.rules.technique import TechniquePlan, ZoneArea


class Part(Shape):
    """A product in a mixture, stored or only typed."""

    @property
    def product(self) -> Product: ...

    @property
    def volume_ml(self) -> Decimal: ...

    @property
    def mg_per_ml(self) -> Decimal | None: ...

    @property
    def syringe(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One product of a mixture as it was typed."""

    product: Product
    volume_ml: Decimal
    syringe: str
    mg_per_ml: Decimal | None


def plans_for(actor: Actor) -> QuerySet[TreatmentPlan]:
    """Plans of patients within reach."""
    found = TreatmentPlan.objects.filter(reached(actor))
    return found.select_related("patient", "site", "consultation")


def plan_for(actor: Actor, plan_id: int) -> TreatmentPlan:
    """One plan; raises OutOfScope for another site's and for none at all alike."""
    found = plans_for(actor).filter(pk=plan_id).first()
    if found is None:
        raise OutOfScope(_("There is no such plan at your sites."))
    return found


def latest_version(plan: TreatmentPlan) -> PlanVersion | None:
    """The newest version of a plan, with its components."""
    versions = plan.versions.select_related("release", "signed_by", "candidacy")
    return versions.prefetch_related("components__product", "sign_offs", "checks").order_by("-number").first()


def version_of(plan: TreatmentPlan) -> PlanVersion:
    """The newest version; a plan always has one."""
    found = latest_version(plan)
    if found is None:
        raise OutOfScope(_("There is no such plan at your sites."))
    return found


def signed_version_of(plan: TreatmentPlan) -> PlanVersion:
    """The version that is signed now; raises StaleRecord while there is none."""
    signed = plan.versions.filter(state=PlanVersion.State.SIGNED).select_related("release", "signed_by", "plan__site")
    found = signed.prefetch_related("components__product").first()
    if found is None:
        raise StaleRecord(_("Sign the plan first."))
    return found


def versions_of(plan: TreatmentPlan) -> QuerySet[PlanVersion]:
    """Every version of a plan, the newest first."""
    return plan.versions.select_related("signed_by").order_by("-number")


def open_versions(patient: Patient) -> QuerySet[PlanVersion]:
    """The signed versions of a patient's plans that nothing has ended."""
    found = PlanVersion.objects.filter(plan__patient=patient, state=PlanVersion.State.SIGNED)
    return found.select_related("plan__site", "release").prefetch_related("components__product")


def mixture_of(version: PlanVersion, *, lots: Mapping[int, Lot] | None = None) -> Formulation:
    """What a version would inject; `lots` (product id -> lot) are those chosen for the day."""
    return mixture(
        version.components.all(),
        cream=version.anaesthetic_cream,
        reason=version.la_soft_limit_reason,
        signed_off=granted(version),
        lots=lots,
        compatible=version.compatible_syringes,
    )


def mixture(
    parts: Iterable[Part],
    *,
    cream: str = "none",
    reason: str = "",
    signed_off: frozenset[str] = frozenset(),
    lots: Mapping[int, Lot] | None = None,
    compatible: Iterable[str] = (),
) -> Formulation:
    """Products with volumes as the rules read them; before the day nobody knows the lot, so it is not judged."""
    return Formulation(
        components=tuple(
            Component(
                ingredient=part.product.ingredient,
                volume_ml=part.volume_ml,
                mg_per_ml=part.mg_per_ml,
                syringe=part.syringe,
                product=_record(part.product, lots.get(part.product.pk) if lots is not None else None, lots is None),
            )
            for part in parts
        ),
        syringes=tuple(Syringe(name, compat_recorded=True) for name in compatible),
        director_sign_off=signed_off,
        anaesthetic_cream=cream,
        la_soft_limit_reason=reason,
    )


def technique_of(version: PlanVersion) -> TechniquePlan:
    """How a version is to be injected."""
    return TechniquePlan(
        technique=version.technique,
        zones=zones_of(version.zones),
        spacing_cm=version.spacing_cm,
        ml_per_point=version.ml_per_point,
        depth_mm=version.depth_mm,
        protocol=version.protocol,
        volume_mode=version.volume_mode,
        volume_ml=version.volume_ml,
    )


def zones_of(stored: Iterable[Mapping[str, str]]) -> tuple[ZoneArea, ...]:
    """The zones as the rules read them."""
    return tuple(ZoneArea(zone["zone"], Decimal(zone["area_cm2"])) for zone in stored)


def granted(version: PlanVersion, parts: Iterable[Part] | None = None, *, cream: str | None = None) -> frozenset[str]:
    """Ingredients that the director has signed off for this version and exactly this formulation of it.

    Without `parts` and `cream` the formulation is the stored one.
    """
    signed = SignOff.objects.filter(plan_version=version, state=SignOff.State.GRANTED)
    return frozenset(
        signed.filter(
            formulation_sha256=formulation_digest(
                version.components.all() if parts is None else parts,
                cream=version.anaesthetic_cream if cream is None else cream,
            )
        ).values_list("ingredient", flat=True)
    )


def formulation_digest(parts: Iterable[Part], *, cream: str) -> str:
    """SHA-256 of what is injected: products, volumes, strengths, syringes and the cream, in whatever order."""
    content = sorted(
        [part.product.pk, part.product.ingredient, _plain(part.volume_ml), _plain(part.mg_per_ml), part.syringe]
        for part in parts
    )
    canonical = json.dumps({"components": content, "cream": cream}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _record(product: Product, lot: Lot | None, before_the_day: bool) -> ProductRecord:
    unmarked = {None: "unknown", False: "no", True: "yes"}
    opened = _opened_on(lot)
    return ProductRecord(
        sterile=product.sterile,
        for_injection=product.for_injection,
        cosmetic=product.cosmetic,
        composition_known=product.composition_known,
        lot=lot.number if lot else ("LOT" if before_the_day else ""),
        lot_expiry=lot.expires_on if lot else None,
        lot_status=lot.state if lot else Lot.State.RELEASED,
        vehicle=tuple(product.vehicle),
        cross_linked=unmarked[product.cross_linked],
        label_concentration=product.mg_per_ml is not None,
        injectable_proof=product.injectable_proof,
        director_approved=product.director_approved_at is not None,
        label_allergens=tuple(product.label_allergens),
        container=product.container,
        opened_on=opened,
        open_limit_days=product.open_limit_days,
    )


def _opened_on(lot: Lot | None) -> date | None:
    vial = lot.opened_vials.filter(discarded_at=None).order_by("opened_on").first() if lot else None
    return vial.opened_on if vial else None
