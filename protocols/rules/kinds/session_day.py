"""Row kinds: session steps, what always holds in a session, and day-of-session rules (clinical.md 7)."""

from dataclasses import dataclass
from typing import Literal

from protocols.rules.kinds.candidacy import InputName, Limited
from protocols.rules.rows import Contradictions, RowBase, kind, unlike


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One item of a step, answered done, not done or not applicable; `id` is unique within its step."""

    id: str
    text: str


@kind("session_step")
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStep(RowBase):
    """A stage of a session: its checklist and what stops it."""

    stage: str
    items: tuple[ChecklistItem, ...]
    hard_stop: str
    optional: bool = False

    def contradictions(self) -> Contradictions:
        return unlike("items", (each.id for each in self.items))


@kind("session_policy")
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy(RowBase):
    """What holds in every session: who may do what, asepsis, what the record must contain."""

    title: str
    items: tuple[str, ...]


@kind("day_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule(Limited):
    """A rule of the day; a `recompute` row speaks through the candidacy rules it names (clinical.md 7.1)."""

    condition: str
    level: Literal["block", "defer", "caution", "record", "recompute"]
    reason: str
    action: str
    inputs: tuple[InputName, ...] = ()
    recomputes: tuple[str, ...] = ()
