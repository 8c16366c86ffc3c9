"""In which order those who wait are asked: whoever runs out of time first, then whoever waits longest. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits: until when it is safe to wait (None: no end in sight), and since when they do."""

    key: int
    last_safe: date | None
    since: datetime


def in_turn(waiting: Iterable[Waiting]) -> list[int]:
    """The keys in the order in which they are asked; nothing else counts, not who they are nor what they pay."""
    return [each.key for each in sorted(waiting, key=_turn)]


def _turn(each: Waiting) -> tuple[date, datetime, int]:
    return each.last_safe or date.max, each.since, each.key
