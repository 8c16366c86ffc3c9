"""What a patient's own answer does to the record: it is new, the same, another, or milder than what is recorded."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from protocols.rules.kinds.inputs import Input

UNKNOWN = "unknown"


class Standing(StrEnum):
    """How an answer stands beside the record. One that is milder would take a safety fact away."""

    NEW = "new"
    SAME = "same"
    DIFFERENT = "different"
    MILDER = "milder"


# The answer that keeps nobody from anything, where it is not the first of the list.
_HARMLESS = {"childbearing_potential": "no", "yes_no": "no"}
# The values stand in order: a later one is the more serious.
_RISING = frozenset({"pregnancy_status", "prior_meso_reaction", "autoimmune"})
# Doses are limited by weight: the lighter, the stricter.
_STRICT_IF_LESS = frozenset({"weight_kg"})


def standing(row: Input, said: Any, *records: Any) -> Standing:
    """How an answer stands beside everything recorded about it: the strictest record decides."""
    known = [recorded for recorded in records if recorded not in (None, "", UNKNOWN)]
    if not known:
        return Standing.NEW
    if all(recorded == said for recorded in known):
        return Standing.SAME
    return Standing.MILDER if any(_milder(row, said, recorded) for recorded in known) else Standing.DIFFERENT


def _milder(row: Input, said: Any, recorded: Any) -> bool:
    """Whether it cannot be shown that nothing serious is lost when `said` takes the place of `recorded`."""
    if said == recorded:
        return False
    if row.type == "allergies":
        return _loses(recorded, said)
    if row.type == "choices":
        return _loses([each for each in recorded if each != row.alone], said)
    if row.stored_as or row.type == "date":
        return said == UNKNOWN or date.fromisoformat(said) < date.fromisoformat(recorded)
    if row.type in ("whole", "decimal"):
        return _weaker(row, said, recorded)
    return _safer(row, said, recorded)


def _loses(recorded: Sequence[Any], said: Any) -> bool:
    return any(each not in said for each in recorded)


def _weaker(row: Input, said: str, recorded: str) -> bool:
    try:
        less = Decimal(said) < Decimal(recorded)
    except InvalidOperation:
        return True
    return less is not (row.id in _STRICT_IF_LESS)


def _safer(row: Input, said: str, recorded: str) -> bool:
    harmless = _HARMLESS.get(row.id) or _HARMLESS.get(row.type) or row.values[0]
    if recorded == harmless:
        return False
    if row.id in _RISING and said in row.values:
        return row.values.index(said) < row.values.index(recorded)
    return True
