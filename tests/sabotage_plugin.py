"""Runs the collected tests against one sabotage after the other, each in a process of its own (`make sabotage`).

`pytest -p tests.sabotage_plugin --sabotage rules --sabotage-results FILE tests/unit` writes what became of each.
"""

import gc
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
AT_ONCE = 2
# Whoever waits longer for a test has been sabotaged into a circle.
SECONDS = 240


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sabotage")
    group.addoption("--sabotage", choices=sorted(GROUPS), help="what is dropped, one thing after the other")
    group.addoption("--sabotage-results", type=Path, help="where the results are written as JSON")
    group.addoption("--sabotage-only", default="", help="only those whose name contains this")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Instead of running the tests once, runs them against each sabotage; fails when one survives."""
    option = session.config.option
    if not option.sabotage:
        return None
    if session.testsfailed:
        raise session.Interrupted("the tests cannot be collected")
    results = list(_results(session, GROUPS[option.sabotage], option.sabotage_only))
    option.sabotage_results.write_text(json.dumps(results))
    session.testsfailed = sum(result["outcome"] != "killed" for result in results)
    return True


def _results(session: pytest.Session, every: Callable[[], Iterable[Any]], only: str) -> Iterator[dict[str, str]]:
    # What is there already need not be looked through again in every child.
    gc.freeze()
    (clean,) = _run(session, [None])
    if clean["outcome"] != "survived":
        message = f"Without any sabotage {clean['by'] or clean['outcome']} fails already: {clean['why']}"
        print(message, flush=True)
        raise session.Interrupted(message)
    wanted = [each for each in every() if only in str(each)]
    if not wanted:
        raise session.Interrupted(f"there is nothing to sabotage that is called {only}")
    yield from _run(session, wanted)


def _run(session: pytest.Session, sabotages: Sequence[Any]) -> list[dict[str, str]]:
    """The results in the order of the sabotages; never more than a few children at once."""
    waiting = list(enumerate(sabotages))
    running: dict[int, tuple[int, int, float]] = {}
    found: dict[int, dict[str, str]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            place, sabotage = waiting.pop(0)
            pid, pipe = _fork(session, sabotage)
            running[pid] = (place, pipe, time.monotonic())
        pid, status = os.wait()
        place, pipe, _ = running.pop(pid)
        with os.fdopen(pipe) as reader:
            said = reader.read()
        told = json.loads(said) if status == 0 else {"outcome": "error", "by": "", "why": f"it ended with {status}"}
        sabotage = sabotages[place]
        found[place] = told | {"kind": sabotage.kind, "what": sabotage.what} if sabotage else told
        if sabotage:
            print(
                f"{told['outcome']:<9} {sabotage}  {told['by']}{' ' + told['why'] if told['why'] else ''}", flush=True
            )
    return [found[place] for place in sorted(found)]


def _fork(session: pytest.Session, sabotage: Any) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    status = 1
    try:
        signal.alarm(SECONDS)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.write(writer, json.dumps(_child(session, sabotage)).encode())
        status = 0
    finally:
        os._exit(status)


def _child(session: pytest.Session, sabotage: Any) -> dict[str, str]:
    _own_database()
    if sabotage is not None:
        try:
            sabotage.apply()
        except Exception as error:  # noqa: BLE001  whatever it is, nothing was sabotaged
            return {"outcome": "error", "by": "", "why": f"cannot be dropped: {error!r}"}
    watch = Watch(clean=sabotage is None)
    manager = session.config.pluginmanager
    manager.unregister(name="terminalreporter")
    manager.register(watch)
    items = _asked_first(session.items, sabotage.words if sabotage else ())
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if watch.by:
            break
    session._setupstate.teardown_exact(None)
    return watch.told()


def _own_database() -> None:
    from django.db import connection

    kept = connection.settings_dict["TEST"]
    name = kept["NAME"] or f"test_{connection.settings_dict['NAME']}"
    if connection.vendor == "sqlite":
        kept["NAME"] = str(Path(name).with_name(f"{os.getpid()}.sqlite3"))
    else:
        kept["NAME"] = f"{name}_{os.getpid()}"


def _asked_first(items: Sequence[pytest.Item], words: Sequence[str]) -> list[pytest.Item]:
    """First the tests that are named after what is dropped, then those that stand in a text which names it."""

    def distance(item: pytest.Item) -> int:
        for place, word in enumerate(words):
            if word in item.nodeid:
                return place
        mentions = any(word in _text(item.path) for word in words)
        return len(words) + (0 if mentions else 1)

    return sorted(items, key=distance)


_texts: dict[Path, str] = {}


def _text(path: Path) -> str:
    if path not in _texts:
        _texts[path] = path.read_text(encoding="utf-8")
    return _texts[path]


class Watch:
    """Remembers the first test that noticed, and which tests merely broke."""

    def __init__(self, *, clean: bool) -> None:
        self.clean, self.by, self.why = clean, "", ""
        self.broken: list[str] = []

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        error = call.excinfo
        if error is None or isinstance(error.value, pytest.skip.Exception) or self.by:
            return
        if self.clean or noticed(error):
            self.by, self.why = item.nodeid, f"{error.typename}: {error.value}" if self.clean else ""
        else:
            self.broken.append(f"{item.nodeid} ({error.typename})")

    def told(self) -> dict[str, str]:
        if self.by:
            return {"outcome": "killed", "by": self.by, "why": self.why}
        why = f"only broke {self.broken[0]}" if self.broken else ""
        return {"outcome": "survived", "by": "", "why": why}


def noticed(error: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether a test failed by what it asserts, or somebody was refused; an error inside the product is not that."""
    from mesoclinic.errors import ClinicError

    if isinstance(error.value, AssertionError | pytest.fail.Exception | ClinicError):
        return True
    return HERE in Path(str(error.traceback[-1].path)).parents


def _rules() -> Iterable[Any]:
    from tests.sabotage_rules import rules

    return rules()


def _grants() -> Iterable[Any]:
    from tests.sabotage_grants import grants

    return grants()


def _guards() -> Iterable[Any]:
    from tests.sabotage_guards import guards

    return guards()


GROUPS: dict[str, Callable[[], Iterable[Any]]] = {"grants": _grants, "guards": _guards, "rules": _rules}
