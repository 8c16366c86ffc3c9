"""Row kinds: outcome measures, meaningful change and response classes (clinical.md 11)."""

from dataclasses import dataclass
from typing import Literal

from protocols.rules.kinds.candidacy import Limited
from protocols.rules.rows import RowBase, kind

When = Literal["required", "optional", "pull", "yearly", "-"]


@kind("outcome_measure")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeMeasure(Limited):
    """A measure, how it is taken and when it is due (11.1)."""

    name: str
    baseline: When
    each_session: When
    interim: When
    final: When
    maintenance: When
    method: str


@kind("outcome_change")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChange(Limited):
    """From where on a measure counts as improved or worse (11.2)."""

    improved: str
    unchanged: str
    worse: str
    basis: str


@kind("response_class")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseClass(Limited):
    """The answer of a final assessment and what follows (11.3)."""

    rule: str
    action: str


@kind("outcome_display")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDisplay(RowBase):
    """How outcomes are drawn (11.4)."""

    items: tuple[str, ...]
