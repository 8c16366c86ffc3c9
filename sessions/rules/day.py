"""Whether a session may start today (clinical.md 7.1): the rules of the day beside the recomputed verdict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri, and_, at_least, equals, known, more, not_, or_
from patients.rules.candidacy import TREATABLE, CandidacyResult, evaluate
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.kinds.schedule import ScheduleRule
from protocols.rules.kinds.session_day import DayRule
from sessions.rules.schedule import consent_lapsed

FORMULATIONS = frozenset({"ok", "ok_with_warnings"})
STOPPING = frozenset({Level.BLOCK, Level.DEFER})
CONSENT_RULE = "SD-08"


@dataclass(frozen=True, slots=True)
class DayCheck:
    """The findings of the day, the verdict recomputed on today's values, and whether the session may start.

    `open_points` says in a code each what keeps it from starting: a finding, the verdict, or the formulation.
    """

    may_start: bool
    findings: tuple[Finding, ...]
    candidacy: CandidacyResult
    open_points: tuple[str, ...]


def check_day(facts: Facts, formulation_result: str | None, catalogue: Catalogue) -> DayCheck:
    """Today's check. `formulation_result` is that of the check made today; None (not checked) does not pass.

    `facts` hold the inputs of the day beside those of 2.1 and are evaluated on the day of the session.
    """
    candidacy = evaluate(facts, catalogue, on_day=True)
    findings = tuple(_day_findings(facts, catalogue))
    open_points = [finding.code for finding in findings if finding.level in STOPPING]
    if candidacy.verdict not in TREATABLE:
        open_points.append(f"verdict {candidacy.verdict}")
    if formulation_result not in FORMULATIONS:
        open_points.append(f"formulation {formulation_result or 'not_checked'}")
    return DayCheck(not open_points, findings, candidacy, tuple(open_points))


def consent_holds(facts: Facts, catalogue: Catalogue) -> Tri:
    """Whether a signed consent in its current form covers today; nothing recorded is not a consent."""
    signed = _day_of(facts, "consent_on")
    rule = catalogue.row(ScheduleRule, CONSENT_RULE)
    lapsed = consent_lapsed(facts.evaluated_on, signed, equals(facts.get("consent_form_current"), "yes"), rule)
    return and_(known(signed is not None and signed <= facts.evaluated_on), not_(lapsed))


def _day_findings(facts: Facts, catalogue: Catalogue) -> list[Finding]:
    found = [_finding(row, Level(row.level), facts) for row in catalogue.of(DayRule) if _fires(row, facts)]
    if consent_holds(facts, catalogue) is not Tri.YES:
        found.append(_finding(catalogue.row(ScheduleRule, CONSENT_RULE), Level.BLOCK, facts))
    return found


def _fires(row: DayRule, facts: Facts) -> bool:
    # DY-03, DY-04, DY-05 and DY-07 speak through the candidacy rules, which are evaluated on today's values.
    return row.level != "recompute" and CONDITIONS[row.id](facts, row) is Tri.YES


def _rescreen_not_today(facts: Facts, row: DayRule) -> Tri:
    return known(_day_of(facts, "rescreen_on") != facts.evaluated_on)


def _fever_or_infection(facts: Facts, row: DayRule) -> Tri:
    infection = equals(facts.get("acute_systemic_infection"), "yes")
    return or_(at_least(facts.get("temperature_c"), row.limit("temperature_c")), infection)


def _long_without_food(facts: Facts, row: DayRule) -> Tri:
    hungry = more(facts.get("hours_since_meal"), row.limit("hours"))
    return and_(hungry, equals(facts.get("needle"), "vasovagal"))


def _emergency_kit_not_confirmed(facts: Facts, row: DayRule) -> Tri:
    expiry = _day_of(facts, "adrenaline_expiry")
    confirmed = (
        facts.get("adrenaline_present") == "yes",
        facts.get("trained_person_present") == "yes",
        expiry is not None and expiry >= facts.evaluated_on,
    )
    return known(not all(confirmed))


def _impaired(facts: Facts, row: DayRule) -> Tri:
    return equals(facts.get("impaired"), "yes")


def _vaccinated(facts: Facts, row: DayRule) -> Tri:
    return equals(facts.get("vaccination_7d"), "yes")


CONDITIONS: Mapping[str, Callable[[Facts, DayRule], Tri]] = MappingProxyType(
    {
        "DY-01": _rescreen_not_today,
        "DY-02": _fever_or_infection,
        "DY-06": _long_without_food,
        "DY-08": _emergency_kit_not_confirmed,
        "DY-09": _impaired,
        "DY-10": _vaccinated,
    }
)


def _day_of(facts: Facts, name: str) -> date | None:
    value = facts.get(name)
    return value if isinstance(value, date) else None


def _finding(row: DayRule | ScheduleRule, level: Level, facts: Facts) -> Finding:
    return Finding(
        rule=row.id,
        version=row.version,
        level=level,
        inputs=facts.recorded(row.inputs),
        reason=row.reason,
        action=row.action,
        sources=row.sources,
        strength=row.strength,
    )
