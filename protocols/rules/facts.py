"""What is known of a patient on a day, read from raw answers by the catalogue's input dictionary (clinical.md 2.1).

A fact sheet keeps `{name: {"value": ..., "observed_on": "YYYY-MM-DD"}}`. Dates are stored, ages and day counts never:
a counted input is kept under the `stored_as` name of its row (`date_of_birth`, `onset_on`, `herpes_healed_on`,
`infection_resolved_on`, `transplant_on`, `scalp_procedure_on`, `cancer_treatment_ended_on`, `last_seizure_on`,
`cv_event_on`, `isotretinoin_stopped_on`), and the age of a laboratory value is counted from its `observed_on`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from mesoclinic.rules.tri import Tri, and_, includes_any, not_, one_of
from protocols.rules.answers import Allergy, Answer, SeverityEntry, Value, counted, read
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import Condition, Input

__all__ = ["Allergy", "Facts", "SeverityEntry", "Value", "from_sheet", "holds", "parse_facts"]

DERIVED = "dates"


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The known values; a name in none of the sets and without a value is simply missing.

    `invalid`: given but unusable; a list with one bad entry is invalid while `values` keeps its other entries.
    `stale`: too old to be read. `unusual`: outside the soft range. `unrecognised`: names no input has.
    """

    evaluated_on: date
    values: Mapping[str, Value]
    invalid: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    unusual: frozenset[str] = frozenset()
    unrecognised: frozenset[str] = frozenset()

    def get(self, name: str) -> Value | None:
        """The recorded value whatever its age, or None."""
        return self.values.get(name)

    def fresh(self, name: str) -> Value | None:
        """The recorded value unless it is stale or of unknown age (clinical.md 3.0 item 13)."""
        return None if name in self.stale else self.values.get(name)

    def includes(self, name: str, *wanted: str) -> Tri:
        """Whether a list has any of these entries; an unreadable entry may be one, so that absence stays unknown."""
        found = self.values.get(name)
        has = includes_any(found if isinstance(found, tuple) else None, wanted)
        return Tri.UNKNOWN if has is Tri.NO and name in self.invalid else has

    def allergies(self) -> tuple[Allergy, ...]:
        """The readable allergies; none when nothing is recorded."""
        return tuple(entry for entry in self._entries("allergies") if isinstance(entry, Allergy))

    def severity(self) -> tuple[SeverityEntry, ...]:
        """The readable severity entries; whether their scale and stage fit is for patients.rules.severity."""
        return tuple(entry for entry in self._entries("severity") if isinstance(entry, SeverityEntry))

    def recorded(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Those of the names that have a value, with it as text: what a finding was read from."""
        return tuple((name, as_text(self.values[name])) for name in names if name in self.values)

    def _entries(self, name: str) -> tuple[object, ...]:
        found = self.values.get(name)
        return found if isinstance(found, tuple) else ()


def parse_facts(raw: Mapping[str, object], *, evaluated_on: date, catalogue: Catalogue) -> Facts:
    """The facts in answers named as in 2.1, with `date_of_birth` and `dates` counted to the evaluated date.

    A date wins over the number counted from it. An empty value, or `unknown`, is missing; nothing is ever raised.
    """
    inputs = {row.id: row for row in catalogue.of(Input)}
    answers = {name: read(inputs[name], raw[name], catalogue) for name in raw if name in inputs}
    dates = raw.get(DERIVED)
    starts: dict[str, object] = {**dates} if isinstance(dates, Mapping) else {}
    starts |= {row.id: raw[row.stored_as] for row in inputs.values() if row.stored_as and row.stored_as in raw}
    for name, start in starts.items():
        if name in inputs and inputs[name].counted and start not in (None, ""):
            answers[name] = counted(inputs[name], start, evaluated_on)
    names = {*inputs, DERIVED, *(row.stored_as for row in inputs.values())}
    unrecognised = {str(name) for name in raw if name not in names} | {
        str(name) for name in starts if name not in inputs
    }
    return _facts(answers, inputs, evaluated_on, unrecognised)


def from_sheet(sheet: Mapping[str, object], *, evaluated_on: date, catalogue: Catalogue) -> Facts:
    """The facts of a stored sheet on a later day: ages and day counts are counted afresh.

    A stored count, or an entry that is no table, is not read and stands in `unrecognised`.
    """
    inputs = {row.id: row for row in catalogue.of(Input)}
    kept = {
        name: entry
        for name, entry in sheet.items()
        if isinstance(entry, Mapping) and not (name in inputs and inputs[name].counted)
    }
    plain = {name: entry.get("value") for name, entry in kept.items()}
    dates = {row.id: kept[row.age_of].get("observed_on") for row in inputs.values() if row.age_of in kept}
    facts = parse_facts({**plain, DERIVED: dates}, evaluated_on=evaluated_on, catalogue=catalogue)
    return replace(facts, unrecognised=facts.unrecognised | {name for name in sheet if name not in kept})


def holds(condition: Condition | None, facts: Facts) -> Tri:
    """Whether the condition of an input holds; yes when there is none."""
    if condition is None:
        return Tri.YES
    any_of, none_of = condition.any_of, condition.none_of
    wanted = _one_of(facts, condition.input, any_of) if any_of else Tri.YES
    unwanted = _one_of(facts, condition.input, none_of) if none_of else Tri.NO
    return and_(wanted, not_(unwanted))


def _one_of(facts: Facts, name: str, options: tuple[str, ...]) -> Tri:
    value = facts.get(name)
    return facts.includes(name, *options) if isinstance(value, tuple) else one_of(value, options)


def as_text(value: Value) -> str:
    """A value as it is kept beside a finding: lists joined, entries as `norwood III` or `fish: urticaria`."""
    if isinstance(value, tuple):
        return ", ".join(str(entry) for entry in value)
    return str(value)


def _facts(
    answers: Mapping[str, Answer], inputs: Mapping[str, Input], evaluated_on: date, unrecognised: Collection[str]
) -> Facts:
    values = {name: answer.value for name, answer in answers.items() if answer.value is not None}
    invalid = frozenset(name for name, answer in answers.items() if not answer.valid)
    unaged = Facts(evaluated_on, MappingProxyType(values), invalid)
    ages = {row.age_of: row.id for row in inputs.values() if row.age_of}
    return Facts(
        evaluated_on,
        MappingProxyType(values),
        invalid,
        stale=frozenset(name for name in values if name in ages and _stale(inputs[name], ages[name], unaged)),
        unusual=frozenset(name for name, value in values.items() if _unusual(inputs[name], value)),
        unrecognised=frozenset(unrecognised),
    )


def _stale(row: Input, age_name: str, facts: Facts) -> bool:
    age = facts.get(age_name)
    old = row.max_age_days is not None and (not isinstance(age, int) or age > row.max_age_days)
    return old and holds(row.stale_when, facts) is Tri.YES


def _unusual(row: Input, value: Value) -> bool:
    if not isinstance(value, int | Decimal):
        return False
    below = row.soft_min is not None and value < row.soft_min
    return below or (row.soft_max is not None and value > row.soft_max)
