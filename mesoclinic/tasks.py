"""The platform's tasks: each calls one service and may safely run twice."""

from celery import shared_task

from mesoclinic import health, outbox
from mesoclinic.actors import System


@shared_task(name="platform.heartbeat")  # type: ignore[untyped-decorator]  # celery ships no types
def heartbeat() -> None:
    """Shows that a worker takes work and reaches the database."""
    health.beat("worker")


@shared_task(name="outbox.deliver")  # type: ignore[untyped-decorator]  # celery ships no types
def deliver(message_id: int) -> None:
    """Sends one due message; a second run sees the claim and does nothing."""
    outbox.deliver(System("outbox"), message_id=message_id)


@shared_task(name="outbox.sweep")  # type: ignore[untyped-decorator]  # celery ships no types
def sweep() -> None:
    """Finds what is due, whatever the queue has lost."""
    outbox.sweep()
