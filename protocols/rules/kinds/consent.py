"""Row kinds: consent elements, withdrawal and advantage statements (clinical.md 10)."""

from dataclasses import dataclass

from protocols.rules.kinds.candidacy import Limited
from protocols.rules.rows import RowBase, kind


@kind("consent_element")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentElement(Limited):
    """An element of valid consent; without every required one there is no session (10.1)."""

    element: str
    required: bool


@kind("consent_withdrawal")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawal(RowBase):
    """What follows when a consent is withdrawn (10.2)."""

    text: str


@kind("advantage")
@dataclass(frozen=True, slots=True, kw_only=True)
class Advantage(RowBase):
    """What may be said of an advantage, and how well it is shown (10.3)."""

    advantage: str
    wording: str
    evidence: str
