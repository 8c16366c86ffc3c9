"""Turn the plain values of a catalogue row into a typed frozen row, reporting every problem met on the way."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from protocols.rules.rows import Consistent, Ref

_BAD = object()
# Beyond nine places before or after the point no dose, area or day of ours is meant.
_PLACES = len("999999999")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value that cannot be: `path` says where in the row it stands, `words` what is wrong with it."""

    code: str
    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A value that must be the id of a row of one of these kinds."""

    kinds: tuple[str, ...]
    target: str
    path: str


@dataclass(slots=True)
class Reading:
    """What one row gave besides its value: what was refused, and the rows it refers to, to be looked for later."""

    problems: list[Refusal] = field(default_factory=list)
    references: list[Mention] = field(default_factory=list)

    def refuse(self, code: str, path: str, words: str) -> object:
        self.problems.append(Refusal(code, path, words))
        return _BAD


@cache
def _hints(row_class: Hashable) -> dict[str, Any]:
    return get_type_hints(cast(type, row_class), include_extras=True)


def to_row(row_class: type[Any], raw: Mapping[str, object], reading: Reading, path: str = "") -> Any:
    """The row, or None when any of its fields was refused; all refusals are in `reading`."""
    hints = _hints(row_class)  # type: ignore[arg-type]  # classes are hashable
    for name in raw:
        if name not in hints:
            reading.refuse("unknown-key", f"{path}{name}", f"is not a field of {row_class.__name__}")
    values: dict[str, object] = {}
    for declared in fields(row_class):
        if declared.name in raw:
            values[declared.name] = _value(hints[declared.name], raw[declared.name], reading, path + declared.name)
        elif declared.default is MISSING and declared.default_factory is MISSING:
            values[declared.name] = reading.refuse("missing-key", path + declared.name, "is missing")
    return None if _BAD in values.values() else _consistent(row_class(**values), reading, path)


def _consistent(row: Any, reading: Reading, path: str) -> Any:
    if isinstance(row, Consistent):
        for name, words in row.contradictions():
            reading.refuse("contradiction", path + name, words)
    return row


def _value(wanted: Any, raw: object, reading: Reading, path: str) -> object:
    origin = get_origin(wanted)
    if origin is Annotated:
        return _referenced(wanted, raw, reading, path)
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(wanted) if part is not NoneType)
        return _value(inner, raw, reading, path)
    if origin is Literal:
        allowed = get_args(wanted)
        return raw if raw in allowed else reading.refuse("wrong-value", path, f"must be one of {list(allowed)}")
    if origin in (tuple, frozenset):
        return _sequence(wanted, raw, reading, path)
    if is_dataclass(wanted):
        return _nested(wanted, raw, reading, path)
    return _scalar(wanted, raw, reading, path)


def _referenced(wanted: Any, raw: object, reading: Reading, path: str) -> object:
    inner, *marks = get_args(wanted)
    value = _value(inner, raw, reading, path)
    if value is not _BAD:
        reading.references += [Mention(mark.kinds, str(value), path) for mark in marks if isinstance(mark, Ref)]
    return value


def _sequence(wanted: Any, raw: object, reading: Reading, path: str) -> object:
    if not isinstance(raw, list):
        return reading.refuse("wrong-type", path, "must be a list")
    origin, args = get_origin(wanted), get_args(wanted)
    fixed = origin is tuple and Ellipsis not in args
    if fixed and len(raw) != len(args):
        return reading.refuse("wrong-type", path, f"must have {len(args)} entries")
    kinds: Iterator[Any] = iter(args) if fixed else iter([args[0]] * len(raw))
    items = [_value(one, item, reading, f"{path}[{i}]") for i, (one, item) in enumerate(zip(kinds, raw, strict=True))]
    return _BAD if _BAD in items else origin(items)


def _nested(wanted: Any, raw: object, reading: Reading, path: str) -> object:
    if not isinstance(raw, dict):
        return reading.refuse("wrong-type", path, "must be a table")
    row = to_row(wanted, raw, reading, f"{path}.")
    return _BAD if row is None else row


def _scalar(wanted: type, raw: object, reading: Reading, path: str) -> object:
    try:
        return _SCALARS[wanted](raw)
    except (ValueError, TypeError, InvalidOperation):
        return reading.refuse("wrong-type", path, f"must be {_NAMES[wanted]}")


def _exactly(wanted: type) -> Callable[[object], object]:
    def check(raw: object) -> object:
        if type(raw) is not wanted:
            raise TypeError(raw)
        return raw

    return check


def _decimal(raw: object) -> Decimal:
    if not isinstance(raw, str):
        raise TypeError(raw)
    value = Decimal(raw)
    if not value.is_finite() or abs(value.adjusted()) > _PLACES:
        raise ValueError(raw)
    return value


_SCALARS: Mapping[type, Callable[[object], object]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    Decimal: _decimal,
}
_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    Decimal: 'a decimal in quotes, such as "0.5"',
}
