"""`make sweeps`: the planner against a solver and over every change of the clocks; writes docs/reports/sweeps.md.

200 courses of 12 sessions in busy clinics of 5 clinicians have the optimum that OR-Tools finds. In 12 zones, 500 series
over each change from 2025 to 2035 keep the time on the wall that was asked for, in the planner and in words.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time
from typing import TypeVar

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from sessions.rules.planner import plan_series  # noqa: E402
from tests.property.drifts import ZONES, Drift, drift  # noqa: E402
from tests.property.series_cases import Times, cost_of, series_of  # noqa: E402
from tests.property.solver import SPAN, Model, instance  # noqa: E402

REPORT = ROOT / "docs" / "reports" / "sweeps.md"
INSTANCES, SERIES = 200, 500
Found = TypeVar("Found")


@dataclass(frozen=True)
class Compared:
    """One instance: whether planner and solver agree, the terms of the cost that are not nought, seconds of each."""

    seed: int
    agree: bool
    placed: bool
    terms: tuple[bool, ...]
    planner: float
    solver: float


def main() -> int:
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--instances", type=int, default=INSTANCES)
    asked.add_argument("--series", type=int, default=SERIES)
    asked.add_argument("--jobs", type=int, default=os.cpu_count())
    told = asked.parse_args()
    with ProcessPoolExecutor(told.jobs) as pool:
        compared = list(_watched(pool.map(compare, range(told.instances))))
        drifts = list(_watched(pool.map(partial(drift, series=told.series), ZONES)))
    report = "\n".join([*_solver(compared), "", *_clocks(drifts, told.series)])
    print(report)
    REPORT.write_text(report + "\n", encoding="utf-8")
    return 0 if all(each.agree for each in compared) and not any(each.drifted for each in drifts) else 1


def _watched(found: Iterator[Found]) -> Iterator[Found]:
    """The same, each one told as it comes."""
    for each in found:
        print(each, file=sys.stderr, flush=True)
        yield each


def compare(seed: int) -> Compared:
    """The planner and the solver on one instance."""
    case = instance(seed)
    started = process_time()
    found = plan_series(case.clinic, case.course, case.preferences, search_days=SPAN, choices=0)
    planned = process_time()
    cost = cost_of(case.course, series_of(found, Times(case.clinic, case.preferences))) if found.complete else None
    begun = process_time()
    agree = cost == Model(case).best()
    terms = tuple(bool(term) for term in cost[:-1]) if cost else ()
    return Compared(seed, agree, found.complete, terms, planned - started, process_time() - begun)


def _solver(compared: list[Compared]) -> list[str]:
    named = Counter(place for each in compared for place, term in enumerate(each.terms) if term)
    wrong = [str(each.seed) for each in compared if not each.agree]
    none = sum(not each.placed for each in compared)
    return [
        "# The planner against a solver, and over every change of the clocks",
        "",
        f"Written by `make sweeps`, commit {_commit()}.",
        "",
        "## The same optimum",
        "",
        f"{len(compared)} courses of 12 sessions, 5 clinicians and 4 rooms, holidays and clock changes among them "
        "(`tests/property/solver.py`); OR-Tools CP-SAT minimises one term of the objective after the other.",
        "",
        "| | courses |",
        "|---|---|",
        f"| same optimum | {len(compared) - len(wrong)} |",
        f"| another one | {len(wrong)} {' '.join(wrong)} |",
        f"| no whole series, both say | {none} |",
        f"| sessions beyond their tolerance at best | {named[0]} |",
        f"| wishes missed at best | {named[2]} |",
        f"| not always on one weekday at best | {named[3]} |",
        f"| not always at one time at best | {named[4]} |",
        "",
        f"Seconds of computing: planner {sum(each.planner for each in compared):.1f}, model and solver "
        f"{sum(each.solver for each in compared):.1f}.",
    ]


def _clocks(drifts: list[Drift], series: int) -> list[str]:
    rows = [
        f"| {each.zone} | {each.changes} | {each.series:,} | {each.crossed:,} | {each.sessions:,} | {each.drifted} |"
        for each in drifts
    ]
    return [
        "## No drift",
        "",
        f"{series} series over each change of the clocks from 2025 to 2035 (`tests/property/drifts.py`): any protocol, "
        "five times of day, on a wished weekday or without; a session drifts when it is not at the time asked for, by "
        "arithmetic on UTC or in the words of pages and letters. Where the clocks never change, spring and autumn.",
        "",
        "| zone | changes | series | of them over a change | sessions | drifted |",
        "|---|---|---|---|---|---|",
        *rows,
    ]


def _commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    raise SystemExit(main())
