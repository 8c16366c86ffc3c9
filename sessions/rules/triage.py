"""How urgently somebody who reports signs after a session needs help (clinical.md 8.4). It does not diagnose."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mesoclinic.rules.tri import Tri, at_least, or_
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import TriageAnswer

FEVER = "fever"


@dataclass(frozen=True, slots=True)
class Triaged:
    """The answer to give, or None while a more urgent sign was not asked; `signs` are those that led to it."""

    answer: TriageAnswer | None
    signs: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()


def triage(signs: Mapping[str, Tri], catalogue: Catalogue, *, temperature_c: Decimal | None = None) -> Triaged:
    """The most urgent answer that a reported sign asks for; a sign that was not asked is unknown, never absent.

    A known sign always gets its answer at once. Without one, no answer is given while an urgent sign is unknown.
    """
    not_asked: list[str] = []
    for row in sorted(catalogue.of(TriageAnswer), key=lambda answer: answer.rank):
        states = {sign.id: _state(sign.id, row, signs, temperature_c) for sign in row.signs}
        reported = tuple(sign for sign, state in states.items() if state is Tri.YES)
        if reported:
            return Triaged(row if _can_reassure(row, not_asked) else None, reported, tuple(not_asked))
        not_asked += [sign for sign, state in states.items() if state is Tri.UNKNOWN]
    return Triaged(None, (), tuple(not_asked))


def has_red_flag(triaged: Triaged) -> Tri:
    """Whether the on-call clinician is paged: the answer is an emergency or a doctor the same day."""
    if triaged.answer is None:
        return Tri.UNKNOWN if triaged.not_asked else Tri.NO
    return Tri.YES if triaged.answer.red_flag else Tri.NO


def _can_reassure(row: TriageAnswer, not_asked: list[str]) -> bool:
    """Only a red flag is answered while something more urgent is still unknown."""
    return row.red_flag or not not_asked


def _state(sign: str, row: TriageAnswer, signs: Mapping[str, Tri], temperature_c: Decimal | None) -> Tri:
    said = signs.get(sign, Tri.UNKNOWN)
    if sign != FEVER:
        return said
    return or_(said, at_least(temperature_c, row.limit("temperature_c"))) if temperature_c is not None else said
