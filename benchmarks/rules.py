"""`make bench`: how long the rules take, beside the floor of bare Python; prints it and writes docs/reports/rules.md.

The floor decodes the same case and, for each rule that could judge it, reads one input and compares it with one value:
no three-valued logic, no dates, no arithmetic, no reasons. Nobody can judge by that; it is the least that reading a
case and asking every rule once costs here. Only ratios of medians of one run count, as machines differ.
"""

import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from math import ceil
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from patients.rules.candidacy import evaluate  # noqa: E402
from protocols.release_files import read_release  # noqa: E402
from protocols.rules.catalogue import Catalogue  # noqa: E402
from protocols.rules.exclusions import excluded  # noqa: E402
from protocols.rules.kinds.candidacy import CandidacyRule, ExclusionRule  # noqa: E402
from protocols.rules.kinds.formulation import FormulationRule  # noqa: E402
from protocols.rules.kinds.technique import TechniqueRule  # noqa: E402
from sessions.rules.vignette_inputs import a_date, patient_inputs  # noqa: E402
from sessions.rules.vignette_sections import Inputs  # noqa: E402
from sessions.rules.vignettes import CaseResult, run_file  # noqa: E402

REPORT = ROOT / "docs" / "reports" / "rules.md"
FILES = sorted((ROOT / "tests" / "vignettes").glob("*.json"))
RELEASE = "2026.1"
CASES, ROUNDS, GOAL_S, GOAL_P95_MS = 20_000, 5, 60, 5
CaseText = tuple[str, Mapping[str, Any]]
"""A case as JSON text, and what its file shares."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each call, round by round, of ours and of the floor."""

    ours: list[list[float]]
    floor: list[list[float]]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios of medians."""
        pairs = zip(self.ours, self.floor, strict=True)
        return statistics.median(statistics.median(ours) / statistics.median(floor) for ours, floor in pairs)


def main() -> None:
    catalogue = read_release(RELEASE)
    texts = [text for file in FILES for text in _cases(file)]
    both = [text for text in texts if {"patient", "formulation"} <= _sections(text)]
    if not both:
        raise SystemExit(f"No case with a patient and a mixture in {', '.join(str(file) for file in FILES)}.")
    one = _measure(both, catalogue)
    file, floor = _whole_file(catalogue)
    report = _report(one, len(both), file, floor, catalogue)
    print(report)
    REPORT.write_text(report + "\n", encoding="utf-8")


def _cases(file: Path) -> list[CaseText]:
    content = json.loads(file.read_text(encoding="utf-8"))
    return [(json.dumps(case), content.get("shared", {})) for case in content["cases"]]


def _sections(text: CaseText) -> set[str]:
    return set(json.loads(text[0]))


def _measure(texts: list[CaseText], catalogue: Catalogue) -> Measured:
    """Ours and the floor in turn, so that a slow moment of the machine meets both."""
    rules = _names(catalogue)
    measured = Measured([], [])
    for _ in range(ROUNDS):
        measured.floor.append([_timed(lambda text=text: _floor(text, rules)) for text in texts])  # type: ignore[misc]
        measured.ours.append([_timed(lambda text=text: _judge(text, catalogue)) for text in texts])  # type: ignore[misc]
    return measured


def _timed(call: Callable[[], object]) -> float:
    started = process_time()
    call()
    return process_time() - started


def _judge(text: CaseText, catalogue: Catalogue) -> object:
    """What the app does for a patient and a mixture: facts read, verdict, exclusions, formulation and technique."""
    case = json.loads(text[0])
    inputs = Inputs(case, text[1], a_date(case["evaluated_on"], "evaluated_on"), catalogue)
    return evaluate(inputs.facts, catalogue), excluded(inputs.facts, catalogue), inputs.mixture


def _names(catalogue: Catalogue) -> list[str]:
    """For each rule that could judge, an input that it reads."""
    kinds = (CandidacyRule, ExclusionRule, FormulationRule, TechniqueRule)
    rows = [row for kind in kinds for row in catalogue.of(kind)]
    return [next(iter(getattr(row, "inputs", ())), "dx") for row in rows]


def _floor(text: CaseText, rules: list[str]) -> object:
    case = json.loads(text[0])
    facts = patient_inputs(case["patient"], text[1]) if "patient" in case else {}
    return [name for name in rules if facts.get(name) == "yes"]


def _whole_file(catalogue: Catalogue) -> tuple[float, float]:
    """Seconds for 20,000 cases, ours and the floor: the cases of each file over and over, under new ids."""
    rules, took, bare = _names(catalogue), 0.0, 0.0
    contents = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
    known = sum(len(content["cases"]) for content in contents)
    for content in contents:
        many = _repeated(content, ceil(CASES * len(content["cases"]) / known))
        texts = [(json.dumps(case), content.get("shared", {})) for case in many["cases"]]
        bare += _timed(lambda texts=texts: [_floor(text, rules) for text in texts])  # type: ignore[misc]
        results: list[CaseResult] = []
        took += _timed(lambda many=many, results=results: results.extend(run_file(many, catalogue)))  # type: ignore[misc]
        wrong = [each.id for each in results if not each.agrees]
        if wrong:
            raise SystemExit(f"{len(wrong)} cases differ, so this run measures nothing; the first is {wrong[0]}.")
    return took, bare


def _repeated(content: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    cases = enumerate(islice(cycle(content["cases"]), number))
    return {**content, "cases": [case | {"id": f"{case['id']} {place}"} for place, case in cases]}


def _report(one: Measured, cases: int, file: float, floor: float, catalogue: Catalogue) -> str:
    ours, bare = [[second * 1000 for turn in turns for second in turn] for turns in (one.ours, one.floor)]
    return "\n".join(
        [
            "# How long the rules take",
            "",
            "Written by `make bench`. One process; the time is that for which it held a core, whatever else ran "
            "there. Times are for orientation, only the ratios of one run count. The floor is bare Python that decodes "
            "the same cases and asks every rule's row once for one value, which judges nothing: `benchmarks/rules.py`.",
            "",
            f"Release {catalogue.release}, {len(_names(catalogue))} rules that judge a patient or a mixture; {cases} "
            f"cases with both, {ROUNDS} rounds, ours and the floor in turn; the ratio at p50 is the median of the "
            f"rounds' ratios of medians. Python {platform.python_version()}, {machine()}, commit {_commit()}.",
            "",
            "| what | time | goal | floor beside it | ratio |",
            "|---|---|---|---|---|",
            _row(f"{CASES:,} cases of vignette files", file, floor, "s", f"about {GOAL_S} s", file / floor),
            _row("candidacy + formulation, p50", _part(ours, 50), _part(bare, 50), "ms", "", one.ratio),
            _row(
                "candidacy + formulation, p95",
                _part(ours, 95),
                _part(bare, 95),
                "ms",
                f"under {GOAL_P95_MS} ms",
                _part(ours, 95) / _part(bare, 95),
            ),
        ]
    )


def _row(what: str, ours: float, floor: float, unit: str, goal: str, ratio: float) -> str:
    return f"| {what} | {ours:.2f} {unit} | {goal} | {floor:.3f} {unit} | {ratio:.0f}× |"


def _part(numbers: list[float], percent: int) -> float:
    return statistics.quantiles(numbers, n=100)[percent - 1]


def machine() -> str:
    """Its processors, for the head of a report."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} × {names[0].partition(':')[2].strip()}" if names else platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
