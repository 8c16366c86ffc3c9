"""Row kinds: aftercare instructions (clinical.md 9)."""

from dataclasses import dataclass
from typing import Literal

from protocols.rules.kinds.candidacy import Limited
from protocols.rules.kinds.ingredients import IngredientId
from protocols.rules.kinds.schedule import TechniqueId
from protocols.rules.rows import kind


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedLine:
    """A line that is shown with an instruction for part of its time, in hours after the session."""

    text: str
    start_hours: int
    stop_hours: int | None = None
    unless: Literal["", "nsaid_contraindicated"] = ""


@kind("aftercare")
@dataclass(frozen=True, slots=True, kw_only=True)
class Aftercare(Limited):
    """An instruction and when it holds, in elapsed hours after the session; without `stop_hours` it does not end.

    `longer_stop_hours` counts instead when the rule's condition for it holds, `techniques` being part of that.
    """

    instruction: int | None = None
    text: str
    condition: str
    start_hours: int
    stop_hours: int | None = None
    longer_stop_hours: int | None = None
    stop_at: Literal["", "next_assessment"] = ""
    techniques: tuple[TechniqueId, ...] = ()
    ingredients: tuple[IngredientId, ...] = ()
    lines: tuple[TimedLine, ...] = ()
