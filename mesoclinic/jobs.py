"""The only door to the queue. It wakes workers after the commit; what is due stays a row of the database."""

import logging

from django.db import transaction
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from mesoclinic.celery import app

log = logging.getLogger(__name__)


class UnknownTask(LookupError):
    """No task has that name."""


def enqueue(name: str, *, drop_after: float | None = None, **ids: int | str) -> None:
    """Have the named task run soon after the commit; `drop_after` seconds unstarted it is dropped.

    Raises UnknownTask at once for a wrong name. A broker that is away is logged only: the sweep finds what is due.
    """
    if name not in app.tasks:
        raise UnknownTask(name)
    transaction.on_commit(lambda: _publish(name, ids, drop_after))


def _publish(name: str, ids: dict[str, int | str], drop_after: float | None) -> None:
    try:
        app.tasks[name].apply_async(kwargs=ids, expires=drop_after, retry=False)
    except (OperationalError, KombuError, RedisError, OSError) as problem:
        log.warning("The queue did not take %s: %s", name, type(problem).__name__)
