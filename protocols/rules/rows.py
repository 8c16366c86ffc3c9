"""The envelope every catalogue row carries, and the register of row kinds."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeVar, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBase:
    """`strength` is A, B, C or P, or several joined by `/`; `note` keeps what the source column says beside it.

    A clinic that changed the row states why, and by which source, in `changed_because` and `changed_source`.
    """

    id: str
    version: int
    strength: str
    sources: tuple[str, ...]
    note: str = ""
    changed_because: str = ""
    changed_source: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a text as the id of a row of one of these kinds: `Annotated[str, Ref("ingredient")]`."""

    kind: str
    other_kinds: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        return (self.kind, *self.other_kinds)


Contradictions = Iterable[tuple[str, str]]
Number = int | Decimal


def rising(**steps: Number | None) -> Contradictions:
    """Of fields that must not fall, in this order, each that does; one that is not stated is passed over."""
    stated = [(name, value) for name, value in steps.items() if value is not None]
    for (lower, least), (name, value) in pairwise(stated):
        if value < least:
            yield name, f"must not be below {lower.replace('_', ' ')}"


def positive(**amounts: Number | None) -> Contradictions:
    """Each of these fields that is stated and not above 0."""
    return ((name, "must be above 0") for name, value in amounts.items() if value is not None and value <= 0)


def unlike(name: str, ids: Iterable[str]) -> Contradictions:
    """The list of this name, once for each id that stands in it again."""
    return ((name, f"has {each} more than once") for each, times in Counter(ids).items() if times > 1)


@runtime_checkable
class Consistent(Protocol):
    """A row, or a table within one, whose fields must also agree with each other."""

    def contradictions(self) -> Contradictions:
        """(field, what is wrong with it) of every field that does not agree with another."""
        ...


KINDS: dict[str, type[RowBase]] = {}
Row = TypeVar("Row", bound=RowBase)


def kind(name: str) -> Callable[[type[Row]], type[Row]]:
    """Register a frozen row class under the `kind` its files name."""

    def register(row_class: type[Row]) -> type[Row]:
        if name in KINDS:
            raise ValueError(f"two classes for the catalogue kind {name}")
        KINDS[name] = row_class
        return row_class

    return register
