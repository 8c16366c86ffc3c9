"""What page and paper of the outcomes of a patient show: charts, raw values, records with their arithmetic, stops."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.access import Can, may
from mesoclinic.accounts import User
from mesoclinic.rules.arithmetic import PER_CENT
from mesoclinic.rules.finding import Finding
from patients.models import Measurement, Patient, PlanVersion
from patients.queries.people import records_of_person
from protocols.queries.catalogue import catalogue_of, current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.diagnosis import SeverityStage
from protocols.rules.kinds.outcome import OutcomeChange, ResponseClass
from protocols.rules.kinds.technique import Zone
from sessions.models import AssessmentRecord, Series, TreatmentRecord
from sessions.queries.adverse import events_of, site_of
from sessions.queries.assessments import RATING, Due, Taken, due_of, subject_of, taken_of
from sessions.queries.charts import TREND, Drawing, Point, Wanted, draw
from sessions.queries.courses import progress_of
from sessions.queries.measures import ERROR_PER_CENT, NORMAL_PULL, VALUES, unlike
from sessions.queries.stops import booking_stops
from sessions.rules.stopping import hair_growth_claims_from

ASKED = ("SD-03", "SD-04", "STOP-1", "STOP-2", "MT-1")
Marks = tuple[tuple[date, ...], tuple[date, ...]]
"""The days of the sessions that were given, and those of adverse events."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value as it was told, for the table beside the charts."""

    on: date
    name: str
    value: str
    unit: str
    place: str
    device: str
    rater: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure over time: without points it says so, with one it draws a point and no trend."""

    code: str
    title: str
    unit: str
    finding: str
    change: str
    change_words: str
    drawing: Drawing | None
    points: int
    spoken: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A record on the page: what it is called, what it shows, and each measure in words."""

    record: AssessmentRecord
    name: str
    response: str
    response_words: str
    stop: str
    action: str
    lines: Sequence[Mapping[str, str]]
    missing: Sequence[str]
    unusual: Sequence[str]
    remark: str


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """Everything that the page of a patient's outcomes shows."""

    charts: Sequence[Chart]
    rows: Sequence[Row]
    shown: Sequence[Shown]
    due: Sequence[Due]
    stops: Sequence[Finding]
    series: Series | None
    growth_from: date | None
    maintenance: str
    may_record: bool
    today: date


def outcome_page(actor: User, patient: Patient) -> OutcomePage:
    """The outcomes of one patient, as they stand now."""
    taken = taken_of(patient)
    version = _version(patient)
    site, marks = site_of(actor, patient), _marks(patient)
    catalogue = catalogue_of(version.release) if version else current_catalogue()
    return OutcomePage(
        charts=charts_of(taken, marks, catalogue),
        rows=rows_of(taken, catalogue),
        shown=[_shown(each, catalogue) for each in reversed(taken)],
        due=due_of(patient),
        stops=[each for each in booking_stops(version) if each.rule in ASKED] if version else [],
        series=Series.objects.filter(plan_version=version).first() if version else None,
        growth_from=_growth_from(marks, catalogue),
        maintenance=_maintenance(version),
        may_record=may(actor, Can.RECORD_ASSESSMENT),
        today=clock.now().astimezone(site.zone).date(),
    )


def charts_of(taken: Sequence[Taken], marks: Marks, catalogue: Catalogue) -> list[Chart]:
    """The five charts of 11.4, each under the same days of sessions and adverse events."""
    last = next((each.outcome for each in reversed(taken) if each.outcome), None)
    changes = {line["measure"]: line["change"] for line in last.arithmetic["lines"]} if last else {}
    return [
        _line("OM-03", _("Density"), taken, marks, changes.get("OM-03", ""), catalogue, band=True),
        _line(
            "OM-04 diameter", _("Shaft diameter"), taken, marks, changes.get("OM-04 diameter", ""), catalogue, band=True
        ),
        _line("OM-05 pull", _("Pull test"), taken, marks, changes.get("OM-05 pull", ""), catalogue, lowest=Decimal(0)),
        _line("OM-06 self", _("Own score"), taken, marks, changes.get("OM-06", ""), catalogue, Decimal(-3), Decimal(3)),
        _stages(taken, marks, catalogue),
    ]


def rows_of(taken: Iterable[Taken], catalogue: Catalogue) -> list[Row]:
    """Every value that counts, the newest first, with place, device and rater."""
    records = {subject_of(each.record): each for each in taken}
    found = Measurement.objects.filter(subject__in=records).select_related("rater").order_by("-taken_at", "pk")
    rows = [_row(value, records[value.subject], catalogue) for value in found]
    rows += [
        Row(each.record.taken_on, _("Stage"), f"{each.told.scale} {each.told.stage}", "", "", "", each.record.by.name)
        for each in taken
        if each.told.stage
    ]
    return sorted(rows, key=lambda row: row.on, reverse=True)


def name_of(record: AssessmentRecord) -> str:
    """What a record is called: its place in the course."""
    return str(record.get_stage_display())


def response_words(response: str) -> str:
    """The class of 11.3 in words."""
    return {
        "responder": _("Responder"),
        "stabilised": _("Stabilised"),
        "non_responder": _("No response"),
        "worsened": _("Worsened"),
        "not_assessable": _("Not assessable"),
    }.get(response, "")


def change_words(change: str) -> str:
    """How a measure moved, in words."""
    return {"improved": _("Improved"), "unchanged": _("Unchanged"), "worse": _("Worse")}.get(change, "")


def measure_words(code: str) -> str:
    """What a measure is called."""
    return {
        "OM-01": _("Six standard photographs"),
        "OM-02": _("Rating of the photographs"),
        "OM-03": _("Density"),
        "OM-04": _("Shaft diameter, thin hairs and terminal to vellus ratio"),
        "OM-04 diameter": _("Shaft diameter"),
        "OM-04 thin": _("Hairs thinner than 30 µm"),
        "OM-04 T:V": _("Terminal to vellus ratio"),
        "OM-05": _("Pull test and 60-second count"),
        "OM-05 pull": _("Pull test"),
        "OM-05 60-s": _("60-second count"),
        "OM-06": _("Patient's own score"),
        "OM-06 self": _("Own score"),
        "OM-06 satisfaction": _("Satisfaction"),
        "OM-06 distress": _("Distress"),
        "OM-07": _("Quality of life"),
        "OM-08": _("Stage"),
        "OM-09": _("Adverse events and pain"),
        "OM-09 pain": _("Worst pain"),
    }.get(code, code)


def _shown(one: Taken, catalogue: Catalogue) -> Shown:
    outcome = one.outcome
    arithmetic: Mapping[str, Any] = outcome.arithmetic if outcome else {"lines": [], "missing": [], "action": ""}
    lines = [
        line | {"name": measure_words(line["measure"]), "change_words": change_words(line["change"]), "why": _why(line)}
        for line in arithmetic["lines"]
    ]
    return Shown(
        record=one.record,
        name=name_of(one.record),
        response=outcome.response if outcome else "",
        response_words=response_words(outcome.response) if outcome else "",
        stop=outcome.worse if outcome else "",
        action=_action(outcome.response, catalogue) if outcome and outcome.response else "",
        lines=lines,
        missing=[measure_words(code) for code in arithmetic["missing"]],
        unusual=[_unusual(one, code) for code in (each.code for each in unlike(one.told.values))],
        remark=one.told.remark,
    )


def _action(response: str, catalogue: Catalogue) -> str:
    return catalogue.row(ResponseClass, response).action


def _unusual(one: Taken, code: str) -> str:
    low, high = VALUES[code].usual or (Decimal(0), Decimal(0))
    words = {"name": measure_words(code), "value": _plain(one.told.values[code]), "low": f"{low}", "high": f"{high}"}
    return _("%(name)s %(value)s is outside the usual %(low)s to %(high)s: check that it is typed right.") % words


def _why(line: Mapping[str, str]) -> str:
    return {
        "raters": _("Two ratings are needed, a third when they differ by more than 1."),
        "photographs": _("The photographs are not comparable, or nobody said that they are."),
        "not_measured": _("Not measured."),
        "no_baseline": _("Not measured at the baseline."),
        "other_site": _("Not measured at the same place as the baseline."),
        "not_comparable": _("Not comparable with the baseline."),
    }.get(line["why"], "")


def _line(
    code: str,
    title: str,
    taken: Sequence[Taken],
    marks: Marks,
    change: str,
    catalogue: Catalogue,
    lowest: Decimal | None = None,
    highest: Decimal | None = None,
    *,
    band: bool = False,
) -> Chart:
    found = [each for each in taken if code in each.told.values]
    place = found[-1].told.scalp_site if found else ""
    # Measures at another place are in the table; a line joins one place only (11.3).
    found = [each for each in found if code == "OM-06 self" or each.told.scalp_site == place]
    points = tuple(Point(each.record.taken_on, each.told.values[code]) for each in found)
    sessions, events = marks
    wanted = Wanted(
        points,
        lowest,
        highest,
        sessions,
        events,
        ERROR_PER_CENT if band else None,
        threshold=_threshold(code, points, catalogue),
    )
    unit = ", ".join(each for each in (VALUES[code].unit, _zone(place, catalogue)) if each and code != "OM-06 self")
    return _chart(code, title, unit or _("−3 much worse to +3"), points, wanted, change)


def _chart(
    code: str, title: str, unit: str, points: Sequence[Point], wanted: Wanted, change: str, words: str = ""
) -> Chart:
    spoken = ", ".join(f"{each.label or _plain(each.value)} ({_day(each.on)})" for each in points)
    return Chart(
        code=code,
        title=title,
        unit=unit,
        finding=words or _finding(points),
        change=change,
        change_words=change_words(change),
        drawing=draw(wanted) if points else None,
        points=len(points),
        spoken=f"{title}: {spoken}" if spoken else "",
    )


def _stages(taken: Sequence[Taken], marks: Marks, catalogue: Catalogue) -> Chart:
    found = [each for each in taken if each.told.stage]
    scale = found[-1].told.scale if found else ""
    stages = [row.stage for row in catalogue.of(SeverityStage) if row.scale == scale]
    found = [each for each in found if each.told.scale == scale and each.told.stage in stages]
    points = tuple(
        Point(each.record.taken_on, Decimal(stages.index(each.told.stage)), each.told.stage) for each in found
    )
    highest = Decimal(len(stages) - 1) if stages else None
    wanted = Wanted(points, Decimal(0), highest, marks[0], marks[1], step=True, labels=tuple(stages))
    words = ""
    if len(points) >= TREND:
        words = _("From %(first)s to %(last)s") % {"first": points[0].label, "last": points[-1].label}
    return _chart("OM-08", _("Stage"), scale.capitalize(), points, wanted, "", words)


def _finding(points: Sequence[Point]) -> str:
    if not points:
        return _("Not measured yet.")
    if len(points) < TREND:
        return _("A trend needs a second measurement.")
    moved = points[-1].value - points[0].value
    words = {"first": _plain(points[0].value), "last": _plain(points[-1].value), "moved": f"{moved.normalize():+f}"}
    return (_("From %(first)s to %(last)s (%(moved)s)") % words).replace("-", "−")


def _threshold(code: str, points: Sequence[Point], catalogue: Catalogue) -> Decimal | None:
    """From where on the measure counts as improved against the first point; for the pull test, what is normal."""
    if code == "OM-05 pull":
        return Decimal(NORMAL_PULL)
    if not points or not catalogue.has(OutcomeChange, code):
        return None
    row, first = catalogue.row(OutcomeChange, code), points[0].value
    if code == "OM-03":
        return first + max(row.limit("hairs"), first * row.limit("percent") / PER_CENT)
    return first + row.limit("improved") if code == "OM-04 diameter" else None


def _marks(patient: Patient) -> Marks:
    """The days of the sessions that were given, and of the adverse events."""
    given = TreatmentRecord.objects.filter(
        patient__in=records_of_person(patient.pk), state=TreatmentRecord.State.SIGNED, started_at__isnull=False
    )
    sessions = [each.started_at.astimezone(each.site.zone).date() for each in given.select_related("site")]  # type: ignore[union-attr]
    events = [each.onset_at.astimezone(each.site.zone).date() for each in events_of(patient.pk)]
    return tuple(sorted(sessions)), tuple(sorted(events))


def _row(value: Measurement, one: Taken, catalogue: Catalogue) -> Row:
    signed = value.code in (RATING, "OM-06 self")
    number = f"{value.value:+.0f}".replace("-", "−") if signed else _plain(value.value)
    unit = VALUES[value.code].unit if value.code in VALUES else ""
    rater = value.rater.name if value.rater else ""
    place = _zone(value.scalp_site, catalogue)
    return Row(one.record.taken_on, measure_words(value.code), number, unit, place, value.device, rater)


def _zone(code: str, catalogue: Catalogue) -> str:
    return catalogue.row(Zone, code).name if code and catalogue.has(Zone, code) else code


def _version(patient: Patient) -> PlanVersion | None:
    """The plan that counts: the newest signed version."""
    found = PlanVersion.objects.filter(plan__patient=patient, state=PlanVersion.State.SIGNED)
    return found.select_related("plan__site", "release").order_by("-made_at", "-pk").first()


def _growth_from(marks: Marks, catalogue: Catalogue) -> date | None:
    """The first day on which an assessment may speak of hair growth (STOP-6); None before the first session."""
    sessions, _events = marks
    return hair_growth_claims_from(sessions[0], catalogue) if sessions else None


def _maintenance(version: PlanVersion | None) -> str:
    """Whether maintenance may follow, in a sentence (MT-1)."""
    if version is None:
        return ""
    final = progress_of([version])[version.pk].last_final
    if final is None:
        return _("MT-1: not checked. Maintenance is offered after a final assessment that shows a response.")
    if final == "responder":
        return _(
            "MT-1: maintenance may be offered, at most four sessions in any 365 days; renew candidacy and consent."
        )
    return _("MT-1: maintenance is not offered. It is for patients whose final assessment shows a response.")


def _day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
