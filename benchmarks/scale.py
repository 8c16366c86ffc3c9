"""The clinic of size that everything is measured on: seeded once for its migrations and its seed, then copied."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mesoclinic.clock import lead_to  # noqa: E402
from tests import services  # noqa: E402

CACHE = ROOT / "var" / "bench"
DATABASES = ("SQLite", "PostgreSQL")
PATIENTS, APPOINTMENTS, YEARS = 100_000, 150_000, 3
TODAY = datetime(2026, 11, 26, 11, 10, tzinfo=ZoneInfo("Europe/Madrid"))
MADE_FROM = ("*/migrations/*.py", "sessions/demo/**/*.py", "sessions/management/commands/seed_scale.py")
USER = "meso"


@contextmanager
def clinic(database: str, *, patients: int = PATIENTS, appointments: int = APPOINTMENTS) -> Iterator[dict[str, str]]:
    """A copy of the clinic of size on this database, at its own moment; gives the environment that names it."""
    kept = CACHE / _digest(patients, appointments) / database.lower()
    if not (kept / "made").exists():
        _make(database, kept, patients, appointments)
    with TemporaryDirectory(prefix="meso-bench-", dir="/tmp") as name:
        copy = Path(name)
        copy.chmod(0o755)
        subprocess.run(["cp", "-a", f"{kept}/.", name], check=True)
        clock = copy / "var" / "clock"
        lead_to(clock, TODAY)
        with _served(database, copy, durable=True) as environment:
            yield environment | {"MESOCLINIC_CLOCK_FILE": str(clock)}


def _digest(patients: int, appointments: int) -> str:
    made_from = hashlib.sha256(f"{patients} {appointments} {YEARS} {TODAY}".encode())
    for file in sorted(file for pattern in MADE_FROM for file in ROOT.glob(pattern)):
        if not {"node_modules", ".venv", "var"} & set(file.parts):
            made_from.update(file.read_bytes())
    return made_from.hexdigest()[:16]


def _make(database: str, kept: Path, patients: int, appointments: int) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    (kept / "var").mkdir(parents=True)
    for old in CACHE.iterdir():
        if old != kept.parent:
            shutil.rmtree(old, ignore_errors=True)
    print(f"Seeding {patients:,} patients and {appointments:,} appointments into {database}.", flush=True)
    with TemporaryDirectory(prefix="meso-bench-", dir="/tmp") as name:
        work = Path(name)
        work.chmod(0o755)
        (work / "var").mkdir()
        with _served(database, work, durable=False) as environment:
            size = [f"--patients={patients}", f"--appointments={appointments}", f"--years={YEARS}"]
            for words in (["migrate", "-v0"], ["createcachetable"], ["seed_scale", *size, f"--date={TODAY.date()}"]):
                subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True)
            static = ["collectstatic", "--no-input", "-v0"]
            subprocess.run([sys.executable, "manage.py", *static], cwd=ROOT, env=environment, check=True)
        subprocess.run(["cp", "-a", f"{work}/.", str(kept)], check=True)
    (kept / "made").touch()


@contextmanager
def _served(database: str, folder: Path, *, durable: bool) -> Iterator[dict[str, str]]:
    environment = {
        **{key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
        "MESOCLINIC_VAR": str(folder / "var"),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DEMO": "0",
    }
    if database == "SQLite":
        yield environment
        return
    with _postgres(folder, durable=durable) as url:
        yield environment | {"DATABASE_URL": url}


@contextmanager
def _postgres(folder: Path, *, durable: bool) -> Iterator[str]:
    """PostgreSQL as it comes, on the data in this folder; what is only being seeded need not survive a power cut."""
    programs, port, data = services.postgres_programs(), services.free_port(), folder / "data"
    drop = services.without_root(folder)
    if not data.exists():
        first = [programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*drop, *map(str, first)], check=True, stdout=subprocess.DEVNULL, cwd="/")
    told = ["listen_addresses=", *([] if durable else ["fsync=off", "full_page_writes=off"])]
    server = [*drop, str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-p", str(port)]
    words = [*server, *(word for each in told for word in ("-c", each))]
    with (
        (folder / "log").open("wb") as log,
        services.running(words, stop=signal.SIGINT, stdout=subprocess.DEVNULL, stderr=log, cwd="/") as process,
    ):
        ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-p", str(port), "-U", USER]
        services.wait_for(lambda: subprocess.run(ready).returncode == 0, seconds=60, what="PostgreSQL", process=process)
        yield f"postgresql://{USER}@/postgres?host={folder}&port={port}"


def run(command: list[str], environment: Mapping[str, str]) -> str:
    """What a command of ours prints on this clinic."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=dict(environment), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
