"""Words and marks for verdicts and findings (ux.md 6.1)."""

from dataclasses import dataclass, replace
from typing import Any

from django import template
from django.forms import BoundField, Select
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from mesoclinic.rules.finding import Finding, Level
from patients.models import Candidacy
from patients.rules.candidacy import CandidacyResult
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.sources import Source

register = template.Library()


@dataclass(frozen=True, slots=True)
class Label:
    """How a verdict looks: always an icon and a word."""

    text: str | Promise
    tone: str
    icon: str


_VERDICTS = {
    "proceed": Label(_("Suitable"), "ok", "check-lg"),
    "caution": Label(_("Suitable with conditions"), "", "exclamation-triangle"),
    "defer": Label(_("Not now"), "bad", "x-lg"),
    "refer": Label(_("Another specialist first"), "bad", "x-lg"),
    "contraindicated": Label(_("Not suitable"), "bad", "x-lg"),
    "cannot_conclude": Label(_("Not enough information yet"), "unk", "question-circle"),
}
_LEVELS = {
    Level.CONTRAINDICATED: (_("Contraindicated"), "b", "x-octagon"),
    Level.REFER: (_("Refer"), "b", "x-octagon"),
    Level.DEFER: (_("Defer"), "b", "x-octagon"),
    Level.CAUTION: (_("Caution"), "w", "exclamation-triangle"),
    Level.PROCEED: (_("Passed"), "o", "check-circle"),
    Level.BLOCK: (_("Stop"), "b", "x-octagon"),
    Level.WARN: (_("Warning"), "w", "exclamation-triangle"),
    Level.MISSING: (_("Not checked"), "q", "question-circle"),
    Level.RECORD: (_("Recorded"), "q", "info-circle"),
}


@register.filter
def verdict_label(verdict: CandidacyResult | Candidacy) -> Label:
    """The headline; a contraindication that will pass reads “Not now”."""
    if verdict.verdict == "contraindicated" and verdict.temporary:
        return _VERDICTS["defer"]
    return _VERDICTS[str(verdict.verdict)]


@register.filter
def label_after(verdict: CandidacyResult | Candidacy, after: str) -> Label:
    """The headline of a verdict with the overrides that count for it."""
    return verdict_label(verdict) if verdict.verdict == after else _VERDICTS[str(after)]


@register.filter
def verdict_words(verdict: str) -> str:
    """A verdict as its headline reads."""
    return str(_VERDICTS[str(verdict)].text)


@register.filter
def level_label(level: str) -> str:
    """The level of a finding, or a verdict, in words."""
    return str(_LEVELS[Level(level)][0])


@register.filter
def level_mark(level: str) -> str:
    """The class of a finding's mark."""
    return _LEVELS[Level(level)][1]


@register.filter
def level_icon(level: str) -> str:
    """The icon of a finding."""
    return _LEVELS[Level(level)][2]


@register.filter
def question(field: str) -> str:
    """How an input is asked."""
    catalogue = current_catalogue()
    return catalogue.row(Input, field).question if catalogue.has(Input, field) else field.replace("_", " ")


@register.filter
def citations(finding: Finding | dict[str, Any]) -> list[str]:
    """What the sources of a finding are, written out."""
    sources = finding["sources"] if isinstance(finding, dict) else finding.sources
    catalogue = current_catalogue()
    return [catalogue.row(Source, name).citation for name in sources if catalogue.has(Source, name)]


_RESULTS = {
    "ok": Label(_("Safe as checked"), "ok", "check-lg"),
    "ok_with_warnings": Label(_("Safe with warnings"), "", "exclamation-triangle"),
    "blocked": Label(_("Blocked"), "bad", "x-lg"),
    "cannot_conclude": Label(_("Not checked: something is missing"), "unk", "question-circle"),
}


@register.filter
def result_label(result: str) -> Label:
    """The headline of a safety check."""
    return _RESULTS[result]


@register.filter
def named(finding: Finding) -> Finding:
    """The finding with the name of what it concerns in its reason."""
    about = finding.about if finding.about.startswith("syringe") else _about(finding.about)
    if not about:
        return finding
    rules = f" ({', '.join(finding.detail)})" if finding.detail else ""
    return replace(finding, reason=f"{about}: {finding.reason}{rules}")


def _about(code: str) -> str:
    """The name of an ingredient or an input; what else a finding is about stands in its reason."""
    catalogue = current_catalogue()
    if catalogue.has(Ingredient, code):
        return catalogue.row(Ingredient, code).name
    return question(code) if catalogue.has(Input, code) else ""


@register.filter
def add_class(field: BoundField, name: str) -> SafeString:
    """The field's widget with a class, marked when it has an error."""
    wrong = {"aria-invalid": "true"} if field.errors else {}
    return field.as_widget(attrs={"class": f"{name} is-invalid" if field.errors else name, **wrong})


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's control with its look, tied to its hint and to what is wrong with it."""
    kind = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    wrong = {"aria-invalid": "true"} if field.errors else {}
    hint = f"{field.auto_id}_helptext " if field.help_text else ""
    told = {"aria-describedby": f"{hint}{field.auto_id}_error"}
    return field.as_widget(attrs={"class": f"{kind} is-invalid" if field.errors else kind, **told, **wrong})
