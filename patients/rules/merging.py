"""Two records of one person: what is known of them together, and what stands where the two differ (decision 022)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mesoclinic.rules.finding import Level
from patients.rules.candidacy import CandidacyResult, evaluate
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import from_sheet
from protocols.rules.kinds.inputs import Input

Entry = Mapping[str, Any]
Sheet = Mapping[str, Entry]
BIRTH = "date_of_birth"
# Its answers rise in gravity, and none may be milder than the adverse events show it.
REACTION = "prior_meso_reaction"
# The order of the verdicts: what cannot be concluded weighs more than a referral.
_GRAVEST, _LESS = (Level.CONTRAINDICATED,), (Level.REFER, Level.DEFER, Level.CAUTION)
_HEEDED = (*_GRAVEST, *_LESS)
# Lists of what somebody has: both may be true.
_JOINED = frozenset({"choices", "diagnoses", "allergies"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that the two records answer differently; `stands` until a doctor has looked, None: open again."""

    name: str
    kept: Entry
    merged: Entry
    stands: Entry | None


@dataclass(frozen=True, slots=True)
class Together:
    """The facts of both records, and where they differed."""

    facts: dict[str, Entry]
    differences: tuple[Difference, ...]


def together(kept: Sheet, merged: Sheet, *, on: date, catalogue: Catalogue) -> Together:
    """What either record knows; lists are joined, and of two answers the one stands that the rules judge graver.

    Where the rules judge both alike, the newer stands when they heed it, and else the question is open again.
    """
    names = [name for name in dict.fromkeys([*kept, *merged]) if name != BIRTH]
    rows = {name: row for row in catalogue.of(Input) for name in (row.stored_as, row.id) if name}
    differing = [name for name in names if _differ(name, kept, merged)]
    agreed = {name: _agreed(name, kept, merged) for name in names if name not in differing}
    joined = {
        name: _joined(rows[name], kept[name], merged[name])
        for name in differing
        if name in rows and rows[name].type in _JOINED
    }
    if REACTION in differing:
        joined[REACTION] = max(kept[REACTION], merged[REACTION], key=lambda entry: _place(rows[REACTION], entry))
    single = [name for name in differing if name not in joined]
    context = _Context(agreed | joined, kept, merged, single, on, catalogue)
    standing = joined | context.standing()
    differences = tuple(Difference(name, kept[name], merged[name], standing[name]) for name in differing)
    facts = {name: entry for name, entry in (agreed | standing).items() if entry is not None}
    return Together(facts, differences)


@dataclass(frozen=True, slots=True)
class _Context:
    """Everything beside one question: what is agreed, and the other differing answers, of one record or the other."""

    known: Sheet
    kept: Sheet
    merged: Sheet
    single: list[str]
    on: date
    catalogue: Catalogue

    def standing(self) -> dict[str, Entry | None]:
        """What stands of each answer; all of one record's where only together they contraindicate."""
        choices: list[dict[str, Entry | None]] = [{name: self.graver(name) for name in self.single}]
        choices += [{name: sheet[name] for name in self.single} for sheet in (self.kept, self.merged)]
        return max(choices, key=self._contraindications)

    def graver(self, name: str) -> Entry | None:
        ours, theirs = self.kept[name], self.merged[name]
        mine, other = self._judged(name, ours), self._judged(name, theirs)
        weight, others = max(map(_weight, mine)), max(map(_weight, other))
        if weight != others:
            return ours if weight > others else theirs
        heeded = _heeded(mine) | _heeded(other)
        return _newer(ours, theirs) if heeded - _heeded(self._judged(name, None)) else None

    def _judged(self, name: str, entry: Entry | None) -> list[CandidacyResult]:
        """With the other answers of one record, and with those of the other."""
        return [
            self._verdict({**{each: sheet[each] for each in self.single}, name: entry})
            for sheet in (self.kept, self.merged)
        ]

    def _verdict(self, answers: Mapping[str, Entry | None]) -> CandidacyResult:
        told = {name: entry for name, entry in answers.items() if entry is not None}
        facts = from_sheet({**self.known, **told}, evaluated_on=self.on, catalogue=self.catalogue)
        return evaluate(facts, self.catalogue)

    def _contraindications(self, answers: Mapping[str, Entry | None]) -> int:
        return _weight(self._verdict(answers))[0]


def _weight(result: CandidacyResult) -> tuple[int, ...]:
    levels = [finding.level for finding in result.fired]
    return (*map(levels.count, _GRAVEST), len(result.missing), *map(levels.count, _LESS))


def _heeded(results: Iterable[CandidacyResult]) -> set[str]:
    return {finding.rule for result in results for finding in result.fired if finding.level in _HEEDED}


def _differ(name: str, kept: Sheet, merged: Sheet) -> bool:
    return name in kept and name in merged and kept[name].get("value") != merged[name].get("value")


def _agreed(name: str, kept: Sheet, merged: Sheet) -> Entry:
    if name in kept and name in merged:
        return _newer(kept[name], merged[name])
    return kept[name] if name in kept else merged[name]


def _newer(ours: Entry, theirs: Entry) -> Entry:
    return theirs if str(theirs.get("observed_on", "")) > str(ours.get("observed_on", "")) else ours


def _place(row: Input, entry: Entry) -> tuple[int, int]:
    """An answer that the catalogue does not know is as good as none: only the gravest weighs more."""
    value = entry.get("value")
    return (row.values.index(value), 0) if value in row.values else (len(row.values) - 1, -1)


def _joined(row: Input, ours: Entry, theirs: Entry) -> Entry:
    """Both lists in one, seen when the older of them was; an answer that stands alone gives way to any other."""
    both = list(ours.get("value") or [])
    both += [each for each in theirs.get("value") or [] if each not in both]
    others = [each for each in both if each != row.alone]
    older = theirs if _newer(ours, theirs) is ours else ours
    return {**older, "value": others or both}
