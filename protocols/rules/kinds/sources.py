"""Row kinds: literature sources."""

from dataclasses import dataclass
from typing import Literal

from protocols.rules.rows import RowBase, kind


@kind("source")
@dataclass(frozen=True, slots=True, kw_only=True)
class Source(RowBase):
    """A source, what of it was read, and how far it is relied on (clinical.md 0.5)."""

    citation: str
    read: str
    reliability: Literal["H", "M", "L", "-"]
