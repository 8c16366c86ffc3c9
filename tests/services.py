"""Private servers for tests: PostgreSQL, Redis, a mail sink and the whole clinic, each on its own folder."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from mesoclinic import private_redis
from mesoclinic.clock import lead_to

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # A camera that shows a test picture, and nobody to be asked for leave.
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(ready: Callable[[], bool], *, seconds: float, what: str, process: subprocess.Popen | None = None) -> None:
    """Waits until `ready`; says what did not come, or that its process ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what} ended with status {process.returncode}")
        if ready():
            return
        time.sleep(0.1)
    raise TimeoutError(f"{what} was not ready within {seconds:.0f} s")


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """A short-named private folder: sockets inside it must fit into 108 bytes."""
    folder = Path(tempfile.mkdtemp(prefix=f"meso-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(command: list[str], *, stop: signal.Signals = signal.SIGTERM, **options) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def redis() -> Iterator[str]:
    """A private Redis; gives its address."""
    with _folder("redis") as folder:
        where = folder / "s"
        with running(private_redis.command(socket=where, folder=folder)) as process:
            wait_for(where.exists, seconds=10, what="Redis", process=process)
            yield f"redis+socket://{where}"


@contextmanager
def postgres() -> Iterator[str]:
    """A private PostgreSQL with one empty database; gives its address."""
    programs = postgres_programs()
    with _folder("pg") as folder:
        drop, data, port = without_root(folder), folder / "data", free_port()
        initdb = [programs / "initdb", "-D", data, "-U", "meso", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*drop, *map(str, initdb), "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        # Durability is PostgreSQL's own promise; these rows live for minutes.
        told = ["fsync=off", "full_page_writes=off", "listen_addresses=", "shared_buffers=64MB", "max_connections=120"]
        server = [*drop, str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-p", str(port)]
        words = [*server, *(word for each in told for word in ("-c", each))]
        with (
            (folder / "log").open("wb") as log,
            running(words, stop=signal.SIGINT, stdout=subprocess.DEVNULL, stderr=log, cwd="/") as process,
        ):
            ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-p", str(port), "-U", "meso"]
            wait_for(lambda: subprocess.run(ready).returncode == 0, seconds=30, what="PostgreSQL", process=process)
            url = f"postgresql://meso@/{{name}}?host={folder}&port={port}"
            with private_database(url.format(name="postgres")) as fresh:
                yield fresh


def postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def without_root(folder: Path) -> list[str]:
    """PostgreSQL refuses root: gives the words that run a command as its own user."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextmanager
def private_database(url: str) -> Iterator[str]:
    """A new, empty database on the server of this address; gives its address."""
    import psycopg2

    head, _, query = url.partition("?")
    name = f"meso_{os.getpid()}_{time.monotonic_ns()}"
    server = psycopg2.connect(url)
    server.autocommit = True
    try:
        server.cursor().execute(f'CREATE DATABASE "{name}"')
        yield f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
        server.cursor().execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        server.close()


@contextmanager
def mail_sink(folder: Path, fault: Path | None = None) -> Iterator[int]:
    """The demo's SMTP sink; gives its port."""
    port = free_port()
    environment = {**os.environ, **({"MAIL_SINK_FAULT": str(fault)} if fault else {})}
    command = [sys.executable, "-m", "mesoclinic.demo.sink", str(port), str(folder)]
    with running(command, cwd=ROOT, env=environment) as process:
        wait_for(lambda: _listens(port), seconds=10, what="the mail sink", process=process)
        yield port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Clinic:
    """A whole clinic that runs: `make run` on a folder of its own."""

    base_url: str
    folder: Path
    clock_file: Path
    fault_file: Path
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen


@contextmanager
def clinic(at: datetime | None = None, **environment: str) -> Iterator[Clinic]:
    """The demo clinic with its real processes on free ports; its clock starts `at` that moment."""
    with _folder("clinic") as folder, _databases() as urls:
        port = free_port()
        told = {
            **{key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
            **urls,
            "MESOCLINIC_VAR": str(folder),
            "MESOCLINIC_CLOCK_FILE": str(folder / "clock"),
            "MAIL_SINK_FAULT": str(folder / "fault"),
            "DEMO": "1",
            "PORT": str(port),
            "EMAIL_PORT": str(free_port()),
            "PUBLIC_URL": f"http://localhost:{port}",
            **environment,
        }
        lead_to(folder / "clock", at or datetime.now(UTC))
        log = folder / "log"
        command = [sys.executable, "manage.py", "run"]
        with (
            log.open("wb") as lines,
            running(command, cwd=ROOT, env=told, stdout=lines, stderr=subprocess.STDOUT) as process,
        ):
            url = f"http://localhost:{port}"
            try:
                wait_for(lambda: answers(f"{url}/readyz"), seconds=180, what="the clinic", process=process)
            except (RuntimeError, TimeoutError) as problem:
                raise RuntimeError(f"{problem}\n{log.read_text(errors='replace')[-4000:]}") from problem
            yield Clinic(url, folder, folder / "clock", folder / "fault", log, told, process)


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    """A database and a broker of its own on the stack under test; empty means the embedded ones."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield {"DATABASE_URL": "", "REDIS_URL": ""}
        return
    with private_database(server) as database, redis() as broker:
        yield {"DATABASE_URL": database, "REDIS_URL": broker}
