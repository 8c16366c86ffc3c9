"""The supervisor of the embedded clinic."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mesoclinic.private_redis import socket_path
from mesoclinic.supervisor import Part, Supervisor

pytestmark = pytest.mark.processes
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def supervisor():
    running = Supervisor(os.environ)
    yield running
    running.stop()


def test_a_part_that_dies_is_started_again_with_a_growing_pause_and_said_so(supervisor, capfd):
    part = Part("worker", SLEEP, pause=0.05)
    supervisor.start(part)
    first = part.process.pid
    part.process.kill()
    part.process.wait()
    assert supervisor.wait_until(lambda: part.runs() and part.process.pid != first, seconds=10)
    assert part.pause == pytest.approx(0.1)
    assert "worker ended with status -9; starting it again" in capfd.readouterr().out


def test_a_part_that_ignores_the_request_is_ended(supervisor):
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    part = Part("beat", [sys.executable, "-c", stubborn], stop_seconds=0.3)
    supervisor.start(part)
    time.sleep(0.3)
    part.stop()
    assert not part.runs()


def test_parts_die_with_a_supervisor_that_is_killed(tmp_path: Path):
    script = (
        "import os, time\nfrom mesoclinic.supervisor import Part\n"
        f"part = Part('web', {SLEEP!r}); part.start(os.environ); print(part.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not _lives(child):
            return
        time.sleep(0.1)
    pytest.fail("the part outlived its supervisor")


def test_a_long_data_folder_gets_a_socket_that_the_kernel_takes(tmp_path: Path):
    deep = tmp_path / ("x" * 120)
    assert len(str(socket_path(deep))) < 100
    assert socket_path(deep) != socket_path(deep / "y")
    assert socket_path(Path("/srv/clinic")) == Path("/srv/clinic/redis.sock")


def _lives(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
