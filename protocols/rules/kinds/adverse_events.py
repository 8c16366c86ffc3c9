"""Row kinds: adverse events, grades, the cluster alert and triage answers (clinical.md 8)."""

from dataclasses import dataclass
from typing import Annotated

from protocols.rules.kinds.candidacy import Limited
from protocols.rules.rows import Contradictions, Ref, RowBase, kind, unlike

AdverseEventId = Annotated[str, Ref("adverse_event")]


@kind("adverse_event_grade")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEventGrade(RowBase):
    """What a grade means and what is done by default (8.1)."""

    grade: int
    meaning: str
    handling: str


@kind("adverse_event")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEventType(RowBase):
    """An adverse event: course, grades, red flags, what to do (8.2); sentinel from `sentinel_from_grade` up (8.3).

    `stops_course`: its effect on the sessions is to stop, whatever its grade.
    """

    name: str
    onset: str
    duration: str
    expected: str
    anchors: str
    red_flag: str
    action: str
    effect: str
    sentinel_from_grade: int | None = None
    stops_course: bool = False


@kind("cluster_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRule(Limited):
    """How many of these events on one lot, or on one day in the clinic, alert the medical director (8.3)."""

    events: tuple[AdverseEventId, ...]
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Something a patient reports."""

    id: str
    text: str


@kind("triage_answer")
@dataclass(frozen=True, slots=True, kw_only=True)
class TriageAnswer(Limited):
    """What is answered when any of the signs is reported, rank 1 being the most urgent (8.4)."""

    rank: int
    red_flag: bool = False
    answer: str
    target: str
    target_hours: int | None = None
    signs: tuple[Sign, ...]

    def contradictions(self) -> Contradictions:
        return unlike("signs", (each.id for each in self.signs))
