"""Facts for rule tests: a healthy man and a healthy woman (clinical.md 12.1) with keyword overrides."""

from datetime import date
from functools import cache

from protocols.release_files import read_release
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts, parse_facts

TODAY = date(2026, 3, 2)
SAFE: dict[str, object] = {
    "scarring_status": "none",
    "scalp_infection": "none",
    "scalp_inflammation": "none",
    "scalp_wound": "no",
    "suspicious_lesion": "no",
    "herpes": "none",
    "prior_meso_reaction": "none",
    "bleeding_disorder": "no",
    "anticoagulant": "none",
    "antiplatelet": "none",
    "keloid": "none",
    "immunosuppression": "none",
    "cancer": "none",
    "diabetes": "none",
    "autoimmune": "none",
    "epilepsy": "no",
    "cardiac": ["none"],
    "isotretinoin": "never",
    "expectations": "realistic",
    "allergies_reviewed": "yes",
    "allergies": [],
    "bp_sys": 124,
    "bp_dia": 78,
    "fitzpatrick": "III",
    "conception_plan_6mo": "no",
}
MAN: dict[str, object] = SAFE | {
    "age_years": 34,
    "sex_at_birth": "male",
    "weight_kg": "78",
    "dx": ["AGA_M"],
    "severity": [{"scale": "norwood", "stage": "III"}],
}
WOMAN: dict[str, object] = SAFE | {
    "age_years": 36,
    "sex_at_birth": "female",
    "weight_kg": "62",
    "childbearing_potential": "yes",
    "pregnancy_status": "not_pregnant",
    "breastfeeding": "no",
    "dx": ["FPHL"],
    "severity": [{"scale": "ludwig", "stage": "I"}],
}


@cache
def shipped() -> Catalogue:
    """The shipped release, parsed once."""
    return read_release("2026.1")


def facts(raw: dict[str, object], *, on: date = TODAY, **over: object) -> Facts:
    """The facts of raw answers with overrides; None empties an input."""
    return parse_facts(raw | over, evaluated_on=on, catalogue=shipped())


def man(**over: object) -> Facts:
    """A healthy man with Norwood III."""
    return facts(MAN, **over)


def woman(**over: object) -> Facts:
    """A healthy woman with Ludwig I."""
    return facts(WOMAN, **over)
