"""The catalogue as frozen rows: parsed from TOML texts or stored bodies, with every problem reported at once."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from protocols.rules import kinds as _kinds  # noqa: F401  registers every kind
from protocols.rules.convert import Mention, Reading, to_row
from protocols.rules.rows import KINDS, RowBase

Row = TypeVar("Row", bound=RowBase)
STRENGTHS = frozenset("ABCP")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a catalogue file; `row` is the row's id or its place, `field` where in the row it stands."""

    code: str
    file: str
    row: str
    message: str
    field: str = ""


Reference = tuple["Entry", Mention, str]
"""Who refers, to what, and the code of the problem when there is no such row."""


class CatalogueError(Exception):
    """The catalogue cannot be used; `problems` names everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.file} {p.row}: {p.code}: {p.message}" for p in self.problems))


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as it is stored: its plain body and the digest of its clinical content."""

    kind: str
    body: Mapping[str, object]
    origin: str = ""

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def version(self) -> int:
        return int(str(self.body["version"]))

    @property
    def sha256(self) -> str:
        return _digest({"kind": self.kind, "body": self.body})


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One release. `sha256` covers the clinical content of every row, never who approved it."""

    release: str
    entries: tuple[Entry, ...]
    rows: Mapping[type[RowBase], Mapping[str, RowBase]]
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        contents = sorted((entry.kind, entry.id, entry.sha256) for entry in self.entries)
        object.__setattr__(self, "sha256", _digest(contents))

    def row(self, row_kind: type[Row], row_id: str) -> Row:
        """The row of that kind and id; KeyError when the release has none."""
        return self.rows[row_kind][row_id]  # type: ignore[return-value]

    def of(self, row_kind: type[Row]) -> tuple[Row, ...]:
        """Every row of that kind, in the order of its file."""
        return tuple(self.rows.get(row_kind, {}).values())  # type: ignore[arg-type]

    def has(self, row_kind: type[RowBase], row_id: str) -> bool:
        """Whether the release has that row."""
        return row_id in self.rows.get(row_kind, {})


def parse(release: str, files: Mapping[str, str]) -> Catalogue:
    """The catalogue in these TOML texts (file name -> text); raises CatalogueError naming all problems."""
    problems: list[Problem] = []
    entries = [entry for name in sorted(files) for entry in _entries(name, files[name], problems)]
    return _built(release, entries, problems)


def build(release: str, entries: Iterable[Entry]) -> Catalogue:
    """The catalogue of stored rows; raises CatalogueError naming all problems."""
    return _built(release, list(entries), [])


def _entries(name: str, text: str, problems: list[Problem]) -> Iterable[Entry]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem("not-toml", name, "", str(error)))
        return
    row_kind, rows = content.pop("kind", None), content.pop("row", [])
    problems += [Problem("unknown-key", name, "", f"{key} is not expected here") for key in content]
    if not isinstance(row_kind, str) or row_kind not in KINDS:
        problems.append(Problem("unknown-kind", name, "", f"{row_kind!r} is not a kind of row"))
        return
    if not isinstance(rows, list):
        problems.append(Problem("wrong-type", name, "", "row must be a list of tables"))
        return
    for body in rows:
        yield Entry(row_kind, _plain(body), name)


def _built(release: str, entries: list[Entry], problems: list[Problem]) -> Catalogue:
    rows: dict[type[RowBase], dict[str, RowBase]] = {row_class: {} for row_class in KINDS.values()}
    seen: set[tuple[str, str]] = set()
    references: list[Reference] = []
    for place, entry in enumerate(entries):
        row_id = str(entry.body.get("id", f"row {place}"))
        reading = Reading()
        row = to_row(KINDS[entry.kind], entry.body, reading)
        problems += [
            Problem(each.code, entry.origin, row_id, f"{each.path} {each.words}", each.path)
            for each in reading.problems
        ]
        if (entry.kind, row_id) in seen:
            problems.append(Problem("duplicate-id", entry.origin, row_id, f"{row_id} is given twice"))
        seen.add((entry.kind, row_id))
        references += [(entry, mention, "unknown-reference") for mention in reading.references]
        references += [(entry, mention, "unknown-source") for mention in _cited(entry)]
        if row is not None:
            problems += _envelope_problems(entry, row)
            rows[KINDS[entry.kind]].setdefault(row_id, row)
    problems += _dangling(references, seen)
    if problems:
        raise CatalogueError(problems)
    frozen = MappingProxyType({row_class: MappingProxyType(found) for row_class, found in rows.items()})
    return Catalogue(release, tuple(entries), frozen)


def _dangling(references: Iterable[Reference], seen: set[tuple[str, str]]) -> Iterable[Problem]:
    for entry, mention, code in references:
        if not any((kind, mention.target) in seen for kind in mention.kinds):
            message = f"{mention.target} is not the id of any {' or '.join(mention.kinds)}"
            yield Problem(code, entry.origin, str(entry.body.get("id", "")), message, mention.path)


def _cited(entry: Entry) -> Iterable[Mention]:
    sources = entry.body.get("sources")
    for place, source in enumerate(sources if isinstance(sources, list) else ()):
        if isinstance(source, str):
            yield Mention(("source",), source, f"sources[{place}]")


def _envelope_problems(entry: Entry, row: RowBase) -> Iterable[Problem]:
    if not set(row.strength.split("/")) <= STRENGTHS:
        yield Problem(
            "wrong-value", entry.origin, row.id, "strength must be A, B, C or P, or several joined by /", "strength"
        )
    if row.version < 1:
        yield Problem("wrong-value", entry.origin, row.id, "version must be 1 or more", "version")


def _plain(value: Any) -> Any:
    """The value as JSON keeps it: dates become their ISO text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
