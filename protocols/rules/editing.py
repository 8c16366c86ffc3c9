"""A row as cells that a person edits: each value of its dataclass as a text, and the row's body from such texts again.

What the texts say is judged by the catalogue itself: a text that is no number stays one and is refused there.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from protocols.rules.kinds.candidacy import Limit
from protocols.rules.rows import RowBase

Shape = Literal["text", "number", "whole", "yes_no", "choice", "lines"]
Body = Mapping[str, object]
Texts = Mapping[str, str]

# Nobody types these: who the row is, and how often it was changed.
GIVEN = frozenset({"id", "version", "changed_because", "changed_source"})
NAMED = frozenset({"id"})
YES, NO = "yes", "no"
_WHOLE = re.compile(r"[+-]?\d{1,9}")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Cell:
    """One value to edit: where in the row it stands, what it may be, and how it reads now.

    `about` says which limit it is; `adds` that it belongs to the empty entry by which a list gets another one.
    """

    path: str
    shape: Shape
    text: str
    choices: tuple[str, ...] = ()
    about: str = ""
    adds: bool = False


def cells(row_class: type[RowBase], body: Body) -> tuple[Cell, ...]:
    """Every value of a row that may be edited, in the order of its dataclass; a list has an empty entry to add one."""
    return tuple(_cells_of(row_class, body, "", GIVEN))


def body_of(row_class: type[RowBase], before: Body, texts: Texts) -> dict[str, object]:
    """The body that these texts (path -> text) make of the one before; a text that is as it was changes nothing."""
    return _table(row_class, before, texts, "", GIVEN)


def cell_of(path: str, known: Iterable[Cell]) -> Cell | None:
    """The cell where a problem at this path is shown: its own, that of its list, or the first of its table."""
    found = list(known)
    whole = re.sub(r"(\[\d+\])+$", "", path)
    for wanted in (path, whole):
        for cell in found:
            if cell.path == wanted:
                return cell
    return next((cell for cell in found if cell.path.startswith((f"{whole}.", f"{whole}["))), None)


@cache
def _hints(row_class: Hashable) -> dict[str, Any]:
    return get_type_hints(cast(type, row_class))


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    hint: Any
    optional: bool
    default: object


def _declared(row_class: type[Any], given: frozenset[str]) -> Iterator[_Field]:
    """Every field that is edited, with its plain type; what a form shows of one that is left out is its default."""
    for each in fields(row_class):
        if each.name not in given:
            optional = each.default is not MISSING or each.default_factory is not MISSING
            default = each.default if isinstance(each.default, bool) else _ABSENT
            yield _Field(each.name, _plain(_hints(row_class)[each.name]), optional, default)  # type: ignore[arg-type]


def _plain(hint: Any) -> Any:
    """The type without None."""
    if get_origin(hint) in (Union, UnionType):
        return _plain(next(part for part in get_args(hint) if part is not NoneType))
    return hint


def _cells_of(row_class: type[Any], body: Body, prefix: str, given: frozenset[str] = frozenset()) -> Iterator[Cell]:
    for field in _declared(row_class, given):
        path, value = prefix + field.name, body.get(field.name, field.default)
        inner = _entry_class(field.hint)
        if inner is Limit:
            yield from _limits(path, value)
        elif inner is not None:
            for place, (entry, known) in enumerate(_with_an_empty_one(value)):
                found = _cells_of(inner, entry, f"{path}[{place}].", known)
                yield from (replace(_may_be_empty(cell), adds=not known) for cell in found)
        elif is_dataclass(field.hint):
            found = _cells_of(cast("type[Any]", field.hint), _body(value), f"{path}.")
            yield from (_may_be_empty(cell) if field.optional else cell for cell in found)
        else:
            yield _cell(path, field.hint, value, field.optional)


def _limits(path: str, value: object) -> Iterator[Cell]:
    """The rule reads its numbers by name, so that only the numbers are edited."""
    for place, entry in enumerate(value if isinstance(value, list) else []):
        limit = _body(entry)
        unit = f" ({limit['unit']})" if limit.get("unit") else ""
        about = f"{limit['name']}{unit}"
        yield Cell(f"{path}[{place}].value", "number", _text(limit.get("value", _ABSENT)), about=about)


def _cell(path: str, hint: Any, value: object, optional: bool) -> Cell:
    if get_origin(hint) is Literal:
        choices = tuple(str(each) for each in get_args(hint))
        return Cell(path, "choice", _text(value), choices if not optional or "" in choices else ("", *choices))
    if get_origin(hint) is tuple:
        return Cell(path, "lines", _text(value))
    return Cell(path, {bool: "yes_no", int: "whole", Decimal: "number"}.get(hint, "text"), _text(value))  # type: ignore[arg-type]


def _may_be_empty(cell: Cell) -> Cell:
    if cell.shape != "choice" or "" in cell.choices:
        return cell
    return replace(cell, choices=("", *cell.choices))


def _entry_class(hint: Any) -> type[Any] | None:
    """The dataclass of the entries, when the type is a list of tables."""
    inner = _plain(get_args(hint)[0]) if get_origin(hint) is tuple else None
    return cast("type[Any]", inner) if is_dataclass(inner) else None


def _with_an_empty_one(value: object) -> list[tuple[Body, frozenset[str]]]:
    """Each entry of a list and what is given of it, at last an empty one of which everything is asked."""
    entries = value if isinstance(value, list) else []
    return [*((_body(entry), NAMED) for entry in entries), ({}, frozenset())]


def _body(value: object) -> Body:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    if value is _ABSENT or value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    return str(value)


def _table(
    row_class: type[Any], before: Body, texts: Texts, prefix: str, given: frozenset[str] = frozenset()
) -> dict[str, object]:
    made = dict(before)
    for field in _declared(row_class, given):
        value = _value(field, before.get(field.name, _ABSENT), texts, prefix + field.name)
        if value is _ABSENT:
            made.pop(field.name, None)
        else:
            made[field.name] = value
    return made


def _value(field: _Field, before: object, texts: Texts, path: str) -> object:
    hint, inner = field.hint, _entry_class(field.hint)
    if inner is Limit:
        return _limited(before, texts, path)
    if inner is not None:
        return _entries(inner, before, texts, path)
    if is_dataclass(hint):
        made = _table(cast("type[Any]", hint), _body(before), texts, f"{path}.")
        return made if made else _ABSENT
    text, shown = texts.get(path), field.default if before is _ABSENT else before
    if text is None or _tidy(text) == _tidy(_text(shown)):
        return before
    if get_origin(hint) is tuple:
        return [_scalar(get_args(hint)[0], line.strip()) for line in _tidy(text).split("\n") if line.strip()]
    return _ABSENT if not _tidy(text) and (hint is not str or before is _ABSENT) else _scalar(hint, _tidy(text))


def _limited(before: object, texts: Texts, path: str) -> object:
    if not isinstance(before, list):
        return before
    return [
        {**limit, "value": _scalar(Decimal, _tidy(texts.get(f"{path}[{place}].value", str(limit["value"]))))}
        for place, limit in enumerate(before)
    ]


def _entries(inner: type[Any], before: object, texts: Texts, path: str) -> object:
    """The entries that still say something; one of which every text was emptied is gone."""
    kept = []
    for place, (entry, known) in enumerate(_with_an_empty_one(before)):
        made = _table(inner, entry, texts, f"{path}[{place}].", known)
        if any(value not in ("", []) for name, value in made.items() if name not in known):
            kept.append(made)
    return kept if kept or before is not _ABSENT else _ABSENT


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _scalar(hint: Any, text: str) -> object:
    hint = _plain(hint)
    if hint is bool:
        return {YES: True, NO: False}.get(text, text)
    if hint is int:
        return int(text) if _WHOLE.fullmatch(text) else text
    return text.replace(",", ".") if hint is Decimal else text
