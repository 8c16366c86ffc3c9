"""Which protocols come first for a patient, as far as the record can tell; the doctor decides (clinical.md 6.1)."""

from dataclasses import dataclass

from mesoclinic.rules.tri import Tri, all_, one_of
from patients.rules.severity import category
from protocols.rules.catalogue import Catalogue
from protocols.rules.exclusions import excluded
from protocols.rules.facts import Facts, holds
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.schedule import Protocol, ProtocolSuggestion


@dataclass(frozen=True, slots=True)
class Offer:
    """A protocol that is suggested, and the names of its agents that this patient may not have."""

    protocol: Protocol
    barred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A situation of 6.1 with the protocols that are considered first."""

    row: ProtocolSuggestion
    offers: tuple[Offer, ...]


def suggestions(facts: Facts, catalogue: Catalogue) -> tuple[Suggestion, ...]:
    """The whole table, each protocol with what 3.10 excludes for this patient."""
    barred = excluded(facts, catalogue)

    def offer(name: str) -> Offer:
        protocol = catalogue.row(Protocol, name)
        agents = (catalogue.row(Ingredient, agent).name for agent in protocol.agents if agent in barred)
        return Offer(protocol, tuple(agents))

    return tuple(Suggestion(row, tuple(map(offer, row.suggested))) for row in catalogue.of(ProtocolSuggestion))


def suggested(facts: Facts, catalogue: Catalogue) -> tuple[Suggestion, ...]:
    """The situations that the record surely shows; one whose inputs are missing is not offered."""
    grade = category(facts, catalogue)
    return tuple(each for each in suggestions(facts, catalogue) if _shows(each.row, facts, grade) is Tri.YES)


def _shows(row: ProtocolSuggestion, facts: Facts, grade: str | None) -> Tri:
    severe = one_of(grade, row.severity) if row.severity else Tri.YES
    return all_([severe, *(holds(condition, facts) for condition in row.when)])
