"""`make bench`: how long planning 12 sessions among 3 years of visits takes; prints it, writes docs/reports/planner.md.

5 clinicians with hours and holidays of their own, 4 rooms, closed days; what is taken is drawn from a fixed seed. Each
round plans as the booking page does: every place with its reason and three other choices.
"""

import os
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from protocols.release_files import read_release  # noqa: E402
from protocols.rules.catalogue import Catalogue  # noqa: E402
from protocols.rules.kinds.schedule import Interval as IntervalRow  # noqa: E402
from protocols.rules.kinds.schedule import Protocol  # noqa: E402
from sessions.rules.free_time import ClinicTime, Length, Taken, Thing, Worker  # noqa: E402
from sessions.rules.planner import plan_series  # noqa: E402
from sessions.rules.series_places import Course, Interval, Preferences  # noqa: E402

REPORT = ROOT / "docs" / "reports" / "planner.md"
RELEASE, SEED, ROUNDS, GOAL_MS = "2026.1", 1, 200, 50
SESSIONS, CLINICIANS, ROOMS, DAYS = 12, 5, 4, 3 * 365
ZONE, FIRST = ZoneInfo("Europe/Madrid"), date(2026, 1, 5)
SLOT_MINUTES, STEP_MINUTES = 5, 15
MORNING, AFTERNOON = (time(9), time(14)), (time(15), time(19))
# Protocols of another length are carried on by their last interval, as a plan of 12 sessions is.
PROTOCOLS = ("P3", "P8", "P5", "P9")
FULL = (0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a patient asks for."""

    name: str
    weekdays: int = 0
    hours: bool = False
    clinician: bool = False

    def preferences(self, dice: random.Random) -> Preferences:
        """Such wishes from some day on."""
        start = FIRST + timedelta(days=dice.randrange(DAYS - 500))
        weekdays = frozenset(dice.sample(range(5), self.weekdays))
        earliest, latest = dice.choice([(time(9), time(12)), (time(16), time(18))])
        clinician = dice.randrange(CLINICIANS) if self.clinician else None
        if not self.hours:
            return Preferences(start, weekdays, clinician_id=clinician)
        return Preferences(start, weekdays, earliest, latest, clinician)


WISHES = (
    Wish("no wishes"),
    Wish("a clinician", clinician=True),
    Wish("a weekday", weekdays=1),
    Wish("a weekday, hours and a clinician", weekdays=1, hours=True, clinician=True),
)


def main() -> None:
    catalogue = read_release(RELEASE)
    took = {(full, wish.name): list(_took(catalogue, full, wish)) for full in FULL for wish in WISHES}
    report = _report(took)
    print(report)
    REPORT.write_text(report + "\n", encoding="utf-8")


def _took(catalogue: Catalogue, full: float, wish: Wish) -> Iterator[tuple[float, bool]]:
    """Milliseconds for which the process held a core, and whether every session had a place."""
    dice = random.Random(SEED)
    clinic = _clinic(dice, full)
    courses = [_course(catalogue, name) for name in PROTOCOLS]
    for number in range(ROUNDS // len(FULL)):
        preferences, course = wish.preferences(dice), courses[number % len(courses)]
        started = process_time()
        proposal = plan_series(clinic, course, preferences, search_days=28, choices=3)
        yield (process_time() - started) * 1000, proposal.complete


def _course(catalogue: Catalogue, name: str) -> Course:
    codes = catalogue.row(Protocol, name).intervals
    rows = [catalogue.row(IntervalRow, code) for code in (*codes, *codes[-1:] * SESSIONS)[: SESSIONS - 1]]
    return Course(
        tuple(
            Interval(row.min_days, row.target_days, row.max_days, row.tolerance_days, row.max_days * 2) for row in rows
        )
    )


def _clinic(dice: random.Random, full: float) -> ClinicTime:
    week = dict.fromkeys(range(5), (MORNING, AFTERNOON))
    closed = {FIRST + timedelta(days=dice.randrange(DAYS)) for _ in range(45)}
    return ClinicTime(
        zone=ZONE,
        now=datetime.combine(FIRST, time(), ZONE).astimezone(UTC),
        opening=week,
        closures=dict.fromkeys(closed, "closed"),
        workers=tuple(_worker(dice, number) for number in range(CLINICIANS)),
        rooms=tuple(Thing(number, f"Room {number}") for number in range(ROOMS)),
        devices=(),
        length=Length(15, 30, 15),
        needs_room=True,
        needs_device=False,
        patient_id=1,
        busy=_busy(dice, full),
        slot_minutes=SLOT_MINUTES,
        step_minutes=STEP_MINUTES,
    )


def _worker(dice: random.Random, number: int) -> Worker:
    week = {
        day: dice.choice([(MORNING, AFTERNOON), (MORNING, AFTERNOON), (MORNING,), (AFTERNOON,)]) for day in range(5)
    }
    away = [FIRST + timedelta(days=dice.randrange(DAYS)) for _ in range(6)]
    return Worker(number, f"Clinician {number}", week, tuple((day, day + timedelta(days=9)) for day in away))


def _busy(dice: random.Random, full: float) -> dict[tuple[str, int], Taken]:
    things = [("clinician", each) for each in range(CLINICIANS)] + [("room", each) for each in range(ROOMS)]
    return {thing: Taken.of(_visits(dice, full)) for thing in things}


def _visits(dice: random.Random, full: float) -> Iterator[int]:
    """Visits of half an hour to an hour one after another, some of the time free, day after day."""
    for more in range(DAYS):
        opens = datetime.combine(FIRST + timedelta(days=more), MORNING[0], ZONE)
        slot = int(opens.timestamp()) // (SLOT_MINUTES * 60)
        last = slot + 10 * 60 // SLOT_MINUTES
        while slot < last:
            slots = dice.choice([30, 45, 60]) // SLOT_MINUTES
            yield from range(slot, slot + slots) if dice.random() < full else ()
            slot += slots


def _report(took: dict[tuple[float, str], list[tuple[float, bool]]]) -> str:
    every = [each for found in took.values() for each in found]
    rows = [_row(f"{full:.0%} taken, {name}", found) for (full, name), found in took.items()]
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return "\n".join(
        [
            "# How long the planner takes",
            "",
            f"Written by `make bench` (`benchmarks/planner.py`). {SESSIONS} sessions, {CLINICIANS} clinicians, {ROOMS} "
            f"rooms, {DAYS} days of visits; courses {', '.join(PROTOCOLS)} in turn, each from another day. "
            "Milliseconds for which the process held a core; what each session is told, three other choices included. "
            f"{os.cpu_count()} cores, load {load} beside it. Goal: p95 under {GOAL_MS} ms.",
            "",
            "| calendar and wishes | series | whole | p50 ms | p95 ms | most ms |",
            "|---|---|---|---|---|---|",
            *rows,
            _row("**all**", every),
        ]
    )


def _row(name: str, found: list[tuple[float, bool]]) -> str:
    times = [each for each, _ in found]
    cuts = statistics.quantiles(times, n=100)
    whole = sum(complete for _, complete in found)
    return f"| {name} | {len(times)} | {whole} | {cuts[49]:.1f} | {cuts[94]:.1f} | {max(times):.1f} |"


if __name__ == "__main__":
    main()
