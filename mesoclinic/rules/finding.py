"""What a rule says: one finding with its reason, and the shape of a check that may lack inputs."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding bears on the decision: five candidacy outcomes, then the levels of every other engine."""

    CONTRAINDICATED = "contraindicated"
    REFER = "refer"
    DEFER = "defer"
    CAUTION = "caution"
    PROCEED = "proceed"
    BLOCK = "block"
    WARN = "warn"
    MISSING = "missing"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired: `about` is the ingredient, syringe or field it concerns, `inputs` what it was read from."""

    rule: str
    version: int
    level: Level
    about: str = ""
    detail: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    action: str = ""
    reassess: str = ""
    sources: tuple[str, ...] = ()
    strength: str = ""
    temporary: bool = False

    @property
    def code(self) -> str:
        """The finding as one string, `block FX-01 PLT_GINKGO BL-09+EP-03` (clinical.md 14.3)."""
        parts = (self.level.value, self.rule, self.about, "+".join(sorted(self.detail)))
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything a check found and everything it would have needed; an empty `findings` alone is never a pass."""

    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
