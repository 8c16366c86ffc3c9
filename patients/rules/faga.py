"""FAGA: whether trichoscopy supports female pattern hair loss (clinical.md 2.4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mesoclinic.rules.tri import Tri, and_, any_, less, more
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import FagaCombination, FagaCriterion


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at the front and, where it is compared, at the occiput; None where nothing was."""

    frontal: Decimal | None = None
    occipital: Decimal | None = None


def asked(row: FagaCriterion) -> Iterator[tuple[str, str]]:
    """(part of the reading, question) of everything that is measured for a criterion."""
    yield "frontal", row.frontal
    if row.occipital:
        yield "occipital", row.occipital


def supports(readings: Mapping[str, Reading], catalogue: Catalogue) -> Tri:
    """Whether the criteria are fulfilled; unknown while a reading that could still decide is missing."""
    rows = catalogue.of(FagaCriterion)
    met = {
        weight: [meets(row, readings.get(row.id, Reading())) for row in rows if row.weight == weight]
        for weight in ("major", "minor")
    }
    return any_(
        and_(_at_least(row.majors, met["major"]), _at_least(row.minors, met["minor"]))
        for row in catalogue.of(FagaCombination)
    )


def meets(row: FagaCriterion, reading: Reading) -> Tri:
    """Whether a reading meets its criterion."""
    limit = row.limit
    if row.occipital:
        if reading.occipital is None:
            return Tri.UNKNOWN
        limit *= reading.occipital
    return more(reading.frontal, limit) if row.holds_if == "more" else less(reading.frontal, limit)


def _at_least(number: int, parts: list[Tri]) -> Tri:
    if parts.count(Tri.YES) >= number:
        return Tri.YES
    return Tri.UNKNOWN if len(parts) - parts.count(Tri.NO) >= number else Tri.NO
