"""Run acceptance cases written as data against every engine (clinical.md 14). Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from protocols.rules.catalogue import Catalogue
from sessions.rules.vignette_inputs import Unreadable, a_date, a_mapping, a_text
from sessions.rules.vignette_sections import Inputs, answers

FORMAT = "mesoclinic-vignettes/1"
UNORDERED = frozenset({"fired", "missing", "findings"})
WHOLE = frozenset({"excluded", "messages"})
TRUTH: Mapping[object, bool] = {"yes": True, "no": False}
UNREADABLE = (Unreadable, KeyError, ValueError, TypeError, ArithmeticError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One field of `expect` that the result does not equal."""

    field: str
    expected: object
    actual: object


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with its result; `problem` says why it could not be read. It agrees only if it could be."""

    id: str
    title: str
    actual: Mapping[str, Any] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    problem: str = ""

    @property
    def agrees(self) -> bool:
        return not self.problem and not self.disagreements


def run_file(content: object, catalogue: Catalogue) -> tuple[CaseResult, ...]:
    """Every case of a parsed file; raises Unreadable when the file itself is not in the format."""
    document = a_mapping(content, "the file")
    if document.get("format") != FORMAT:
        raise Unreadable(f"the file does not say format {FORMAT}")
    cases = document.get("cases")
    if not isinstance(cases, list):
        raise Unreadable("the file has no list of cases")
    shared = a_mapping(document.get("shared") or {}, "shared")
    ids = Counter(str(case["id"]) for case in cases if isinstance(case, Mapping) and case.get("id") is not None)
    twice = sorted(name for name, times in ids.items() if times > 1)
    if twice:
        raise Unreadable(f"the id of a case is given twice: {', '.join(twice)}")
    return tuple(run_case(case, place, shared, catalogue) for place, case in enumerate(cases, start=1))


def run_case(case: object, place: int, shared: Mapping[str, Any], catalogue: Catalogue) -> CaseResult:
    """The result of one case; one that cannot be read is named and never raises."""
    name = str(case.get("id") or f"case {place}") if isinstance(case, Mapping) else f"case {place}"
    title = str(case.get("title", "")) if isinstance(case, Mapping) else ""
    try:
        content = a_mapping(case, "the case")
        expected = a_mapping(content.get("expect", {}), "expect")
        evaluated_on = a_date(content.get("evaluated_on"), "evaluated_on")
        a_text(content.get("id"), "id")
        actual = answers(Inputs(content, shared, evaluated_on, catalogue))
        disagreements = tuple(compare(expected, actual))
    except UNREADABLE as error:
        return CaseResult(name, title, problem=_said(error))
    return CaseResult(name, title, actual, disagreements)


def compare(expected: Mapping[str, Any], actual: Mapping[str, Any], path: str = "") -> Iterator[Disagreement]:
    """Every key of `expected` that differs: some lists without order, numbers by value, the rest as they stand."""
    for key, wanted in expected.items():
        found, where = actual.get(key), f"{path}{key}"
        if isinstance(wanted, Mapping) and isinstance(found, Mapping) and key not in WHOLE:
            yield from compare(wanted, found, f"{where}.")
        elif not _equal(wanted, found, ordered=key not in UNORDERED):
            yield Disagreement(where, wanted, found)


def _equal(wanted: Any, found: Any, *, ordered: bool = True) -> bool:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return wanted.keys() == found.keys() and all(_equal(wanted[key], found[key], ordered=False) for key in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        if not ordered:
            return sorted(map(str, wanted)) == sorted(map(str, found))
        return len(wanted) == len(found) and all(map(_equal, wanted, found))
    if isinstance(found, bool):
        return TRUTH.get(wanted, wanted) is found if isinstance(wanted, str | bool) else False
    number, other = _number(wanted), _number(found)
    return wanted == found if number is None or other is None else number == other


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _said(error: Exception) -> str:
    if isinstance(error, Unreadable):
        return str(error)
    return f"{type(error).__name__}: {error}"
