"""Work of a start that need not be done twice, and a start that must not be."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


class RunsAlready(Exception):
    """Another process runs on this data folder."""


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Holds the data folder; a second start is refused instead of fighting over one database."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise RunsAlready from problem
        yield


def collect_static() -> None:
    """Gathers and hashes the static files when one of them changed."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    fresh = _fingerprint()
    if stamp.exists() and stamp.read_text() == fresh:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(fresh)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
