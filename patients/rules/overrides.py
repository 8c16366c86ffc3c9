"""Overrides (clinical.md 3.0, item 7): a finding that a doctor sets aside stays; only what it stops is set aside."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mesoclinic.rules.finding import Level
from patients.rules.candidacy import Verdict

OVERRIDABLE = frozenset({Level.REFER, Level.DEFER, Level.CAUTION})
# Verdicts that no override touches.
FIXED = frozenset({Verdict.CONTRAINDICATED, Verdict.CANNOT_CONCLUDE})
# What a finding was read from moves with ages and day counts; everything else of it are its words.
READ_FROM = "inputs"

Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aside:
    """An override as it was given: the finding, the number of the fact sheet, and for a referral the letter's term."""

    finding: Stored
    sheet: int
    letter: bool = False
    valid_until: date | None = None


def may_be_overridden(level: str) -> bool:
    """Whether a finding of this level can be set aside at all."""
    return level in OVERRIDABLE


def needs_letter(level: str) -> bool:
    """Whether only a specialist's letter clears a finding of this level, and only until a date."""
    return level == Level.REFER


def holds(aside: Aside, finding: Stored, *, sheet: int | None, on: date) -> bool:
    """Whether an override counts for this finding on this day; `sheet` is None while the answers are not signed.

    It counts word for word on the same fact sheet. A referral cleared by letter also counts on later sheets while it
    is read from the very same answers, and nothing counts after the date until which it holds.
    """
    if not may_be_overridden(finding["level"]) or words(aside.finding) != words(finding):
        return False
    if needs_letter(finding["level"]) and not (aside.letter and aside.valid_until is not None):
        return False
    if aside.valid_until is not None and on > aside.valid_until:
        return False
    return aside.sheet == sheet or (aside.letter and _answers(aside.finding) == _answers(finding))


def effective(verdict: str, findings: Iterable[Stored], overridden: Collection[str]) -> Verdict:
    """The verdict that is left once these rules are set aside; at best caution, as every finding stays to be heeded."""
    given, fired = Verdict(verdict), list(findings)
    aside = {each["rule"] for each in fired if may_be_overridden(each["level"]) and each["rule"] in overridden}
    if given in FIXED or not aside:
        return given
    left = {Verdict(each["level"]) for each in fired if each["rule"] not in aside} | {Verdict.CAUTION}
    return next(each for each in Verdict if each in left)


def words(finding: Stored) -> dict[str, Any]:
    """A finding without what it was read from: of the same facts only ages and day counts move on."""
    return {name: value for name, value in finding.items() if name != READ_FROM}


def _answers(finding: Stored) -> list[tuple[str, str]]:
    return [(name, value) for name, value in finding[READ_FROM]]
