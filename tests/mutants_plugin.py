"""Runs the collected tests against one mutant after another, each in a fork of the process that collected them.

Collecting four thousand tests takes longer than running those that notice, so it is done once. mutmut's own runner
collects anew for every mutant; what is mutated, and how, stays mutmut's.
"""

import functools
import gc
import json
import os
import pickle
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

OURS = ("mesoclinic", "patients", "protocols", "sessions", "tests")
KEPT = {"shipped", "read_release"}
PATIENCE = 3
"""Seconds of processor time that a test may use under a mutant on top of ten times what it takes."""
KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"


@dataclass
class Baseline:
    """Which functions each test runs and how long it takes, and the functions that read the catalogue."""

    seconds: list[float]
    tests_of: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    reading: set[str] = field(default_factory=set)


def pytest_configure(config: pytest.Config) -> None:
    plan = json.loads(Path(os.environ["MUTANTS_PLAN"]).read_text())
    config.pluginmanager.register(Breaker(plan, Path(os.environ["MUTANTS_RESULTS"])))


class Breaker:
    """Replaces the loop over tests by one over mutants: `plan` names each and the function it is in."""

    def __init__(self, plan: list[dict[str, str]], results: Path) -> None:
        self.plan = plan
        self.results = results
        self.noticed: dict[str, list[int]] = defaultdict(list)
        self.running: dict[int, dict[str, str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = session.items
        # The first example that fails is enough; making it smaller takes minutes.
        settings.register_profile("mutants", settings.get_profile("ordinary"), phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")
        _forget(KEPT)
        self.baseline = self._baseline()
        gc.freeze()
        workers = int(os.environ.get("MUTANTS_WORKERS", os.cpu_count() or 1))
        with self.results.open("a", encoding="utf-8") as out:
            self.out = out
            # Those that need a process each come last.
            for mutant in sorted(self.plan, key=lambda each: not self._killers(each["function"])):
                while len(self.running) >= workers:
                    self._await_one()
                self._start(mutant)
            while self.running:
                self._await_one()
        return True

    def _baseline(self) -> Baseline:
        """As recorded for these very tests and rules, or recorded now."""
        kept = self.results.with_name(f"baseline-{self.plan[0]['others']}.pickle")
        if not kept.exists():
            kept.write_bytes(_in_a_fork(self._recorded))
        found: Baseline = pickle.loads(kept.read_bytes())
        return found

    def _recorded(self) -> bytes:
        set_mutant_under_test("stats")
        baseline = Baseline([0.0] * len(self.items))
        _forget(set())
        _read_the_catalogue()
        baseline.reading = set(state()._stats)
        for place in range(len(self.items)):
            state()._stats.clear()
            started = time.process_time()
            if not self._passes(place):
                raise RuntimeError(f"fails without any mutant: {self.items[place].nodeid}")
            baseline.seconds[place] = time.process_time() - started
            for function in state()._stats:
                baseline.tests_of[function].add(place)
        baseline.tests_of = dict(baseline.tests_of)
        return pickle.dumps(baseline)

    def _passes(self, place: int) -> bool:
        following = self.items[place + 1] if place + 1 < len(self.items) else None
        reports = runtestprotocol(self.items[place], log=False, nextitem=following)
        return not any(report.failed for report in reports)

    def _killers(self, function: str) -> list[int]:
        """First what noticed another mutant of the function, then the quickest."""
        direct = self.baseline.tests_of.get(function, set())
        found = sorted(direct, key=self.baseline.seconds.__getitem__)
        if function in self.baseline.reading:
            rest = set(range(len(self.items))) - direct
            found += sorted(rest, key=self.baseline.seconds.__getitem__)
        return list(dict.fromkeys([*self.noticed[function], *found]))

    def _start(self, mutant: dict[str, str]) -> None:
        killers = self._killers(mutant["function"])
        sys.stdout.flush()
        child = os.fork()
        if child:
            self.running[child] = mutant
            return
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        if not killers:
            _limit(10 * sum(self.baseline.seconds))
            _run_afresh(mutant["key"])
        set_mutant_under_test(mutant["key"])
        if mutant["function"] in self.baseline.reading:
            _forget(set())
        os._exit(self._notice(mutant["key"], killers))

    def _notice(self, key: str, killers: list[int]) -> int:
        for place in killers:
            _limit(time.process_time() + PATIENCE + 10 * self.baseline.seconds[place])
            try:
                passed = self._passes(place)
            except BaseException:  # noqa: BLE001 a mutant may break the runner itself, which is noticed as well
                passed = False
            if not passed:
                _note_of(self.results, key).write_text(str(place))
                return 1
        return 0

    def _await_one(self) -> None:
        child, status = os.wait()
        mutant = self.running.pop(child)
        note = _note_of(self.results, mutant["key"])
        killer = ""
        if note.exists():
            place = int(note.read_text())
            note.unlink()
            killer = self.items[place].nodeid
            earlier = self.noticed[mutant["function"]]
            earlier[:] = [place, *(each for each in earlier if each != place)][:20]
        if os.WIFSIGNALED(status):
            self._note(mutant, TIMEOUT, killer)
        else:
            self._note(mutant, KILLED if os.WEXITSTATUS(status) else SURVIVED, killer)

    def _note(self, mutant: dict[str, str], outcome: str, killer: str) -> None:
        self.out.write(json.dumps(mutant | {"outcome": outcome, "killer": killer}) + "\n")
        self.out.flush()


def _run_afresh(key: str) -> NoReturn:
    """What runs while modules are imported is over once tests are collected: its mutants get a process each."""
    words = [word for name in ("no:cacheprovider", "no:xdist", "no:randomly") for word in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "tests/unit", "tests/property", *words]
    os.execve(sys.executable, command, os.environ | {"MUTANT_UNDER_TEST": key})


def _note_of(results: Path, key: str) -> Path:
    return results.with_name(f"{key}.killer"[-200:])


def _read_the_catalogue() -> None:
    from tests.builders.facts import shipped

    shipped()


def _forget(kept: set[str]) -> None:
    """Empties what our modules remember between calls, so that a mutant is asked and not a memory."""
    for remembering in _remembering():
        if remembering.__name__ not in kept:
            remembering.cache_clear()


def _remembering() -> Iterator[Any]:
    for found in gc.get_objects():
        # Asking a lazy object with isinstance would set it up.
        if type(found) is functools._lru_cache_wrapper and found.__module__.partition(".")[0] in OURS:
            yield found


def _limit(seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, resource.RLIM_INFINITY))


def _in_a_fork(work: Callable[[], bytes]) -> bytes:
    """What the work answers; nothing of what it does stays in this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(work())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("the tests fail without any mutant")
    return answer
