"""The whole web stack in this process: requests through the clinic's WSGI application, each timed and counted.

Wall time is what somebody waits; processor time is that of this process and, on PostgreSQL, of its database backend,
so that other work on the machine does not count. SQL statements are those that Django sends, savepoints among them.
"""

import io
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urlencode

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connection  # noqa: E402

from mesoclinic.accounts import User  # noqa: E402
from mesoclinic.wsgi import application  # noqa: E402

CSRF = "a" * 32
NANO = 1e9
Wsgi = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a request, and what it cost in seconds and statements."""

    status: int
    headers: dict[str, str]
    body: str
    wall: float
    busy: float
    statements: int


@dataclass(slots=True)
class Cost:
    """What one kind of request cost, over many of them."""

    wall: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)

    def add(self, answer: Answer) -> Answer:
        """Count one more."""
        self.wall.append(answer.wall)
        self.busy.append(answer.busy)
        self.statements.append(answer.statements)
        return answer

    def row(self) -> dict[str, object]:
        """In milliseconds, as the report takes it."""
        return {
            "n": len(self.wall),
            "wall": [_part(self.wall, 50), _part(self.wall, 95), max(self.wall) * 1000],
            "busy": [_part(self.busy, 50), _part(self.busy, 95), max(self.busy) * 1000],
            "statements": [min(self.statements), max(self.statements)],
        }


class Browser:
    """Somebody who has signed in, as their browser asks the application."""

    def __init__(self, user: User | None = None, wsgi: Wsgi = application) -> None:
        self.wsgi = wsgi
        self.cookies = {"csrf": CSRF} | ({"session": _session_of(user)} if user else {})

    def get(self, path: str, query: Mapping[str, str] | None = None, *, htmx: bool = False) -> Answer:
        """Read an address."""
        return self._ask("GET", path, urlencode(query or {}), b"", htmx)

    def post(self, path: str, data: Mapping[str, str | Sequence[str]], *, htmx: bool = False) -> Answer:
        """Send a form."""
        body = urlencode({**data, "csrfmiddlewaretoken": CSRF}, doseq=True).encode()
        path, _mark, query = path.partition("?")
        return self._ask("POST", path, query, body, htmx)

    def _ask(self, method: str, path: str, query: str, body: bytes, htmx: bool) -> Answer:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:8000",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            **({"HTTP_HX_REQUEST": "true"} if htmx else {}),
        }
        head: list[Any] = []
        counter = _Counter()
        with connection.execute_wrapper(counter):
            started, before = perf_counter(), _busy()
            answer = self.wsgi(environ, lambda status, headers, _problem=None: head.extend((status, headers)))
            content = b"".join(answer)
            answer.close()
            wall, busy = perf_counter() - started, _busy() - before
        headers = dict(head[1])
        return Answer(int(head[0].split()[0]), headers, content.decode(errors="replace"), wall, busy, counter.number)


class _Counter:
    """Counts what Django sends to the database."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Callable[..., Any], *words: Any) -> Any:
        self.number += 1
        return execute(*words)


def user(email: str) -> User:
    """A member of the staff of the clinic of size."""
    return User.objects.get(email=f"scale-{email}@demo.test")


def expect(answer: Answer, *statuses: int) -> Answer:
    """The answer, if it is one of those expected: a benchmark of refusals measures nothing."""
    if answer.status not in statuses:
        raise SystemExit(f"Answered {answer.status}, not {statuses}:\n{answer.body[:3000]}")
    return answer


def done(result: Mapping[str, object]) -> None:
    """Hand the figures to the report."""
    print(json.dumps(result))


def _busy() -> float:
    """Seconds of processor time of this process and of its PostgreSQL backend."""
    return process_time() + _backend()


def _backend() -> float:
    raw = connection.connection
    if connection.vendor != "postgresql" or raw is None or raw.closed:
        return 0.0
    file = Path(f"/proc/{raw.info.backend_pid}/schedstat")
    return int(file.read_text().split()[0]) / NANO if file.exists() else 0.0


def _part(seconds: Sequence[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000


def _session_of(user: User) -> str:
    """A session as signing in leaves it: how people sign in is not measured."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)
