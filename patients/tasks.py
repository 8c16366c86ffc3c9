"""Tasks about people: each calls one service and may safely run twice."""

from celery import shared_task

from mesoclinic.actors import System
from patients.services import intake


@shared_task(name="intake.tidy")  # type: ignore[untyped-decorator]  # celery ships no types
def tidy_intakes() -> None:
    """Closes links that have expired and deletes answers that were never sent."""
    intake.forget_unsent(System("intake"))
