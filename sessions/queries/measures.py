"""What an assessment measures, what is missing of it, and how it compares with the baseline (clinical.md 11)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from mesoclinic.rules.arithmetic import PER_CENT
from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.outcome import OutcomeChange, OutcomeMeasure
from sessions.rules.outcome import (
    DENSITY,
    NEGATIVE,
    PHOTOGRAPHS,
    POSITIVE,
    Assessed,
    Measurements,
    Response,
    assess,
    overall_rating,
)

BASELINE, INTERIM, FINAL = "baseline", "interim", "final"
# The normal pull test has at most two hairs (clinical.md 2.4, S45).
NORMAL_PULL = 2
# By which a line of density or diameter may err (clinical.md 11.4).
ERROR_PER_CENT = Decimal(10)
MORNINGS = 3


@dataclass(frozen=True, slots=True)
class Value:
    """A number that is measured: its row of 11.1, its unit, what is possible, and what is usual."""

    code: str
    row: str
    unit: str
    lowest: Decimal
    highest: Decimal
    usual: tuple[Decimal, Decimal] | None = None
    places: int = 0


def _value(
    code: str, unit: str, lowest: str, highest: str, usual: tuple[str, str] | None = None, places: int = 0
) -> Value:
    bounds = (Decimal(usual[0]), Decimal(usual[1])) if usual else None
    return Value(code, code.split(maxsplit=1)[0], unit, Decimal(lowest), Decimal(highest), bounds, places)


# Hard ranges of clinical.md 2.4; the usual ones are those that it names for most people (S46, S47, S61).
VALUES: Mapping[str, Value] = MappingProxyType(
    {
        each.code: each
        for each in (
            _value("OM-03", "hairs/cm²", "0", "500", ("130", "280"), 1),
            _value("OM-04 diameter", "µm", "10", "150", ("50", "80"), 1),
            _value("OM-04 thin", "%", "0", "100", ("0", "10"), 1),
            _value("OM-04 T:V", ":1", "0", "50", None, 2),
            _value("OM-05 pull", "hairs", "0", "60", ("0", "2")),
            _value("OM-05 60-s", "hairs", "0", "2000", ("0", "78"), 1),
            _value("OM-06 self", "points", "-3", "3"),
            _value("OM-06 satisfaction", "of 10", "0", "10"),
            _value("OM-06 distress", "of 10", "0", "10"),
            _value("OM-07", "points", "0", "30"),
            _value("OM-09 pain", "of 10", "0", "10"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One visit's measures as they were recorded; what is not there was not measured.

    `ratings` are (rater, points). `stage` is a place in `scale`, as the catalogue orders it.
    """

    values: Mapping[str, Decimal] = field(default_factory=dict)
    ratings: tuple[tuple[int, int], ...] = ()
    scalp_site: str = ""
    device: str = ""
    photos: Tri = Tri.UNKNOWN
    progression: Tri = Tri.UNKNOWN
    scale: str = ""
    stage: str = ""
    none_observed: Tri = Tri.UNKNOWN
    remark: str = ""

    @property
    def anything(self) -> bool:
        """Whether something was measured, rated, answered or remarked; a place or a device alone is nothing."""
        answered = {self.photos, self.progression, self.none_observed} - {Tri.UNKNOWN}
        return bool(self.values or self.ratings or self.stage or self.remark or answered)


@dataclass(frozen=True, slots=True)
class Line:
    """The arithmetic of one measure; without `change` it could not be judged, and `why` says so."""

    measure: str
    before: str
    now: str
    difference: str
    improved: str
    worse: str
    change: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an assessment shows: each measure, the class of a final one, STOP-2, and what is missing to say more."""

    assessed: Assessed
    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    final: bool

    @property
    def response(self) -> str:
        """The class; an interim assessment has none."""
        return self.assessed.response.value if self.final else ""

    @property
    def complete(self) -> bool:
        """Whether it says what it was made for: the class of a final one, whether STOP-2 holds for any other."""
        if self.final:
            return self.assessed.response is not Response.NOT_ASSESSABLE
        return self.assessed.stop is not Tri.UNKNOWN


def stage_of(code: str) -> str:
    """The column of 11.1 that an assessment of the protocol belongs to."""
    return FINAL if code == FINAL else INTERIM


def unlike(values: Mapping[str, Decimal]) -> Iterator[Value]:
    """The numbers that are possible and unusual: typed right?"""
    for code, value in values.items():
        usual = VALUES[code].usual if code in VALUES else None
        if usual is not None and not usual[0] <= value <= usual[1]:
            yield VALUES[code]


def missing_at(stage: str, told: Told, catalogue: Catalogue) -> tuple[str, ...]:
    """The rows of 11.1 that this stage asks for and that were not recorded."""
    rows = [row for row in catalogue.of(OutcomeMeasure) if getattr(row, stage) == "required" and row.id != "OM-10"]
    return tuple(row.id for row in rows if not _recorded(row, told, stage, catalogue))


def compare(before: Told | None, now: Told) -> Measurements:
    """The measures of a visit against its baseline; a measure at another site is not comparable."""
    start = before or Told()
    old, new = start.values, now.values
    return Measurements(
        ratings=tuple(points for _, points in now.ratings),
        photos_comparable=now.photos is Tri.YES,
        density_baseline=old.get(DENSITY),
        density_now=new.get(DENSITY),
        density_comparable=_same_site(start, now),
        diameter_change_um=_difference("OM-04 diameter", start, now),
        tv_change=_difference("OM-04 T:V", start, now),
        pull_baseline=_pull(old),
        pull_now=_pull(new),
        count60_baseline=old.get("OM-05 60-s"),
        count60_now=new.get("OM-05 60-s"),
        self_rating=int(new["OM-06 self"]) if "OM-06 self" in new else None,
        baseline_progression=start.progression,
    )


def judge(stage: str, before: Told | None, now: Told, catalogue: Catalogue) -> Judged:
    """What the assessment shows, with the arithmetic of each measure and everything that is missing."""
    measured = compare(before, now)
    assessed = assess(measured, catalogue)
    lines = tuple(_line(row, before, now, assessed, catalogue) for row in catalogue.of(OutcomeChange))
    return Judged(assessed, lines, missing_at(stage, now, catalogue), stage == FINAL)


def _recorded(row: OutcomeMeasure, told: Told, stage: str, catalogue: Catalogue) -> bool:
    if row.id == "OM-01":
        return told.photos is not Tri.UNKNOWN
    if row.id == PHOTOGRAPHS:
        return overall_rating(tuple(points for _, points in told.ratings), row) is not None
    if row.id == "OM-06":
        return ("OM-06 distress" if stage == BASELINE else "OM-06 self") in told.values
    if row.id == "OM-08":
        return bool(told.scale and told.stage)
    if row.id == "OM-09":
        return told.none_observed is not Tri.UNKNOWN
    return all(each in told.values for each in VALUES if VALUES[each].row == row.id)


def _same_site(before: Told, now: Told) -> bool:
    return bool(now.scalp_site) and before.scalp_site == now.scalp_site


def _difference(code: str, before: Told, now: Told) -> Decimal | None:
    """Only at the same site: single measurements are never compared across sites (11.3)."""
    if code not in before.values or code not in now.values or not _same_site(before, now):
        return None
    return now.values[code] - before.values[code]


def _pull(values: Mapping[str, Decimal]) -> str | None:
    if "OM-05 pull" not in values:
        return None
    return POSITIVE if values["OM-05 pull"] > NORMAL_PULL else NEGATIVE


def _line(row: OutcomeChange, before: Told | None, now: Told, assessed: Assessed, catalogue: Catalogue) -> Line:
    change = assessed.measures.get(row.id)
    old, new, difference = _numbers(row.id, before or Told(), now, catalogue)
    why = "" if change is not None else _why(row.id, before, now, catalogue)
    return Line(row.id, old, new, difference, row.improved, row.worse, change.value if change else "", why)


def _numbers(measure: str, before: Told, now: Told, catalogue: Catalogue) -> tuple[str, str, str]:
    """Before, now and what lies between, as they were told."""
    if measure == PHOTOGRAPHS:
        points = tuple(points for _, points in now.ratings)
        mean = overall_rating(points, catalogue.row(OutcomeMeasure, PHOTOGRAPHS))
        return "", " / ".join(f"{each:+d}" for each in points), "" if mean is None else f"{mean.normalize():+f}"
    if measure == "OM-06":
        told = now.values.get("OM-06 self")
        return "", "" if told is None else f"{told:+.0f}", ""
    old, new = before.values.get(measure), now.values.get(measure)
    difference = "" if old is None or new is None else _moved(measure, old, new)
    return _plain(old), _plain(new), difference


def _moved(measure: str, old: Decimal, new: Decimal) -> str:
    if measure == "OM-05 60-s":
        return f"{new * PER_CENT / old:.0f} %" if old else ""
    moved = f"{(new - old).normalize():+f}"
    return f"{moved} ({(new - old) * PER_CENT / old:+.1f} %)" if measure == DENSITY and old else moved


def _why(measure: str, before: Told | None, now: Told, catalogue: Catalogue) -> str:
    """Why a measure could not be judged, as one word for the page."""
    if measure == PHOTOGRAPHS:
        rated = overall_rating(tuple(points for _, points in now.ratings), catalogue.row(OutcomeMeasure, PHOTOGRAPHS))
        return "raters" if rated is None else "photographs"
    if measure == "OM-06" or measure not in now.values:
        return "not_measured"
    if before is None or measure not in before.values:
        return "no_baseline"
    return "other_site" if not _same_site(before, now) else "not_comparable"


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def mean_of(mornings: Iterable[Decimal | None]) -> Decimal | None:
    """The mean of the 60-second counts of three mornings; fewer give none."""
    counted = [each for each in mornings if each is not None]
    return sum(counted, Decimal(0)) / MORNINGS if len(counted) == MORNINGS else None
