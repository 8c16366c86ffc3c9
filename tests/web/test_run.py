"""`manage.py run`: the whole clinic comes up by one command, alone on its folder, and stops cleanly."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import services

ROOT = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, "manage.py"]
ANSWERS = "Levent\nEurope/Istanbul\nTR\n112\nd@clinic.example\nDr Deniz\na long password of mine\n"

pytestmark = [pytest.mark.processes, pytest.mark.once]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    told = {"MESOCLINIC_VAR": str(tmp_path / "var"), "DEMO": "0", "PORT": str(services.free_port())}
    inherited = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return {**inherited, **told, "DATABASE_URL": "", "REDIS_URL": ""}


def call(words: list[str], environment: dict[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MANAGE, *words], cwd=ROOT, env=environment, input=given, capture_output=True, text=True, check=False
    )


def test_a_clinic_starts_runs_alone_survives_a_dead_worker_and_stops(environment, tmp_path: Path):
    for words, given in ((["prepare"], ""), (["create_director"], ANSWERS)):
        done = call(words, environment, given)
        assert done.returncode == 0, done.stdout + done.stderr
    ready, log = f"http://localhost:{environment['PORT']}/readyz", tmp_path / "log"
    with (
        log.open("wb") as lines,
        services.running([*MANAGE, "run"], cwd=ROOT, env=environment, stdout=lines, stderr=lines) as clinic,
    ):
        services.wait_for(lambda: services.answers(ready), seconds=60, what="the clinic", process=clinic)
        again = call(["run"], environment)
        assert (again.returncode, "runs already" in again.stderr) == (1, True)
        parts = psutil.Process(clinic.pid).children(recursive=True)
        _part(parts, "celery worker").kill()
        services.wait_for(lambda: "worker ended with status -9" in log.read_text(), seconds=10, what="the notice")
        clinic.send_signal(signal.SIGINT)
        assert clinic.wait(20) == 0
    assert not [part for part in parts if part.is_running() and part.status() != psutil.STATUS_ZOMBIE]
    assert log.read_text().rstrip().endswith("Stopped.")


def test_an_empty_clinic_without_anybody_to_ask_says_what_to_do(environment):
    done = call(["run"], environment)
    assert done.returncode == 1
    assert "create_director" in done.stderr


def _part(parts: list[psutil.Process], words: str) -> psutil.Process:
    """The first process whose command holds the words; a process may have rewritten its command as one text."""
    return next(part for part in parts if words in " ".join(part.cmdline()))
