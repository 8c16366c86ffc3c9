"""Row kinds: intervals, protocols, and the rules of scheduling, maintenance and stopping (clinical.md 6)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.kinds.candidacy import Limited
from protocols.rules.kinds.diagnosis import Category
from protocols.rules.kinds.ingredients import IngredientId
from protocols.rules.kinds.inputs import Condition
from protocols.rules.rows import Contradictions, Ref, RowBase, kind, positive, rising, unlike

ProtocolId = Annotated[str, Ref("protocol")]
TechniqueId = Annotated[str, Ref("technique")]


@kind("interval")
@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(RowBase):
    """The days between two sessions: fewest, aimed at, most (clinical.md 6).

    `tolerance_days` off the target count as none to the planner, so that a patient keeps a weekday (policy).
    """

    name: str
    min_days: int
    target_days: int
    max_days: int
    tolerance_days: int = 0

    def contradictions(self) -> Contradictions:
        yield from positive(min_days=self.min_days)
        yield from rising(min_days=self.min_days, target_days=self.target_days, max_days=self.max_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentDay:
    """An assessment and its target day, counted from the first session."""

    code: Literal["interim", "interim2", "final"]
    day: int


@kind("protocol")
@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol(RowBase):
    """A course: its sessions, the interval before each but the first, assessments, allowed techniques (6, 6.0a).

    `target_days` are the days of the sessions, counted from the first one.
    """

    name: str
    agents: tuple[IngredientId, ...]
    agents_note: str = ""
    sessions: int
    target_days: tuple[int, ...]
    intervals: tuple[Annotated[str, Ref("interval")], ...]
    assessments: tuple[AssessmentDay, ...] = ()
    volume_mode: Literal["fixed", "by_area", "either"]
    volume_ml: Decimal | None = None
    volume_note: str = ""
    techniques: tuple[TechniqueId, ...]
    evidence: str
    maintenance: bool = False
    offered: bool = True

    def contradictions(self) -> Contradictions:
        yield from positive(sessions=self.sessions, volume_ml=self.volume_ml)
        if len(self.target_days) != self.sessions:
            yield "target_days", "must name a day for each session"
        if len(self.intervals) != self.sessions - 1:
            yield "intervals", "must name an interval for each session but the first"
        if list(self.target_days) != sorted(set(self.target_days)):
            yield "target_days", "must rise from each session to the next"
        yield from unlike("assessments", (each.code for each in self.assessments))


@kind("protocol_suggestion")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolSuggestion(RowBase):
    """Which protocol is considered first in a situation; the doctor decides (clinical.md 6.1).

    `when` and `severity` are what the record tells of the situation, `judged` what only the doctor can say.
    """

    situation: str
    when: tuple[Condition, ...] = ()
    severity: tuple[Category, ...] = ()
    judged: str = ""
    suggested: tuple[ProtocolId, ...]
    not_allowed: tuple[ProtocolId, ...] = ()
    advice: str
    caveat: str = ""


@kind("schedule_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRule(Limited):
    """A rule of booking: what it reads of a course, what it does, what it says (clinical.md 6.2)."""

    condition: str
    result: Literal["block", "warn", "plan"]
    reason: str
    action: str
    inputs: tuple[str, ...] = ()


@kind("course_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRule(Limited):
    """When a course goes on, and when it stops; `inputs` are what it reads of the course (clinical.md 6.3)."""

    rule: str
    reason: str = ""
    inputs: tuple[str, ...] = ()
    action: str
