"""Runs the whole clinic on this machine: broker, web, worker, beat and, in the demo, a mail sink."""

import os
import shutil
import socket
import sys
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from mesoclinic import health, private_redis
from mesoclinic.accounts import User
from mesoclinic.demo import DEMO_LOGINS, DEMO_PASSWORD
from mesoclinic.run_once import RunsAlready, only_one
from mesoclinic.supervisor import Part, Stopped, Supervisor, say, stop_on_signals

OK = 200
WEB = [sys.executable, "-m", "gunicorn", "mesoclinic.wsgi", "--config", "python:mesoclinic.gunicorn"]
# Said to nobody who runs a demo as root on a machine of their own.
_CELERY = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q", "-A", "mesoclinic.celery"]
WORKER = [*_CELERY, "worker", "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
BEAT = [*_CELERY, "beat", "--loglevel", "WARNING", "--pidfile="]


class Command(BaseCommand):
    """`manage.py run`: what `make run` calls once everything is installed."""

    help = "Prepare the database and run web, worker, beat and broker until Ctrl-C. PORT names the port."

    def handle(self, *args: object, **options: object) -> None:
        port = int(os.environ.get("PORT", "8000"))
        try:
            with only_one(settings.VAR_DIR / "run.lock"):
                _refuse_taken(port)
                stop_on_signals()
                _run(port)
        except RunsAlready as problem:
            raise CommandError("This clinic runs already (its data folder is in use).") from problem
        except Stopped:
            say("Stopped.")


def _run(port: int) -> None:
    supervisor = Supervisor(_environment(port))
    try:
        say("Preparing the database.")
        _prepare()
        for part in _parts(supervisor.environment["EMAIL_PORT"]):
            supervisor.start(part)
        if supervisor.wait_until(lambda: _ready(port), seconds=90):
            _greet(port)
        else:
            say(f"Not ready after 90 s. {_complaints() or f'The web process answers {_readyz(port)}'}.")
        connections.close_all()
        supervisor.watch()
    finally:
        supervisor.stop()


def _prepare() -> None:
    call_command("prepare")
    # The last start's signs of life say nothing about this one.
    health.Heartbeat.objects.all().delete()
    if User.objects.exists():
        return
    if settings.DEMO:
        say("Making the demo clinic.")
        call_command("seed_demo")
    else:
        call_command("create_director")


def _environment(port: int) -> dict[str, str]:
    """What the parts are told beyond our own environment."""
    told = {"PORT": str(port), "PUBLIC_URL": f"http://localhost:{port}", "PYTHONUNBUFFERED": "1"}
    if settings.DEMO:
        told["EMAIL_PORT"] = str(settings.EMAIL_PORT if _is_free(settings.EMAIL_PORT) else _free_port())
    else:
        told["EMAIL_PORT"] = str(settings.EMAIL_PORT)
    given = {key: os.environ[key] for key in ("PUBLIC_URL",) if key in os.environ}
    return {**os.environ, **told, **given}


def _parts(mail_port: str) -> list[Part]:
    parts = []
    if not settings.REDIS_URL:
        parts.append(
            Part("broker", private_redis.command(socket=settings.BROKER_SOCKET, folder=settings.VAR_DIR / "redis"))
        )
    if settings.DEMO:
        folder = str(settings.VAR_DIR / "mail")
        parts.append(Part("mail sink", [sys.executable, "-m", "mesoclinic.demo.sink", mail_port, folder]))
    return [*parts, Part("web", WEB), Part("worker", WORKER), Part("beat", BEAT, stop_seconds=4)]


def _ready(port: int) -> bool:
    """Asks the parts first: the web process would log every early 503 as an error."""
    return not _complaints() and _readyz(port) == OK


def _complaints() -> str:
    """What is not ready, in words; empty when everything is."""
    return ", ".join(f"{name}: {state}" for name, state in health.state().items() if state != health.FINE)


def _readyz(port: int) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as answer:
        return answer.code
    except (URLError, OSError):
        return 0


def _greet(port: int) -> None:
    width = min(shutil.get_terminal_size().columns, 72)
    say("─" * width)
    say(f"mesoclinic is ready: http://localhost:{port}/")
    if settings.DEMO:
        say(f"Sign in as {', '.join(DEMO_LOGINS)}; password: {DEMO_PASSWORD}")
        say(f"Mail of the demo: http://localhost:{port}/demo/mail/")
        say("Demonstration content: no physician has approved it yet. Synthetic patients only.")
    say("Ctrl-C stops everything.")
    say("─" * width)


def _refuse_taken(port: int) -> None:
    if not _is_free(port):
        raise CommandError(f"Port {port} is in use. Choose another: PORT={port + 1} make run")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
