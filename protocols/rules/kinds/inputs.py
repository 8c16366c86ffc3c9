"""Row kinds: the input dictionary, definitions, the consultation form and examination and laboratory references."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.rows import Contradictions, Ref, RowBase, kind, rising, unlike

OtherInput = Annotated[str, Ref("input")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Holds when the input has one of `any_of`, or has a value and none of `none_of`."""

    input: OtherInput
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherUnit:
    """The unit in which a value is also written: (value - `less`) * `times`."""

    unit: str
    less: Decimal
    times: Decimal


@kind("input")
@dataclass(frozen=True, slots=True, kw_only=True)
class Input(RowBase):
    """One input of every rule: type, values, ranges, when it is required, how it is asked (clinical.md 2.1).

    `required`: always, when (its condition holds), planned (asked by the formulation check) or optional; a gap is
    reported by one of `gap_codes` if it fires, else by MI-01. `counted` inputs are whole years, months or days up to
    the evaluated date: from the date stored as `stored_as`, or from the day the value of `age_of` was observed. A value
    older than `max_age_days` is stale, if `stale_when` holds. `labels` go with `values`, in their order; `reactions`
    are the answers of an allergy entry.
    """

    type: Literal["choice", "yes_no", "whole", "decimal", "choices", "diagnoses", "severity", "allergies", "date"]
    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reactions: tuple[str, ...] = ()
    alone: str = ""
    unit: str = ""
    hard_min: Decimal | None = None
    hard_max: Decimal | None = None
    soft_min: Decimal | None = None
    soft_max: Decimal | None = None
    other_unit: OtherUnit | None = None
    required: Literal["always", "when", "planned", "optional"]
    when: Condition | None = None
    gap_codes: tuple[str, ...] = ()
    on_day: Literal["", "required", "asked"] = ""
    day_when: Condition | None = None
    counted: Literal["", "years", "months", "days"] = ""
    stored_as: str = ""
    age_of: str = ""
    max_age_days: int | None = None
    stale_when: Condition | None = None
    section: Annotated[str, Ref("form_section")]
    question: str
    help: str = ""

    def contradictions(self) -> Contradictions:
        yield from unlike("values", self.values)
        if self.labels and len(self.labels) != len(self.values):
            yield "labels", "must name a label for each value"
        hard, soft = (self.hard_min, self.hard_max), (self.soft_min, self.soft_max)
        yield from rising(hard_min=hard[0], soft_min=soft[0], soft_max=soft[1], hard_max=hard[1])


@kind("definition")
@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(RowBase):
    """What a term of the input dictionary means (clinical.md 2.2)."""

    term: str
    text: str


@kind("form_section")
@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection(RowBase):
    """A section of the consultation form and the history items asked in it (clinical.md 2.3)."""

    title: str
    items: tuple[str, ...]


@kind("examination_item")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationItem(RowBase):
    """An examination: method, reference values and what they mean (clinical.md 2.4); a derived one is not asked."""

    name: str
    method: str
    reference: str
    interpretation: str
    unit: str = ""
    hard_min: Decimal | None = None
    hard_max: Decimal | None = None
    derived: bool = False


@kind("faga_criterion")
@dataclass(frozen=True, slots=True, kw_only=True)
class FagaCriterion(RowBase):
    """A criterion of female androgenetic alopecia (clinical.md 2.4): the front reads more, or less, than `limit`.

    `frontal` and `occipital` are the questions; with an occipital reading, `limit` is how many times that.
    """

    item: Annotated[str, Ref("examination_item")]
    weight: Literal["major", "minor"]
    frontal: str
    occipital: str = ""
    holds_if: Literal["more", "less"]
    limit: Decimal
    unit: str = ""
    hard_min: Decimal | None = None
    hard_max: Decimal | None = None


@kind("faga_combination")
@dataclass(frozen=True, slots=True, kw_only=True)
class FagaCombination(RowBase):
    """So many major and minor criteria together support the diagnosis."""

    majors: int
    minors: int


@kind("laboratory_test")
@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryTest(RowBase):
    """A test the system suggests and the clinician orders (clinical.md 2.5)."""

    name: str
    when_suggested: str
    action_value: str


@kind("expectation_item")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationItem(RowBase):
    """A field of the expectations record (clinical.md 2.6)."""

    question: str
    type: Literal["choice", "number", "yes_no", "signature"]
    values: tuple[str, ...] = ()
