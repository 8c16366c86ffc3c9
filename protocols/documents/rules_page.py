"""`docs/rules.md`: every rule with what fires it, its threshold, reason, action, reassessment, strength and source."""

from collections.abc import Callable
from itertools import groupby
from typing import TypeVar

from protocols.documents.written import Fact, Words, amount, article, limits, page, spoken, table, when
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType, ClusterRule, TriageAnswer
from protocols.rules.kinds.candidacy import CandidacyRule, ExclusionRule, VerdictWording
from protocols.rules.kinds.diagnosis import Diagnosis
from protocols.rules.kinds.formulation import AnaestheticLimit, FormulationNeed, FormulationRule
from protocols.rules.kinds.inputs import FagaCombination, FagaCriterion
from protocols.rules.kinds.outcome import OutcomeChange, ResponseClass
from protocols.rules.kinds.schedule import CourseRule, ScheduleRule
from protocols.rules.kinds.session_day import DayRule
from protocols.rules.kinds.technique import TechniqueRule
from protocols.rules.rows import RowBase

Row = TypeVar("Row", bound=RowBase)
ABOUT = (
    "Every rule that judges a patient, a mixture, a technique, a course or a day. A rule fires only when its condition "
    "is true on what is known; an answer that is missing is never read as no, it is named, and the verdict then cannot "
    "conclude. Outcomes from most to least severe: contraindicated, refer, defer, caution, proceed. Comparisons are "
    "exact as written: `<`, `<=`, `>=`, `>`. The code in brackets after a question is the input's name. Ingredients, "
    "protocols, aftercare and messages: [catalogue](catalogue.md)."
)


def rules_page(catalogue: Catalogue) -> str:
    """The page; the same release gives the same page."""
    words = Words(catalogue)
    return page(
        "Rules",
        catalogue,
        ABOUT,
        _candidacy(words),
        _section("Criteria of female androgenetic alopecia (FAGA)", FagaCriterion, words, _faga),
        _faga_together(words),
        _section("Ingredients that a patient must not get", ExclusionRule, words, _exclusion),
        _section("Mixture", FormulationRule, words, _formulation),
        _section("What must be known before a mixture is judged (FX-00)", FormulationNeed, words, _need),
        _section("Most anaesthetic in a day (FX-07)", AnaestheticLimit, words, _anaesthetic),
        _section("Technique", TechniqueRule, words, _technique),
        _section("Dates of a course", ScheduleRule, words, _schedule),
        _section("Maintenance and stopping", CourseRule, words, _course),
        _section("The day of a session", DayRule, words, _day),
        _section("Adverse events", AdverseEventType, words, _adverse_event),
        _section("Alarm for several events", ClusterRule, words, _cluster),
        _section("What a reported sign leads to", TriageAnswer, words, _triage),
        _section("When a measure has changed", OutcomeChange, words, _change),
        _section("How a course ended", ResponseClass, words, _response),
    )


def _section(
    title: str, kind: type[Row], words: Words, written: Callable[[Words, Row], tuple[str, str, list[Fact]]]
) -> list[str]:
    lines = [f"## {title}", ""]
    for row in words.catalogue.of(kind):
        heading, says, facts = written(words, row)
        lines += article(words, row, heading, facts, says=says)
    return lines


def _candidacy(words: Words) -> list[str]:
    lines = ["## May this patient be treated", ""]
    wordings = words.catalogue.of(VerdictWording)
    lines += table(["verdict", "what the patient reads"], ([spoken(row.id), row.text] for row in wordings))
    lines += ["The diagnoses that the rules name:", ""]
    lines += table(
        ["code", "diagnosis", "scarring", "of SCAR", "eligible"], map(_diagnosis, words.catalogue.of(Diagnosis))
    )
    for topic, rows in groupby(words.catalogue.of(CandidacyRule), key=lambda row: row.topic):
        lines += [f"## May this patient be treated: {topic.lower()}", ""]
        for row in rows:
            lines += article(words, row, f"{row.id}: {_outcome(row)}", _candidacy_facts(words, row), says=row.reason)
    return lines


def _diagnosis(row: Diagnosis) -> list[str]:
    return [
        row.id,
        row.name,
        row.scarring,
        "yes" if row.primary_scarring else "no",
        "yes" if row.eligible else "no",
    ]


def _outcome(row: CandidacyRule) -> str:
    if row.outcome == "missing":
        return "information is missing"
    return f"{row.outcome}, temporary" if row.temporary else row.outcome


def _candidacy_facts(words: Words, row: CandidacyRule) -> list[Fact]:
    return [
        ("Fires when", row.condition),
        ("Threshold", limits(row)),
        ("Reads", words.inputs(row.inputs)),
        ("What to do", row.action),
        ("Reassess", row.reassess),
    ]


def _faga(words: Words, row: FagaCriterion) -> tuple[str, str, list[Fact]]:
    limit = f"{row.holds_if} than {amount(row.limit, f'times {row.occipital}' if row.occipital else row.unit)}"
    return f"{spoken(row.id)}: {row.weight}", "", [("Holds when", f"{row.frontal}, {limit}")]


def _faga_together(words: Words) -> list[str]:
    rows = words.catalogue.of(FagaCombination)
    said = ([str(row.majors), str(row.minors), row.strength] for row in rows)
    return ["Any of these together support the diagnosis:", "", *table(["major", "minor", "strength"], said)]


def _exclusion(words: Words, row: ExclusionRule) -> tuple[str, str, list[Fact]]:
    effect = "warns" if row.warning_only else "excludes"
    return (
        f"{row.id}: {effect}",
        row.reason,
        [
            ("Fires when", row.condition),
            ("Threshold", limits(row)),
            ("Reads", words.inputs(row.inputs)),
            ("Warns of" if row.warning_only else "Excludes", words.ingredients(row.excludes)),
            ("Excludes under the narrower condition", words.ingredients(row.also_excludes)),
            ("Excludes creams with", ", ".join(map(spoken, row.excludes_creams))),
            ("What to do", row.action),
        ],
    )


def _formulation(words: Words, row: FormulationRule) -> tuple[str, str, list[Fact]]:
    return (
        f"{row.id}: {'information is missing' if row.result == 'missing' else row.result}",
        row.reason,
        [
            ("Fires when", row.condition),
            ("Threshold", limits(row)),
            ("One of", words.ingredients(row.one_of)),
            ("Together with any of", words.ingredients(row.with_any_of)),
            ("Carrier liquids", ", ".join(map(spoken, row.vehicles))),
            ("Reads of the mixture", ", ".join(map(spoken, row.reads))),
            ("Reads of the patient", words.inputs(row.inputs)),
            ("What to do", row.action),
        ],
    )


def _need(words: Words, row: FormulationNeed) -> tuple[str, str, list[Fact]]:
    asked = "; ".join(f"{words.input(need.input)} {when(need.when)}".strip() for need in row.inputs)
    needs = [
        ("For", words.ingredients(row.ingredients)),
        ("Must be known of the patient", asked),
        ("Must be known of the product", "its concentration" if row.concentration else ""),
    ]
    return spoken(row.id), "", needs


def _anaesthetic(words: Words, row: AnaestheticLimit) -> tuple[str, str, list[Fact]]:
    hard = f"the lower of {amount(row.mg_per_kg, 'mg per kg')} and {amount(row.max_mg, 'mg')}"
    soft = [found for found in (amount(row.soft_mg_per_kg, "mg per kg"), amount(row.soft_max_mg, "mg")) if found]
    warns = f"from above the lower of {' and '.join(soft)}" if soft else ""
    return words.ingredients([row.ingredient]).replace("`", ""), "", [("Threshold", hard), ("Warns", warns)]


def _technique(words: Words, row: TechniqueRule) -> tuple[str, str, list[Fact]]:
    facts = [("Fires when", row.condition), ("Threshold", limits(row)), ("What to do", row.action)]
    return f"{row.id}: {row.result}", row.reason, facts


def _schedule(words: Words, row: ScheduleRule) -> tuple[str, str, list[Fact]]:
    return (
        f"{row.id}: {'plans' if row.result == 'plan' else row.result}",
        row.reason,
        [
            ("Fires when", row.condition),
            ("Threshold", limits(row)),
            ("Reads", words.inputs(row.inputs)),
            ("What to do", row.action),
        ],
    )


def _course(words: Words, row: CourseRule) -> tuple[str, str, list[Fact]]:
    return (
        row.id,
        row.reason,
        [
            ("Rule", row.rule),
            ("Threshold", limits(row)),
            ("Reads", words.inputs(row.inputs)),
            ("What to do", row.action),
        ],
    )


def _day(words: Words, row: DayRule) -> tuple[str, str, list[Fact]]:
    return (
        f"{row.id}: {'judged again' if row.level == 'recompute' else row.level}",
        row.reason,
        [
            ("Fires when", row.condition),
            ("Threshold", limits(row)),
            ("Judges again by", ", ".join(row.recomputes)),
            ("Reads", words.inputs(row.inputs)),
            ("What to do", row.action),
        ],
    )


def _adverse_event(words: Words, row: AdverseEventType) -> tuple[str, str, list[Fact]]:
    sentinel = "" if row.sentinel_from_grade is None else f"from grade {row.sentinel_from_grade} up"
    return (
        f"{row.id}: {row.name}",
        "",
        [
            ("Onset", row.onset),
            ("Duration", row.duration),
            ("Expected", row.expected),
            ("Grades", row.anchors),
            ("Red flag", row.red_flag),
            ("What to do", row.action),
            ("Effect on the course", row.effect),
            ("Sentinel event", sentinel),
            ("Stops the course", "at any grade" if row.stops_course else ""),
        ],
    )


def _cluster(words: Words, row: ClusterRule) -> tuple[str, str, list[Fact]]:
    facts = [("Events", ", ".join(row.events)), ("Threshold", limits(row)), ("What to do", row.action)]
    return spoken(row.id), "", facts


def _triage(words: Words, row: TriageAnswer) -> tuple[str, str, list[Fact]]:
    return (
        f"{row.id}: {row.answer}",
        "",
        [
            ("Signs", "; ".join(sign.text for sign in row.signs)),
            ("Threshold", limits(row)),
            ("Answered", row.target),
            ("Red flag", "yes" if row.red_flag else "no"),
        ],
    )


def _change(words: Words, row: OutcomeChange) -> tuple[str, str, list[Fact]]:
    return (
        row.id,
        "",
        [
            ("Improved", row.improved),
            ("Unchanged", row.unchanged),
            ("Worse", row.worse),
            ("Threshold", limits(row)),
            ("Basis", row.basis),
        ],
    )


def _response(words: Words, row: ResponseClass) -> tuple[str, str, list[Fact]]:
    return spoken(row.id), "", [("Rule", row.rule), ("Threshold", limits(row)), ("What to do", row.action)]
