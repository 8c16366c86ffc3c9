"""Workers die by SIGKILL at five points, the queue is emptied, the server falls silent: every mail arrives once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection

from mesoclinic import audit, faultpoints, outbox
from mesoclinic.clock import now
from mesoclinic.demo import sink
from mesoclinic.outbox import Message, State
from tests import services

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
# Reduced here; `make faults` runs it with 300 and writes what it counted to OUTBOX_REPORT.
MESSAGES = int(os.environ.get("OUTBOX_MESSAGES", "100"))
REPORT = os.environ.get("OUTBOX_REPORT", "")
KILL_EVERY = 40
KILLS = MESSAGES // 10
SECONDS = 120 + MESSAGES // 2
# What goes wrong in a turn of one second: the queue is lost, or the server takes a mail and does not answer.
FLUSH, MUTE, HANG = 7, 3, 5
TURNS = 9


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "mesoclinic.celery", "worker", "--include", "tests.notes"]
    command += ["--concurrency", "2", "--loglevel", "CRITICAL", "--without-gossip", "--without-mingle"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=services.ROOT, env=environment, start_new_session=True, **quiet)
    try:
        yield
        assert process.poll() is None, "the worker's own process must survive its children"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def environment(folder: Path, broker: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mesoclinic.settings",
        "MESOCLINIC_VAR": str(folder),
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(port),
        "EMAIL_TIMEOUT": "1",
        "MAIL_TRANSPORT": "mesoclinic.transport.SinkTransport",
        "OUTBOX_LEASE_SECONDS": "3",
        "OUTBOX_GRACE_SECONDS": "1",
        "FAULTPOINTS": "1",
        "MESOCLINIC_KILL_AT": ",".join(f"{point}:{KILL_EVERY}" for point in faultpoints.POINTS),
    }


def database_url() -> str:
    """The address of the test's own database."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite://{told['NAME']}"
    return f"postgresql://{told['USER']}:{told['PASSWORD']}@/{told['NAME']}?host={told['HOST']}&port={told['PORT']}"


def sweep_until_settled(broker: str, fault: Path) -> None:
    """Does what beat does, only faster, while queue and server fail now and then."""
    queue = Celery("tests", broker=broker, set_as_current=False)
    store = redis.Redis(unix_socket_path=broker.removeprefix("redis+socket://"))
    end = time.monotonic() + SECONDS
    while Message.objects.filter(state__in=(State.WAITING, State.CLAIMED)).exists() and time.monotonic() < end:
        turn = int(end - time.monotonic()) % TURNS
        fault.write_text({MUTE: "mute", HANG: "hang"}.get(turn, ""))
        if turn == FLUSH:
            store.flushall()
        queue.send_task("outbox.sweep", ignore_result=True)
        time.sleep(1)


def test_no_mail_is_lost_or_sent_twice(tmp_path, settings):
    settings.VAR_DIR = tmp_path
    for number in range(MESSAGES):
        outbox.put("note", key=f"note:{number}", subject=f"visit:{number}", due=now() + timedelta(seconds=2))
    with (
        services.redis() as broker,
        services.mail_sink(tmp_path / "mail", tmp_path / "fault") as port,
        worker(environment(tmp_path, broker, port)),
    ):
        sweep_until_settled(broker, tmp_path / "fault")
    died = {point: faultpoints.kills(point, KILL_EVERY) for point in faultpoints.POINTS}
    arrived = {message.key: len(sink.find(message.message_id)) for message in Message.objects.all()}
    if REPORT:
        lost, doubled = (sum(map(wrong, arrived.values())) for wrong in (lambda n: n == 0, lambda n: n > 1))
        counted = {"messages": MESSAGES, "kills": died, "lost": lost, "doubled": doubled}
        Path(REPORT).write_text(json.dumps(counted))
    assert {key: count for key, count in arrived.items() if count != 1} == {}
    assert {message.state for message in Message.objects.all()} == {State.SENT}
    assert audit.AuditEvent.objects.filter(action="message.sent").count() == MESSAGES
    assert audit.verify() is None
    assert sum(died.values()) >= KILLS
    assert min(died.values()) > 0
