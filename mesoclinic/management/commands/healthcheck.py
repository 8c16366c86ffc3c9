"""Says by its exit status whether the web process, the worker or the beat of this machine is alive."""

from argparse import ArgumentParser
from collections.abc import Callable
from http.client import HTTPException
from os import environ
from socket import gethostname
from urllib.error import URLError
from urllib.request import urlopen

from django.core.management.base import BaseCommand, CommandError
from kombu.exceptions import OperationalError

from mesoclinic import health
from mesoclinic.celery import app


class Command(BaseCommand):
    """`manage.py healthcheck web|worker|beat`, as docker-compose.yml calls it."""

    help = "Exit 0 when the named part of this machine is alive, 1 when it is not."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("part", choices=list(PARTS))

    def handle(self, *args: object, part: str, **options: object) -> None:
        if not PARTS[part]():
            raise CommandError(f"{part} is not alive.")
        self.stdout.write(f"{part} is alive.")


def _beat() -> bool:
    return health.is_alive("beat")


def _web() -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{environ.get('PORT', '8000')}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, HTTPException, OSError):
        return False


def _worker() -> bool:
    """Asks the worker of this machine itself: the heartbeat row may be another worker's."""
    try:
        return bool(app.control.ping(destination=[f"celery@{gethostname()}"], timeout=5))
    except (OperationalError, OSError):
        return False


PARTS: dict[str, Callable[[], bool]] = {"web": _web, "worker": _worker, "beat": _beat}
