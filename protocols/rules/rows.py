"""The envelope every catalogue row carries, and the register of row kinds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBase:
    """`strength` is A, B, C or P, or several joined by `/`; `note` keeps what the source column says beside it."""

    id: str
    version: int
    strength: str
    sources: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a text as the id of a row of one of these kinds: `Annotated[str, Ref("ingredient")]`."""

    kind: str
    other_kinds: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        return (self.kind, *self.other_kinds)


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
