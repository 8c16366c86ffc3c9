"""What differs between two releases: rows added and removed, and of changed rows each field with both values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

RowKey = tuple[str, str]
Body = Mapping[str, object]
OF_EVERY_RULE = frozenset(
    {
        "allergen",
        "anaesthetic_limit",
        "candidacy_rule",
        "course_rule",
        "day_rule",
        "definition",
        "diagnosis",
        "exclusion_rule",
        "faga_combination",
        "faga_criterion",
        "formulation_need",
        "formulation_rule",
        "input",
        "laboratory_test",
        "salt_band",
        "salt_region",
        "scarring_sign",
        "schedule_rule",
        "session_policy",
        "severity_category",
        "severity_scale",
        "severity_stage",
        "technique_rule",
    }
)
"""Kinds of rows by which every patient and every mixture is judged, whatever the plan names."""


class What(Enum):
    """What happened to a row from one release to the other."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a changed row; None where a release does not state it."""

    name: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that differs; `fields` is empty unless both releases have it."""

    kind: str
    code: str
    what: What
    fields: tuple[FieldChange, ...] = ()

    @property
    def key(self) -> RowKey:
        return (self.kind, self.code)

    @property
    def touches_everybody(self) -> bool:
        """Whether every plan is judged by it."""
        return self.kind in OF_EVERY_RULE


def changes(before: Mapping[RowKey, Body], after: Mapping[RowKey, Body]) -> tuple[RowChange, ...]:
    """Every row that differs between two releases, by kind and id."""
    differing = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return tuple(_change(key, before.get(key), after.get(key)) for key in differing)


def _change(key: RowKey, old: Body | None, new: Body | None) -> RowChange:
    if old is None or new is None:
        return RowChange(*key, What.ADDED if old is None else What.REMOVED)
    names = [*old, *(name for name in new if name not in old)]
    fields = (FieldChange(name, old.get(name), new.get(name)) for name in names if _differs(name, old, new))
    return RowChange(*key, What.CHANGED, tuple(fields))


def _differs(name: str, old: Body, new: Body) -> bool:
    return (name in old, old.get(name)) != (name in new, new.get(name))
