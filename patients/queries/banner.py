"""The line that stands on every patient page: who it is, and the safety facts that must not scroll away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from mesoclinic.access import Can, may
from mesoclinic.actors import Actor
from patients.models import FactSheet, Patient, Sex
from patients.queries.people import kept


@dataclass(frozen=True, slots=True)
class SafetyFact:
    """One safety fact in words; level is bad (it matters), ok (asked and clear) or info (nobody knows)."""

    text: str
    level: str
    observed_on: str = ""


@dataclass(frozen=True, slots=True)
class Banner:
    """Identity, and the safety facts when the actor may see them."""

    patient: Patient
    age: int
    clinical: bool
    allergies: SafetyFact | None = None
    pregnancy: SafetyFact | None = None
    blood_thinners: SafetyFact | None = None

    @property
    def language(self) -> str:
        """The patient's language in words."""
        return str(dict(settings.LANGUAGES).get(self.patient.language, self.patient.language))


def banner_for(actor: Actor, patient: Patient, *, on: date, facts: Mapping[str, Any] | None = None) -> Banner:
    """The banner of a patient within scope; `facts` saves the query when the page has them already."""
    age = age_on(patient.birth_date, on)
    if not may(actor, Can.VIEW_CLINICAL):
        return Banner(patient, age, clinical=False)
    known = current_facts(patient) if facts is None else facts
    return Banner(patient, age, True, _allergies(known), _pregnancy(known, patient), _blood_thinners(known))


def current_facts(patient: Patient) -> Mapping[str, Any]:
    """The facts of the patient's last sheet, empty when there is none; a merged record has those of the kept one."""
    sheet = FactSheet.objects.filter(patient=kept(patient)).order_by("-number").first()
    return sheet.facts if sheet else {}


def age_on(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _unknown() -> SafetyFact:
    return SafetyFact(_("Not recorded"), "info")


def _allergies(facts: Mapping[str, Any]) -> SafetyFact:
    listed = _value(facts, "allergies") or []
    if listed:
        names = ", ".join(_words(entry.get("class", "") if isinstance(entry, dict) else entry) for entry in listed)
        return SafetyFact(names, "bad", _seen(facts, "allergies"))
    if _is(facts, "allergies_reviewed", "yes"):
        return SafetyFact(_("None known"), "ok", _seen(facts, "allergies_reviewed"))
    return _unknown()


def _pregnancy(facts: Mapping[str, Any], patient: Patient) -> SafetyFact:
    if Sex.MALE in (patient.sex_at_birth, _value(facts, "sex_at_birth")):
        return SafetyFact(_("Does not apply"), "ok")
    status = str(_value(facts, "pregnancy_status") or "")
    words = {"not_pregnant": _("Not pregnant"), "possible": _("Possible"), "pregnant": _("Pregnant")}
    if status in words:
        level = "ok" if status == "not_pregnant" else "bad"
        return SafetyFact(words[status], level, _seen(facts, "pregnancy_status"))
    if _is(facts, "childbearing_potential", "no"):
        return SafetyFact(_("Not possible"), "ok", _seen(facts, "childbearing_potential"))
    return _unknown()


def _blood_thinners(facts: Mapping[str, Any]) -> SafetyFact:
    values = [_value(facts, field) for field in ("anticoagulant", "antiplatelet")]
    taken = [_words(str(value)) for value in values if value not in (None, "", "none", "unknown")]
    if taken:
        return SafetyFact(", ".join(taken), "bad", _seen(facts, "anticoagulant"))
    if all(value == "none" for value in values):
        return SafetyFact(_("None known"), "ok", _seen(facts, "anticoagulant"))
    return _unknown()


def _value(facts: Mapping[str, Any], field: str) -> Any:
    fact = facts.get(field)
    return fact.get("value") if isinstance(fact, dict) else fact


def _seen(facts: Mapping[str, Any], field: str) -> str:
    fact = facts.get(field)
    return str(fact.get("observed_on") or "") if isinstance(fact, dict) else ""


def _is(facts: Mapping[str, Any], field: str, answer: str) -> bool:
    value = _value(facts, field)
    return value == answer or (isinstance(value, bool) and value == (answer == "yes"))


def _words(code: str) -> str:
    return str(code).replace("_", " ")
