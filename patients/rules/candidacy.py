"""Candidacy: every rule that fires, everything missing, and the verdict they add up to (clinical.md 3.0)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from patients.rules.conditions import CONDITIONS, Case
from patients.rules.severity import category
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts, holds
from protocols.rules.kinds.candidacy import CandidacyRule, VerdictWording
from protocols.rules.kinds.inputs import Input

GAP = "MI-01"


class Verdict(StrEnum):
    """The headline of an evaluation, most severe first; cannot_conclude is never a pass."""

    CONTRAINDICATED = "contraindicated"
    CANNOT_CONCLUDE = "cannot_conclude"
    REFER = "refer"
    DEFER = "defer"
    CAUTION = "caution"
    PROCEED = "proceed"


# With these a plan can be made and a session be given.
TREATABLE = frozenset({Verdict.PROCEED, Verdict.CAUTION})


@dataclass(frozen=True, slots=True)
class CandidacyResult:
    """One evaluation. `gaps` are the missing codes with their wording; `temporary` only speaks when contraindicated."""

    verdict: Verdict
    provisional: Verdict
    temporary: bool
    fired: tuple[Finding, ...]
    gaps: tuple[Finding, ...]
    patient_text: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The missing codes, `MI-01:field` for a field that no domain code reports."""
        return tuple(f"{gap.rule}:{gap.about}" if gap.about else gap.rule for gap in self.gaps)


def evaluate(facts: Facts, catalogue: Catalogue, *, on_day: bool = False) -> CandidacyResult:
    """The verdict on these facts; `on_day` also requires what section 7.1 asks before a session."""
    case = Case(facts, catalogue, category(facts, catalogue))
    true = [row for row in catalogue.of(CandidacyRule) if _fires(row, case)]
    fired = tuple(_finding(row, facts) for row in true if row.outcome != "missing")
    domain = [_finding(row, facts) for row in true if row.outcome == "missing"]
    gaps = (*domain, *_field_gaps(facts, catalogue, {gap.rule for gap in domain}, on_day=on_day))
    provisional = _most_severe(fired)
    stops = [finding for finding in fired if finding.level is Level.CONTRAINDICATED]
    concluded = bool(stops) or not gaps
    verdict = provisional if concluded else Verdict.CANNOT_CONCLUDE
    return CandidacyResult(
        verdict=verdict,
        provisional=provisional,
        temporary=bool(stops) and all(finding.temporary for finding in stops),
        fired=fired,
        gaps=gaps,
        patient_text=catalogue.row(VerdictWording, verdict).text,
    )


def required(facts: Facts, catalogue: Catalogue) -> tuple[str, ...]:
    """The inputs that a verdict on these facts needs, known or not, and those that were given wrong."""
    return tuple(
        wanted.id
        for wanted in catalogue.of(Input)
        if wanted.id in facts.invalid or _required(wanted, facts, on_day=False)
    )


def _fires(row: CandidacyRule, case: Case) -> bool:
    return row.id != GAP and CONDITIONS[row.id](case, row) is Tri.YES


def _most_severe(fired: Iterable[Finding]) -> Verdict:
    levels = {finding.level.value for finding in fired}
    return next((verdict for verdict in Verdict if verdict.value in levels), Verdict.REFER)


def _field_gaps(facts: Facts, catalogue: Catalogue, reported: set[str], *, on_day: bool) -> Iterable[Finding]:
    """A finding for each field that is needed and missing, or invalid, and that no domain code has reported."""
    row = catalogue.row(CandidacyRule, GAP)
    for wanted in catalogue.of(Input):
        gap = wanted.id in facts.invalid or (_required(wanted, facts, on_day=on_day) and not _known(wanted, facts))
        if gap and not _reported_elsewhere(wanted, facts, reported):
            yield _finding(row, facts, about=wanted.id)


def _required(wanted: Input, facts: Facts, *, on_day: bool) -> bool:
    if on_day and wanted.on_day == "required" and holds(wanted.day_when, facts) is Tri.YES:
        return True
    if wanted.required == "when":
        return holds(wanted.when, facts) is Tri.YES
    return wanted.required == "always"


def _known(wanted: Input, facts: Facts) -> bool:
    return facts.fresh(wanted.id) is not None


def _reported_elsewhere(wanted: Input, facts: Facts, reported: set[str]) -> bool:
    """Weight belongs to the formulation check (FX-00); the other gap codes are rules that fired here."""
    return bool(reported & set(wanted.gap_codes)) or (wanted.required == "planned" and bool(wanted.gap_codes))


def _finding(row: CandidacyRule, facts: Facts, about: str = "") -> Finding:
    return Finding(
        rule=row.id,
        version=row.version,
        level=Level(row.outcome),
        about=about,
        inputs=facts.recorded(row.inputs),
        reason=row.reason,
        action=row.action,
        reassess=row.reassess,
        sources=row.sources,
        strength=row.strength,
        temporary=row.temporary,
    )
