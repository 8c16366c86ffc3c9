"""Tasks about events: each calls one service and may safely run twice."""

from celery import shared_task

from mesoclinic import clock
from sessions.services import grid


@shared_task(name="grid.tidy")  # type: ignore[untyped-decorator]  # celery ships no types
def tidy_grid() -> None:
    """Gives ended holds back and drops the grid rows of past days."""
    grid.tidy(clock.now())
