"""Runs the tests: all of them on the embedded parts, then what touches them again on PostgreSQL and Redis."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

FAST = ["unit", "property", "architecture", "db", "web"]
BROWSER = ["browser"]
ON_SERVERS = ["db", "web"]


def main(arguments: list[str]) -> int:
    fast = "--fast" in arguments
    rest = [each for each in arguments if each != "--fast"]
    started = time.monotonic()
    failed = [title for title, passed in _runs(fast, rest) if not passed]
    outcome = f"FAILED: {', '.join(failed)}" if failed else "All tests passed"
    print(f"\n{outcome} in {time.monotonic() - started:.0f} s.")
    return 1 if failed else 0


def _runs(fast: bool, rest: list[str]) -> Iterator[tuple[str, bool]]:
    embedded = {"DATABASE_URL": "", "REDIS_URL": ""}
    if fast:
        yield _pytest("SQLite, fast", FAST, embedded, ["-n", "2", "-m", "not processes and not sweep", *rest])
        return
    yield _pytest("SQLite and embedded broker", FAST, embedded, ["-n", "2", *rest])
    yield _pytest("browser, SQLite and embedded broker", BROWSER, embedded, rest)
    with _servers() as servers:
        yield _pytest("PostgreSQL and Redis", ON_SERVERS, servers, ["-n", "2", "-m", "not once", *rest])
        yield _pytest("browser, PostgreSQL and Redis", BROWSER, servers, ["-m", "both_stacks", *rest])


def _pytest(title: str, kinds: list[str], told: dict[str, str], options: list[str]) -> tuple[str, bool]:
    print(f"\n=== {title} ===", flush=True)
    environment = {**os.environ, **told, "DEMO": "0"}
    for private in ("MESOCLINIC_VAR", "PORT", "BROKER_SOCKET"):
        environment.pop(private, None)
    folders = [f"tests/{kind}" for kind in kinds if any(Path("tests", kind).glob("**/test_*.py"))]
    if not folders:
        print("No tests here yet.")
        return title, True
    command = [sys.executable, "-m", "pytest", "-q", "--durations=5", *folders, *options]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    return title, done.returncode == 0


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    """The servers named by the environment, or private ones."""
    from tests import services

    with ExitStack() as running:
        database = os.environ.get("DATABASE_URL") or running.enter_context(services.postgres())
        broker = os.environ.get("REDIS_URL") or running.enter_context(services.redis())
        yield {"DATABASE_URL": database, "REDIS_URL": broker}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
