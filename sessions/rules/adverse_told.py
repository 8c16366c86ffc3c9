"""What somebody tells of an adverse event, or of signs after a session, before anything is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mesoclinic.rules.tri import Tri


@dataclass(frozen=True, slots=True)
class Report:
    """An adverse event as it is told; `record_id` is the session it goes back to, `lots` are the related ones."""

    code: str
    grade: int | None
    onset_at: datetime
    record_id: int | None = None
    place: str = ""
    description: str = ""
    causality: str = ""
    seriousness: str = ""
    action: str = ""
    lots: tuple[int, ...] = ()
    reporter: str = "staff"


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody said of each sign (8.4), and the open event that it is about, if it is about one."""

    signs: Mapping[str, Tri]
    temperature_c: Decimal | None = None
    text: str = ""
    event_id: int | None = None
