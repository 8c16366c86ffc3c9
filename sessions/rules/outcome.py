"""What an assessment shows: meaningful change by measure, the response class, and STOP-2 (clinical.md 11.2, 11.3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import median
from types import MappingProxyType

from mesoclinic.rules.arithmetic import PAIR, PER_CENT
from mesoclinic.rules.tri import Tri, known, or_
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.outcome import OutcomeChange, OutcomeMeasure, ResponseClass

PHOTOGRAPHS = "OM-02"
DENSITY = "OM-03"
SELF_RATING = "OM-06"
NEGATIVE, POSITIVE = "negative", "positive"


class Change(StrEnum):
    """How a measure has moved since the baseline."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WORSE = "worse"


class Response(StrEnum):
    """The class of a final assessment."""

    RESPONDER = "responder"
    STABILISED = "stabilised"
    NON_RESPONDER = "non_responder"
    WORSENED = "worsened"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, slots=True)
class Measurements:
    """One assessment against its baseline; None where nothing was recorded.

    `ratings` are the blinded raters' points (-3 to +3) in the order given; densities are hairs/cm2.
    """

    ratings: tuple[int, ...] = ()
    photos_comparable: bool = True
    density_baseline: Decimal | None = None
    density_now: Decimal | None = None
    density_comparable: bool = True
    diameter_change_um: Decimal | None = None
    tv_change: Decimal | None = None
    pull_baseline: str | None = None
    pull_now: str | None = None
    count60_baseline: Decimal | None = None
    count60_now: Decimal | None = None
    self_rating: int | None = None
    baseline_progression: Tri = Tri.UNKNOWN


@dataclass(frozen=True, slots=True)
class Assessed:
    """The change of each measure that can be judged, the response with what follows, and whether STOP-2 holds."""

    measures: Mapping[str, Change]
    response: Response
    action: str
    stop: Tri


def assess(measured: Measurements, catalogue: Catalogue) -> Assessed:
    """The measures that can be judged, the response class they make, and whether STOP-2 holds."""
    measures = changes(measured, catalogue)
    response = _response(measures, measured.baseline_progression)
    action = catalogue.row(ResponseClass, response).action
    return Assessed(measures, response, action, _worse(measures))


def changes(measured: Measurements, catalogue: Catalogue) -> Mapping[str, Change]:
    """The change of each measure that can be judged, by the id of its row in 11.2."""
    found = {row.id: MEASURES[row.id](measured, row, catalogue) for row in catalogue.of(OutcomeChange)}
    return MappingProxyType({measure: change for measure, change in found.items() if change is not None})


def overall_rating(ratings: tuple[int, ...], measure: OutcomeMeasure) -> Decimal | None:
    """The mean of two raters, or the median of three where the first two disagree; None until there are enough."""
    low, high = measure.limit("lowest"), measure.limit("highest")
    if len(ratings) < measure.limit("raters") or not all(low <= rating <= high for rating in ratings):
        return None
    first, second, *others = ratings
    if abs(first - second) <= measure.limit("disagreement"):
        return Decimal(first + second) / PAIR
    return Decimal(median((first, second, others[0]))) if others else None


def _worse(measures: Mapping[str, Change]) -> Tri:
    return or_(*(_is(measures, measure, Change.WORSE) for measure in (PHOTOGRAPHS, DENSITY)))


def _is(measures: Mapping[str, Change], measure: str, change: Change) -> Tri:
    return known(measures[measure] is change) if measure in measures else Tri.UNKNOWN


def _response(measures: Mapping[str, Change], progression: Tri) -> Response:
    """Worsened first, on one known measure alone; then whatever is missing; only then what was gained."""
    if _worse(measures) is Tri.YES:
        return Response.WORSENED
    if PHOTOGRAPHS not in measures or DENSITY not in measures:
        return Response.NOT_ASSESSABLE
    if Change.IMPROVED in (measures[PHOTOGRAPHS], measures[DENSITY]):
        return Response.RESPONDER
    return Response.STABILISED if progression is Tri.YES else Response.NON_RESPONDER


def _photographs(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    measure = catalogue.row(OutcomeMeasure, PHOTOGRAPHS)
    return _moved(overall_rating(measured.ratings, measure), row) if measured.photos_comparable else None


def _density(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    """Both the per cent and the hairs must be reached; a baseline of 0 is not comparable."""
    measure = catalogue.row(OutcomeMeasure, DENSITY)
    before, now = measured.density_baseline, measured.density_now
    if before is None or now is None or not measured.density_comparable or before == 0:
        return None
    low, high = measure.limit("hard_min"), measure.limit("hard_max")
    if not (low <= before <= high and low <= now <= high):
        return None
    needed = max(row.limit("hairs"), before * row.limit("percent") / PER_CENT)
    if now - before >= needed:
        return Change.IMPROVED
    return Change.WORSE if before - now >= needed else Change.UNCHANGED


def _diameter(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    return _moved(measured.diameter_change_um, row)


def _terminal_to_vellus(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    return _moved(measured.tv_change, row)


def _pull(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    if not {measured.pull_baseline, measured.pull_now} <= {POSITIVE, NEGATIVE}:
        return None
    if measured.pull_baseline == measured.pull_now:
        return Change.UNCHANGED
    return Change.IMPROVED if measured.pull_now == NEGATIVE else Change.WORSE


def _count(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    """Fewer hairs are better; a share of a baseline of 0 cannot be told."""
    before, now = measured.count60_baseline, measured.count60_now
    if before is None or now is None or before <= 0 or now < 0:
        return None
    share = now * PER_CENT / before
    if share <= row.limit("improved"):
        return Change.IMPROVED
    return Change.WORSE if share >= row.limit("worse") else Change.UNCHANGED


def _self_rating(measured: Measurements, row: OutcomeChange, catalogue: Catalogue) -> Change | None:
    measure = catalogue.row(OutcomeMeasure, SELF_RATING)
    rating = measured.self_rating
    if rating is None or not measure.limit("lowest") <= rating <= measure.limit("highest"):
        return None
    return _moved(Decimal(rating), row)


def _moved(change: Decimal | None, row: OutcomeChange) -> Change | None:
    if change is None:
        return None
    if change >= row.limit("improved"):
        return Change.IMPROVED
    return Change.WORSE if change <= row.limit("worse") else Change.UNCHANGED


Judge = Callable[[Measurements, OutcomeChange, Catalogue], Change | None]
MEASURES: Mapping[str, Judge] = MappingProxyType(
    {
        "OM-02": _photographs,
        "OM-03": _density,
        "OM-04 diameter": _diameter,
        "OM-04 T:V": _terminal_to_vellus,
        "OM-05 pull": _pull,
        "OM-05 60-s": _count,
        "OM-06": _self_rating,
    }
)
