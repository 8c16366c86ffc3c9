"""Whether a course goes on, and whether maintenance may follow it (clinical.md 6.3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from mesoclinic.rules.calendar_math import add_months
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri, at_least, known, one_of, or_
from patients.rules.candidacy import Verdict
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.schedule import CourseRule
from sessions.rules.outcome import Response
from sessions.rules.schedule import too_many_in_a_year

MAINTENANCE = "MT-1"
NOT_A_STOP = frozenset({MAINTENANCE, "STOP-6"})
STOPPING_VERDICTS = (Verdict.CONTRAINDICATED, Verdict.REFER)


@dataclass(frozen=True, slots=True)
class CourseEvents:
    """What has happened in a course: its last assessment, its adverse events, the verdict, the patient's wish.

    `verdict` is the provisional one of the newest evaluation: a stopping finding counts while data are missing, too.
    `stopping_event`: an event whose effect on the sessions is to stop, whatever its grade (clinical.md 8.2).
    """

    final_response: Response | None = None
    worse: Tri = Tri.UNKNOWN
    sentinel_event: Tri = Tri.NO
    stopping_event: Tri = Tri.NO
    highest_grade: int | None = None
    verdict: Verdict | None = None
    withdrawn: bool = False


def stops(events: CourseEvents, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Every rule that stops the course now, with what follows."""
    rows = [row for row in catalogue.of(CourseRule) if row.id not in NOT_A_STOP]
    return tuple(_finding(row, _recorded(events)) for row in rows if CONDITIONS[row.id](events, row) is Tri.YES)


def may_maintain(
    response: Response | None, maintenance: tuple[date, ...], on: date, catalogue: Catalogue
) -> tuple[Finding, ...]:
    """Why a maintenance session on that day is not offered: only responders, and only so many a year (MT-1)."""
    row = catalogue.row(CourseRule, MAINTENANCE)
    limits = int(row.limit("sessions_a_year")), int(row.limit("year_days"))
    refused = response is not Response.RESPONDER or too_many_in_a_year((*maintenance, on), *limits)
    recorded = {"sessions_done": str(len(maintenance))} | ({"final_response": response.value} if response else {})
    return (_finding(row, recorded),) if refused else ()


def hair_growth_claims_from(first_session: date, catalogue: Catalogue) -> date:
    """The first day on which an assessment may speak of hair growth; earlier ones judge other things (STOP-6)."""
    return add_months(first_session, int(catalogue.row(CourseRule, "STOP-6").limit("months")))


def _stop_1(events: CourseEvents, row: CourseRule) -> Tri:
    return known(events.final_response is Response.NON_RESPONDER)


def _stop_2(events: CourseEvents, row: CourseRule) -> Tri:
    return or_(events.worse, known(events.final_response is Response.WORSENED))


def _stop_3(events: CourseEvents, row: CourseRule) -> Tri:
    grave = at_least(events.highest_grade, row.limit("grade"))
    return or_(*(known(each is not Tri.NO) for each in (events.sentinel_event, events.stopping_event)), grave)


def _stop_4(events: CourseEvents, row: CourseRule) -> Tri:
    return one_of(events.verdict, STOPPING_VERDICTS)


def _stop_5(events: CourseEvents, row: CourseRule) -> Tri:
    return known(events.withdrawn)


CONDITIONS: Mapping[str, Callable[[CourseEvents, CourseRule], Tri]] = MappingProxyType(
    {"STOP-1": _stop_1, "STOP-2": _stop_2, "STOP-3": _stop_3, "STOP-4": _stop_4, "STOP-5": _stop_5}
)


def _recorded(events: CourseEvents) -> Mapping[str, str]:
    """What the rules read, as it is kept beside a finding; only what is known."""
    values = {
        "final_response": events.final_response,
        "worse": events.worse.value,
        "sentinel_event": events.sentinel_event.value,
        "stopping_event": events.stopping_event.value,
        "highest_grade": events.highest_grade,
        "verdict": events.verdict,
        "withdrawn": known(events.withdrawn).value,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def _finding(row: CourseRule, recorded: Mapping[str, str]) -> Finding:
    return Finding(
        rule=row.id,
        version=row.version,
        level=Level.BLOCK,
        inputs=tuple((name, recorded[name]) for name in row.inputs if name in recorded),
        reason=row.reason or row.rule,
        action=row.action,
        sources=row.sources,
        strength=row.strength,
    )
