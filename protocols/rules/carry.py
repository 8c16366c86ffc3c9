"""What a clinic changed, carried over to a newer shipped release: applied where it fits, named where it does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protocols.rules.changes import Body, RowKey
from protocols.rules.editing import GIVEN


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that the clinic and the newer release both changed; the newer release's value stands until decided."""

    name: str
    before: object
    clinic: object
    shipped: object


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """A row as the clinic would have it in the newer release; with clashes it waits for a decision."""

    kind: str
    code: str
    body: Body
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """The rows that differ from the newer release, and those whose change has no place in it any more."""

    rows: tuple[CarriedRow, ...]
    lost: tuple[RowKey, ...]


def carry(before: Mapping[RowKey, Body], clinic: Mapping[RowKey, Body], shipped: Mapping[RowKey, Body]) -> Carried:
    """The clinic's changes since `before` on top of `shipped`; no change of either side is dropped without a word."""
    rows, lost = [], []
    for key in sorted(before.keys() | clinic.keys()):
        was, ours, theirs = before.get(key), clinic.get(key), shipped.get(key)
        if ours in (was, theirs):
            continue
        if ours is None or (theirs is None and was is not None):
            lost.append(key)
        elif theirs is None or theirs == was:
            rows.append(CarriedRow(*key, ours))
        elif (merged := _merged(key, was or {}, ours, theirs)) is not None:
            rows.append(merged)
    return Carried(tuple(rows), tuple(lost))


def _merged(key: RowKey, was: Body, ours: Body, theirs: Body) -> CarriedRow | None:
    """The newer row with the clinic's fields; None when it says already what the clinic wanted."""
    body, clashes = dict(theirs), []
    for name in _changed(was, ours):
        if _same(name, ours, theirs):
            continue
        if _same(name, was, theirs):
            _take(body, name, ours)
        else:
            clashes.append(Clash(name, was.get(name), ours.get(name), theirs.get(name)))
    if body == theirs and not clashes:
        return None
    for name in ("changed_because", "changed_source"):
        _take(body, name, ours)
    body["version"] = int(str(theirs["version"])) + 1
    return CarriedRow(*key, body, tuple(clashes))


def _changed(was: Body, ours: Body) -> Iterator[str]:
    names = [*was, *(name for name in ours if name not in was)]
    return (name for name in names if name not in GIVEN and not _same(name, was, ours))


def _same(name: str, one: Body, other: Body) -> bool:
    return (name in one, one.get(name)) == (name in other, other.get(name))


def _take(body: dict[str, object], name: str, source: Body) -> None:
    if name in source:
        body[name] = source[name]
    else:
        body.pop(name, None)
