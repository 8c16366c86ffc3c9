"""The only door to the queue. It wakes workers after the commit; what is due stays a row of the database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from mesoclinic.celery import app

log = logging.getLogger(__name__)
_unqueued = ContextVar("unqueued", default=False)


class UnknownTask(LookupError):
    """No task has that name."""


def enqueue(name: str, *, drop_after: float | None = None, **ids: int | str) -> None:
    """Have the named task run soon after the commit; `drop_after` seconds unstarted it is dropped.

    Raises UnknownTask at once for a wrong name. A broker that is away is logged only: the sweep finds what is due.
    """
    if name not in app.tasks:
        raise UnknownTask(name)
    if not _unqueued.get():
        transaction.on_commit(lambda: _publish(name, ids, drop_after))


@contextmanager
def unqueued() -> Iterator[None]:
    """Nothing that is asked for meanwhile is put in the queue: what is due is a row, which the next sweep finds."""
    token = _unqueued.set(True)
    try:
        yield
    finally:
        _unqueued.reset(token)


def _publish(name: str, ids: dict[str, int | str], drop_after: float | None) -> None:
    try:
        app.tasks[name].apply_async(kwargs=ids, expires=drop_after, retry=False)
    except (OperationalError, KombuError, RedisError, OSError) as problem:
        log.warning("The queue did not take %s: %s", name, type(problem).__name__)
