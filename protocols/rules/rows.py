"""The envelope every catalogue row carries, and the register of row kinds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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


@runtime_checkable
class Consistent(Protocol):
    """A row, or a table within one, whose fields must also agree with each other."""

    def contradictions(self) -> Iterable[tuple[str, str]]:
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
