"""Where each thing that stops a session is cleared."""

from dataclasses import dataclass

from mesoclinic.rules.finding import Finding
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.session_day import DayRule
from sessions.queries.readiness import READ, VOID

# Asked anew at each session because they change between two; everything else is asked in a consultation.
KEY_INPUTS = (
    "pregnancy_status",
    "breastfeeding",
    "scalp_infection",
    "days_since_resolved",
    "scalp_inflammation",
    "scalp_wound",
    "suspicious_lesion",
    "herpes",
    "days_since_healed",
    "anticoagulant",
    "antiplatelet",
    "otc_bleeding_supplements",
    "isotretinoin",
    "days_since_isotretinoin",
    "prior_meso_reaction",
    "allergies_reviewed",
    "allergies",
)
PLACES = {"VISIT": "visit", "SD-08": "consent", "CATALOGUE": "catalogue"}
OF_THE_PLAN = ("FX-", "T-")
# A lot that was drawn up stays drawn up: another one needs another record.
OF_THE_LOT = ("FX-07", "FX-15")


@dataclass(frozen=True, slots=True)
class Stop:
    """What keeps the session from starting; `place` is where it is cleared, `target` the id of an element there.

    `about` is what it concerns in words, where the reason alone does not say it.
    """

    finding: Finding
    place: str
    target: str = ""
    about: str = ""


def stop_of(finding: Finding, catalogue: Catalogue) -> Stop:
    """The stop with the place that clears it: here on the page, or the consent, plan, visit, catalogue or patient."""
    if finding.rule in OF_THE_LOT or finding.about.startswith(VOID):
        return Stop(finding, "here", "void")
    if finding.rule == "LOT":
        return Stop(finding, "here", f"lot-{finding.about}")
    if finding.about == READ:
        return Stop(finding, "here", "cautions")
    if finding.rule in PLACES:
        return Stop(finding, PLACES[finding.rule])
    if catalogue.has(DayRule, finding.rule):
        return Stop(finding, "here", "rescreen")
    about = _in_words(finding.about, catalogue)
    if finding.rule.startswith(OF_THE_PLAN):
        return Stop(finding, "plan", about=about)
    named = [name for name in (finding.about, *(name for name, _value in finding.inputs)) if _is_asked(name, catalogue)]
    return Stop(finding, "here", f"rescreen_{named[0]}", about) if named else Stop(finding, "patient", about=about)


def _in_words(code: str, catalogue: Catalogue) -> str:
    if catalogue.has(Input, code):
        return catalogue.row(Input, code).question
    return catalogue.row(Ingredient, code).name if catalogue.has(Ingredient, code) else code


def _is_asked(name: str, catalogue: Catalogue) -> bool:
    return name in KEY_INPUTS or (catalogue.has(Input, name) and bool(catalogue.row(Input, name).on_day))
