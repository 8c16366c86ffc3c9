"""Keeps the parts of an embedded clinic running: starts, restarts with back-off, and stops them together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE = 30.0
_SETTLED_AFTER = 60.0
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """In the child, before it becomes the part: the kernel ends it when the supervisor is killed."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Part:
    """One process: its name for people, its command, and how long it may take to stop."""

    name: str
    command: Sequence[str]
    stop_seconds: float = 8.0
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause: float = 1.0
    start_again_at: float | None = field(default=None)

    def start(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches the supervisor alone, which stops the parts in order.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.started_at = time.monotonic()
        self.start_again_at = None

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Signals the part and everything it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def stop(self) -> None:
        """Asks the part to end, then insists."""
        if self.process is None:
            return
        if self.runs():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                say(f"{self.name} did not stop in {self.stop_seconds:.0f} s; ended.")
        self.signal(signal.SIGKILL)
        self.process.wait()


class Stopped(Exception):
    """Somebody asked the clinic to stop."""


class Supervisor:
    """Runs parts in the order given and stops them in the opposite one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.parts: list[Part] = []

    def start(self, part: Part) -> None:
        part.start(self.environment)
        self.parts.append(part)

    def watch(self) -> None:
        """Restarts what dies, until somebody stops the clinic."""
        while True:
            self.look()
            time.sleep(0.5)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Watches until `ready` says yes; False when it has not within the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ready():
                return True
            self.look()
            time.sleep(0.3)
        return False

    def look(self) -> None:
        """One round: notes what died, starts again what has waited its pause."""
        now = time.monotonic()
        for part in self.parts:
            if part.runs():
                continue
            if part.start_again_at is None:
                self._note_death(part, now)
            elif now >= part.start_again_at:
                part.start(self.environment)

    def stop(self) -> None:
        for part in reversed(self.parts):
            part.stop()

    def _note_death(self, part: Part, now: float) -> None:
        assert part.process is not None
        part.signal(signal.SIGKILL)
        part.pause = 1.0 if now - part.started_at > _SETTLED_AFTER else min(part.pause * 2, _LONGEST_PAUSE)
        part.start_again_at = now + part.pause
        say(f"{part.name} ended with status {part.process.returncode}; starting it again in {part.pause:.0f} s.")


def stop_on_signals() -> None:
    """Ctrl-C, a closed terminal and a polite kill all stop the clinic the same way."""

    def stop(number: int, frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


def say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)
