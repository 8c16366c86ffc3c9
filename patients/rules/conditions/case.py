"""What a condition may read, and the register of conditions by rule id."""

from collections.abc import Callable
from dataclasses import dataclass

from mesoclinic.rules.tri import Tri, and_, equals, known, one_of
from protocols.rules.answers import Allergy, Value
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.kinds.candidacy import CandidacyRule
from protocols.rules.kinds.diagnosis import Diagnosis
from protocols.rules.kinds.ingredients import Allergen


@dataclass(frozen=True, slots=True)
class Case:
    """One patient on one day against one release; the short words in which conditions are written."""

    facts: Facts
    catalogue: Catalogue
    category: str | None

    def get(self, name: str) -> Value | None:
        return self.facts.get(name)

    def fresh(self, name: str) -> Value | None:
        return self.facts.fresh(name)

    def is_(self, name: str, *answers: str) -> Tri:
        """Whether the input is one of these answers, or its list has one of them."""
        value = self.facts.get(name)
        return self.facts.includes(name, *answers) if isinstance(value, tuple) else one_of(value, answers)

    def diagnosed(self, *diagnoses: str) -> Tri:
        return self.facts.includes("dx", *diagnoses)

    def scarring_diagnosis(self) -> Tri:
        return self.diagnosed(*(row.id for row in self.catalogue.of(Diagnosis) if row.primary_scarring))

    def eligible_diagnosis(self) -> Tri:
        return self.diagnosed(*(row.id for row in self.catalogue.of(Diagnosis) if row.eligible))

    def allergic(self, to: Callable[[Allergy, Allergen], bool]) -> Tri:
        """Whether an allergy is such; unknown rather than no when the list is not recorded or partly unreadable."""
        matches = [to(entry, self.catalogue.row(Allergen, entry.allergen)) for entry in self.facts.allergies()]
        unsure = self.get("allergies") is None or "allergies" in self.facts.invalid
        return Tri.YES if any(matches) else Tri.UNKNOWN if unsure else Tri.NO

    def severity_is(self, *categories: str) -> Tri:
        return one_of(self.category, categories)

    def fires(self, rule: str) -> Tri:
        """Whether another rule fires; yes or no, since an unknown condition never fires."""
        return known(CONDITIONS[rule](self, self.catalogue.row(CandidacyRule, rule)) is Tri.YES)


Condition = Callable[[Case, CandidacyRule], Tri]
CONDITIONS: dict[str, Condition] = {}


def condition(rule: str) -> Callable[[Condition], Condition]:
    """Register a condition under its rule id."""

    def keep(function: Condition) -> Condition:
        if rule in CONDITIONS:
            raise ValueError(f"two conditions for {rule}")
        CONDITIONS[rule] = function
        return function

    return keep


def answered(rule: str, name: str, *answers: str) -> None:
    """Register the commonest condition: the input is one of these answers."""
    condition(rule)(lambda case, _: case.is_(name, *answers))


def yes(case: Case, name: str) -> Tri:
    """Whether a yes/no input is yes."""
    return equals(case.get(name), "yes")


def both(case: Case, name: str, answer: str, further: Tri) -> Tri:
    """The input is that answer, and something further holds."""
    return and_(case.is_(name, answer), further)
