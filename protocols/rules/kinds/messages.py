"""Row kinds: patient messages and quiet hours (clinical.md 9.1)."""

from dataclasses import dataclass
from typing import Literal

from protocols.rules.rows import RowBase, kind

Anchor = Literal["session_start", "session_end", "missed_start", "assessment", "plan_end", "consent_expiry"]


@kind("message")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow(RowBase):
    """A message, due so many elapsed hours, or so many calendar days, after (or before) its anchor."""

    anchor: Anchor
    after_hours: int | None = None
    after_days: int | None = None
    purpose: str
    stops_when: str = ""


@kind("quiet_hours")
@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours(RowBase):
    """No message goes out from `from_hour` (included) to `to_hour`; what counts from a date is due at `date_hour`."""

    from_hour: int
    to_hour: int
    date_hour: int
