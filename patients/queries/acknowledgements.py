"""The findings of a verdict as they are kept, and which of its cautions somebody has read."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from mesoclinic.rules.finding import Finding, Level
from patients.models import Candidacy
from patients.queries.overrides import overridden_in
from patients.rules.overrides import words


def stored(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings as JSON keeps them, so that those just made equal those read back."""
    kept: list[dict[str, object]] = json.loads(json.dumps([asdict(finding) for finding in findings]))
    return kept


def cautions(candidacy: Candidacy) -> list[dict[str, str]]:
    """The stored findings that a doctor has to acknowledge."""
    return [finding for finding in candidacy.findings if finding["level"] == Level.CAUTION]


def to_acknowledge(candidacy: Candidacy) -> list[dict[str, str]]:
    """The cautions but for those that are overridden: their reason is typed already."""
    aside = overridden_in(candidacy, on=candidacy.evaluated_on)
    return [finding for finding in cautions(candidacy) if finding["rule"] not in aside]


def unread(candidacy: Candidacy) -> list[dict[str, str]]:
    """The cautions that nobody has acknowledged or overridden for these facts."""
    earlier = Candidacy.objects.filter(fact_sheet=candidacy.fact_sheet_id).prefetch_related("acknowledgements")
    read = [words(found) for each in earlier for found in cautions(each) if found["rule"] in _rules_read(each)]
    return [finding for finding in to_acknowledge(candidacy) if words(finding) not in read]


def acknowledged(candidacy: Candidacy) -> bool:
    """Whether every caution of the verdict has been acknowledged, on it or word for word on one of the same facts."""
    return not unread(candidacy)


def _rules_read(candidacy: Candidacy) -> set[str]:
    return {each.rule for each in candidacy.acknowledgements.all()}
