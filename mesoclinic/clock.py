"""The only clock. In the demo and in tests a file may move it for all processes at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """The present moment in UTC, moved by the seconds in settings.CLOCK_FILE when that is set."""
    return datetime.now(UTC) + _offset()


def lead_to(file: Path, moment: datetime) -> None:
    """From now on the clock that reads this file says `moment`, and time goes on from there; demo and tests only."""
    fresh = file.with_suffix(".new")
    fresh.write_text(str((moment - datetime.now(UTC)).total_seconds()))
    fresh.replace(file)


def _offset() -> timedelta:
    if not settings.CLOCK_FILE:
        return timedelta()
    file = Path(settings.CLOCK_FILE)
    return timedelta(seconds=float(file.read_text() or 0)) if file.exists() else timedelta()
