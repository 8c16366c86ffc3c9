"""A value in the other unit of its input (clinical.md 2.1)."""

from decimal import Decimal

from protocols.rules.answers import Value
from protocols.rules.kinds.inputs import Input


def in_other_unit(row: Input, value: Value | None) -> Decimal | None:
    """The number in the row's other unit, not rounded; None when there is no such unit or no number."""
    if row.other_unit is None or not isinstance(value, int | Decimal):
        return None
    return (value - row.other_unit.less) * row.other_unit.times
