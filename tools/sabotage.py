"""`make sabotage`: drops each rule, each grant, each database guard in turn; writes docs/reports/sabotage.md."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
REPORT = ROOT / "docs" / "reports" / "sabotage.md"
KILLED = "killed"
EMBEDDED = {"DATABASE_URL": "", "REDIS_URL": ""}
# Group -> the tests that should notice.
TESTS = {
    "rules": ["tests/unit", "tests/property"],
    "grants": ["tests/db/test_grants.py"],
    "guards": ["tests/db/test_guarded_tables.py", "tests/db/test_constraints.py", "tests/db/test_guards.py"],
}


@dataclass(frozen=True)
class Run:
    """What became of every sabotage of one group on one database."""

    database: str
    group: str
    results: list[dict[str, str]]


def main() -> int:
    started = time.monotonic()
    runs = [*_runs()]
    REPORT.write_text(_report(runs, time.monotonic() - started))
    left = [each for run in runs for each in run.results if each["outcome"] != KILLED]
    every = sum(len(run.results) for run in runs)
    print(f"{every} sabotages, {every - len(left)} killed, {len(left)} survived. {REPORT.relative_to(ROOT)}")
    return 1 if left or not every else 0


def _runs() -> Iterator[Run]:
    from tests import services

    for group in TESTS:
        yield Run("SQLite", group, _sabotaged(group, EMBEDDED))
    with services.postgres() as address:
        yield Run("PostgreSQL", "guards", _sabotaged("guards", {"DATABASE_URL": address, "REDIS_URL": ""}))


def _sabotaged(group: str, told: Mapping[str, str]) -> list[dict[str, str]]:
    """The results of a group; stops the whole run when its tests fail without any sabotage."""
    print(f"\n=== {group}, {'PostgreSQL' if told['DATABASE_URL'] else 'SQLite'} ===", flush=True)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        plugins = [word for name in ("no:cacheprovider", "no:xdist", "tests.sabotage_plugin") for word in ("-p", name)]
        options = ["--sabotage", group, "--sabotage-results", str(file)]
        command = [sys.executable, "-m", "pytest", "-q", "-s", *plugins, *options, *TESTS[group]]
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, **told, "DEMO": "0"}, stdin=subprocess.DEVNULL, check=False
        )
        if not file.exists():
            raise SystemExit(f"{group}: nothing was sabotaged; see above.")
        found: list[dict[str, str]] = json.loads(file.read_text())
    return found


def _report(runs: list[Run], seconds: float) -> str:
    lines = [
        "# Sabotage",
        "",
        "Written by `make sabotage`: each rule, each grant and each guard of the database is dropped in turn,"
        " and the tests that should notice are run. Killed: a test failed by what it asserts. A grant is also given"
        " to each role that should not have it.",
        "",
        "| database | group | dropped | killed | survived |",
        "|---|---|---|---|---|",
    ]
    for run in runs:
        counted = Counter(each["outcome"] == KILLED for each in run.results)
        lines.append(f"| {run.database} | {run.group} | {len(run.results)} | {counted[True]} | {counted[False]} |")
    lines += ["", f"The whole run took {seconds / 60:.0f} minutes.", ""]
    for run in runs:
        lines += [
            f"## {run.group}, {run.database}",
            "",
            "| kind | dropped | outcome | noticed by |",
            "|---|---|---|---|",
        ]
        lines += [_row(each) for each in run.results]
        lines.append("")
    return "\n".join(lines)


def _row(result: Mapping[str, str]) -> str:
    by = (result["by"] or result["why"]).replace("|", "\\|")
    return f"| {result['kind']} | {result['what']} | {result['outcome']} | {by} |"


if __name__ == "__main__":
    raise SystemExit(main())
