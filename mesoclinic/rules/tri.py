"""Three-valued logic: what is not known is neither yes nor no (clinical.md 3.0 item 1)."""

from collections.abc import Callable, Collection, Iterable
from enum import Enum
from operator import ge, gt, le, lt
from typing import Any


class Tri(Enum):
    """Yes, no or unknown. Has no truth value, so that `if` cannot read unknown as no: ask `is Tri.YES`."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("a Tri has no truth value; compare it with Tri.YES, Tri.NO or Tri.UNKNOWN")


def known(value: bool) -> Tri:
    """The Tri of a plain truth value."""
    return Tri.YES if value else Tri.NO


def and_(*parts: Tri) -> Tri:
    """No if any part is no, yes if all are yes, else unknown."""
    if Tri.NO in parts:
        return Tri.NO
    return Tri.UNKNOWN if Tri.UNKNOWN in parts else Tri.YES


def or_(*parts: Tri) -> Tri:
    """Yes if any part is yes, no if all are no, else unknown."""
    if Tri.YES in parts:
        return Tri.YES
    return Tri.UNKNOWN if Tri.UNKNOWN in parts else Tri.NO


def not_(part: Tri) -> Tri:
    """Yes and no exchanged; unknown stays unknown."""
    return {Tri.YES: Tri.NO, Tri.NO: Tri.YES, Tri.UNKNOWN: Tri.UNKNOWN}[part]


def any_(parts: Iterable[Tri]) -> Tri:
    """`or_` over many; no for none."""
    return or_(*parts)


def all_(parts: Iterable[Tri]) -> Tri:
    """`and_` over many; yes for none."""
    return and_(*parts)


def _compare(operator: Callable[[Any, Any], bool], value: object, limit: object) -> Tri:
    return Tri.UNKNOWN if value is None or limit is None else known(operator(value, limit))


def less(value: object, limit: object) -> Tri:
    """value < limit, unknown when either is None."""
    return _compare(lt, value, limit)


def at_most(value: object, limit: object) -> Tri:
    """value <= limit, unknown when either is None."""
    return _compare(le, value, limit)


def at_least(value: object, limit: object) -> Tri:
    """value >= limit, unknown when either is None."""
    return _compare(ge, value, limit)


def more(value: object, limit: object) -> Tri:
    """value > limit, unknown when either is None."""
    return _compare(gt, value, limit)


def equals(value: object, wanted: object) -> Tri:
    """value == wanted, unknown when value is None."""
    return Tri.UNKNOWN if value is None else known(value == wanted)


def differs(value: object, unwanted: object) -> Tri:
    """value != unwanted, unknown when value is None."""
    return not_(equals(value, unwanted))


def one_of(value: object, wanted: Collection[object]) -> Tri:
    """value in wanted, unknown when value is None."""
    return Tri.UNKNOWN if value is None else known(value in wanted)


def includes_any(values: Collection[object] | None, wanted: Collection[object]) -> Tri:
    """Any of wanted in values, unknown when the list is None."""
    return Tri.UNKNOWN if values is None else known(any(value in wanted for value in values))
