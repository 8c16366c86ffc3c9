"""`make bench`: rules, planner, live verdict and pages, on both databases; writes their docs/reports.

`--patients` and `--appointments` measure a clinic of another size.
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import planner, rules, scale  # noqa: E402

REPORT = ROOT / "docs" / "reports" / "speed.md"
EMPTY, WEEK, SEARCH = "floor: empty view, one SELECT", "floor: week by raw SQL", "floor: search by raw SQL"
ONE, EIGHT = "floor: one guarded insert", "floor: 8 guarded inserts"
SCRIPTS = ("live_verdict", "pages")
VERDICT = "live verdict, one more answer"
# Row of the report: the floor of its own kind, and the target of design/performance.md in words.
KNOWN: dict[str, tuple[str, str]] = {
    VERDICT: ("", "server p95 ≤ 100 ms"),
    "week view, data": (WEEK, "≤ 4× its floor; ≤ 12 statements, as many for 10 visits as for 1,000"),
    "week view, page": (WEEK, ""),
    "week view, data of an empty week": ("", ""),
    "day view, page": ("", ""),
    "day board": ("", ""),
    "search, part of a surname": (SEARCH, "≤ 4× its floor"),
    "search, no accents": (SEARCH, "≤ 4× its floor"),
    "search, capitals": (SEARCH, "≤ 4× its floor"),
    "search, given and family name": (SEARCH, ""),
    "search, phone digits": (SEARCH, ""),
    "search, birth date": (SEARCH, ""),
    "search, day and month of birth": (SEARCH, ""),
    "search, record number": (SEARCH, ""),
    "search, nobody": (SEARCH, ""),
    "patient page, full record": ("", "constant statements"),
    "free slots of a day, one clinician (query and rule)": ("", "≤ 20 ms"),
    "free slots of a day, any of five (query and rule)": ("", "≤ 1.5× of one clinician"),
    "book one visit": (ONE, "≤ 4× its floor"),
    "find a series of 8": ("", ""),
    "book a series of 8": (EIGHT, "≤ 4× its floor; quicker than two single bookings"),
}
Figures = dict[str, dict[str, Any]]


def main() -> None:
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--patients", type=int, default=scale.PATIENTS)
    asked.add_argument("--appointments", type=int, default=scale.APPOINTMENTS)
    size = asked.parse_args()
    rules.main()
    planner.main()
    before = os.getloadavg()
    found = {name: _measured(name, size.patients, size.appointments) for name in scale.DATABASES}
    text = "\n".join(_report(found, size.patients, size.appointments, before, os.getloadavg()))
    print(text)
    REPORT.write_text(text, encoding="utf-8")


def _measured(database: str, patients: int, appointments: int) -> Figures:
    figures: Figures = {}
    for script in SCRIPTS:
        print(f"Measuring {script.replace('_', ' ')} on {database}.", flush=True)
        with scale.clinic(database, patients=patients, appointments=appointments) as environment:
            line = scale.run([f"benchmarks/{script}.py"], environment).splitlines()[-1]
        figures |= {EMPTY if name == "floor" else name: cost for name, cost in json.loads(line).items()}
    return figures


def _report(
    found: Mapping[str, Figures], patients: int, appointments: int, before: tuple[float, ...], after: tuple[float, ...]
) -> Iterator[str]:
    yield from (
        "# How quick the pages are",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%-d %B %Y}: {patients:,} patients and {appointments:,} "
        f"appointments over {scale.YEARS} years, made by `manage.py seed_scale`. {rules.machine()}, Python "
        f"{sys.version.split()[0]}, commit {_commit()}. Load of the machine before {before[0]:.1f}, "
        f"after {after[0]:.1f}.",
        "",
        "Each request goes through the clinic's own WSGI application, with its session, permissions and audit, one "
        "after the other. **Busy** is processor time of the web process and, on PostgreSQL, of its database backend: "
        "other work on the machine does not count, waiting for the disk does not either. **Wall** is what passed on "
        "the clock, other work included. Milliseconds. The floor of all is a Django view without middleware that does "
        "one indexed SELECT; *its floor* is raw SQL of the same kind through the same bare Django. Floors are measured "
        "in the same run, in turn with ours; ratios are of busy medians.",
        "",
    )
    for database, figures in found.items():
        yield from _table(database, figures)
    yield from _targets(found)


def _table(database: str, figures: Figures) -> Iterator[str]:
    bottom = figures[EMPTY]["busy"][0]
    yield from (
        f"## {database}",
        "",
        "| what | times | busy p50 | busy p95 | wall p50 | wall p95 | wall max | SQL | ÷ floor | ÷ its floor |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    )
    for name in sorted(figures, key=_place):
        cost = figures[name]
        own = KNOWN.get(name, ("", ""))[0]
        ratio = f"{cost['busy'][0] / figures[own]['busy'][0]:.1f}×" if own else ""
        least, most = cost["statements"]
        yield (
            f"| {name} | {cost['n']} | {cost['busy'][0]:.1f} | {cost['busy'][1]:.1f} | {cost['wall'][0]:.1f} | "
            f"{cost['wall'][1]:.1f} | {cost['wall'][2]:.1f} | {least if least == most else f'{least}–{most}'} | "
            f"{cost['busy'][0] / bottom:.0f}× | {ratio} |"
        )
    yield ""


def _targets(found: Mapping[str, Figures]) -> Iterator[str]:
    yield from (
        "## Against the targets of design/performance.md",
        "",
        f"| what | target | {' | '.join(found)} |",
        f"|---|---|{'---|' * len(found)}",
    )
    for name, (own, target) in KNOWN.items():
        if target:
            yield f"| {name} | {target} | {' | '.join(_reached(name, own, each) for each in found.values())} |"
    yield from (
        "",
        "Not measured here: clients that want one slot at once (`make races`), weight of pages in a browser, memory, "
        "mails and documents, and growth to a million. There is no Django admin in this project, so that the patient "
        "page has no peer beside it. No page offers free slots by itself yet: its query and its rule are measured.",
        "",
    )


def _reached(name: str, own: str, figures: Figures) -> str:
    cost = figures[name]
    said = f"p95 {cost['busy'][1]:.0f} ms busy, {cost['wall'][1]:.0f} ms wall"
    if own:
        said = f"{cost['busy'][0] / figures[own]['busy'][0]:.1f}×"
    if name == "week view, data":
        least, most = figures["week view, data of an empty week"]["statements"][0], cost["statements"][1]
        said += f"; {most} statements, {least} for an empty week"
    if name == "book a series of 8":
        said += f"; {cost['busy'][0] / figures['book one visit']['busy'][0]:.1f} single bookings"
    if name.startswith("free slots of a day, any"):
        one = next(key for key in KNOWN if key.startswith("free slots of a day, one"))
        said += f", {cost['busy'][0] / figures[one]['busy'][0]:.1f}×"
    if name.startswith("patient page"):
        said = "–".join(str(number) for number in dict.fromkeys(cost["statements"]))
    return said


def _place(name: str) -> tuple[int, str]:
    return (list(KNOWN).index(name), "") if name in KNOWN else (len(KNOWN), name)


def _commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
