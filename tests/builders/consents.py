"""Consents, led through their own services or, where only a valid one is needed, made directly."""

import json
from typing import Any
from uuid import uuid4

from mesoclinic import clock
from mesoclinic.accounts import User
from patients.documents.signature import Signature
from patients.models import Component, Consent, PlanVersion
from patients.queries.consent_form import current_form
from patients.rules.consent import required_elements
from patients.services.consents import offer_consent, show_consent, sign_consent
from protocols.models import Product
from protocols.queries.catalogue import current_catalogue

STROKES = json.dumps([{"points": [{"x": 10 * step, "y": 40 + step % 3 * 9, "time": step} for step in range(20)]}])


def component(version: PlanVersion, ingredient: str = "VIT_BIOTIN", **over: Any) -> Component:
    """One millilitre of a product of this ingredient in a plan's mixture."""
    name = over.pop("name", f"{ingredient.title()} ampoule")
    product, _new = Product.objects.get_or_create(
        name=name, defaults={"ingredient": ingredient, "manufacturer": "Maker", "container": "single_dose"}
    )
    return Component.objects.create(plan_version=version, product=product, ingredient=ingredient, volume_ml=1, **over)


def shown(doctor: User, version: PlanVersion, language: str = "en", **over: str) -> Consent:
    """A consent that the patient is reading."""
    offered = offer_consent(doctor, plan_version=version, language=language)
    fields = {"how": "Face to face", "interpreter": "", "present": ""}
    return show_consent(doctor, consent_id=offered.pk, **(fields | over))


def signature(consent: Consent, **over: Any) -> Signature:
    """Everything acknowledged, answered rightly and signed with the typed name; no separate choice is given."""
    fields: dict[str, Any] = {
        "text_sha256": consent.text_sha256,
        "acknowledged": {section["id"]: "" for section in consent.text["sections"]},
        "answers": {each["id"]: each["right"] for each in consent.text["questions"]},
        "choices": {},
        "method": "typed",
        "name": consent.patient.full_name,
    }
    return Signature(**(fields | over))


def signed(doctor: User, version: PlanVersion, **over: Any) -> Consent:
    """A signed consent with its paper."""
    consent = shown(doctor, version)
    return sign_consent(doctor, consent_id=consent.pk, signature=signature(consent, **over), key=uuid4().hex)


def recorded(doctor: User, version: PlanVersion, **over: Any) -> Consent:
    """A signed consent without its paper, made directly: the way to a signed one has tests of its own."""
    now = clock.now()
    elements = [{"id": name, "at": now.isoformat()} for name in required_elements(current_catalogue())]
    fields: dict[str, Any] = {
        "patient": version.plan.patient,
        "site": version.plan.site,
        "kind": Consent.Kind.TREATMENT,
        "plan_version": version,
        "template_version": current_form(),
        "language": "en",
        "elements": elements,
        "state": Consent.State.SIGNED,
        "offered_by": doctor,
        "offered_at": now,
        "signed_at": now,
        "signed_on": now.astimezone(version.plan.site.zone).date(),
        "method": "typed",
    }
    return Consent.objects.create(**(fields | over))
