"""Who acts: a User, a patient by link, or the named system. Services take no other."""

from dataclasses import dataclass
from typing import Protocol


class Actor(Protocol):
    """Somebody to whom an audit event can be ascribed."""

    @property
    def kind(self) -> str: ...

    @property
    def actor_id(self) -> int | None: ...

    @property
    def actor_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class System:
    """The clinic's own background work, by name."""

    actor_name: str
    kind: str = "system"
    actor_id: int | None = None


@dataclass(frozen=True, slots=True)
class PatientByLink:
    """A patient who holds a valid link; the link opens one patient for one purpose."""

    link_id: int
    patient_id: int
    purpose: str
    kind: str = "link"

    @property
    def actor_id(self) -> int | None:
        return self.link_id

    @property
    def actor_name(self) -> str:
        return "patient link"
