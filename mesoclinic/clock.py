"""The only clock. In the demo and in tests a file may move it for all processes at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """The present moment in UTC, moved by the seconds in settings.CLOCK_FILE when that is set."""
    return datetime.now(UTC) + _offset()


def _offset() -> timedelta:
    if not settings.CLOCK_FILE:
        return timedelta()
    file = Path(settings.CLOCK_FILE)
    return timedelta(seconds=float(file.read_text() or 0)) if file.exists() else timedelta()
