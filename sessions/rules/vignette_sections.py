"""Turn each section of a vignette into the inputs of its engine, and the engine's answer into plain values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any

from mesoclinic.rules.finding import Finding
from mesoclinic.rules.tri import Tri
from patients.rules.candidacy import CandidacyResult, Verdict, evaluate
from patients.rules.severity import salt
from protocols.rules.catalogue import Catalogue
from protocols.rules.exclusions import excluded
from protocols.rules.facts import Facts, parse_facts
from protocols.rules.formulation import FormulationResult, check_mixture
from protocols.rules.mixture import parse_formulation
from protocols.rules.technique import TechniquePlan, TechniqueResult, check_technique, parse_plan
from sessions.rules import vignette_inputs as read
from sessions.rules.aftercare import Instruction, SessionDone, sheet
from sessions.rules.day import check_day
from sessions.rules.messages import Occasion, due_times
from sessions.rules.outcome import Measurements, assess
from sessions.rules.schedule import Closed, CourseState, plan_course

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Inputs:
    """One case with what it shares with others."""

    case: Mapping[str, Any]
    shared: Mapping[str, Any]
    evaluated_on: date
    catalogue: Catalogue

    def section(self, name: str) -> Mapping[str, Any]:
        return read.a_mapping(self.case[name], name)

    def has(self, name: str) -> bool:
        return self.case.get(name) is not None

    @cached_property
    def facts(self) -> Facts:
        raw = read.patient_inputs(self.case["patient"], self.shared) if self.has("patient") else {}
        day = self.section("session") if self.has("session") else {}
        return parse_facts({**raw, **day}, evaluated_on=self.evaluated_on, catalogue=self.catalogue)

    @cached_property
    def plan(self) -> TechniquePlan | None:
        return parse_plan(self.section("technique")) if self.has("technique") else None

    @cached_property
    def mixture(self) -> FormulationResult:
        raw = read.mixture_inputs(self.case["formulation"], self.shared)
        formulation = parse_formulation(raw)
        return check_mixture(
            formulation, self.plan, facts=self.facts, evaluated_on=self.evaluated_on, catalogue=self.catalogue
        )


def answers(inputs: Inputs) -> Mapping[str, Any]:
    """The answer of every engine that the case gives inputs for, in the words of 14.3."""
    found: dict[str, Any] = {}
    if inputs.has("patient") and not inputs.has("session"):
        found |= _candidacy(evaluate(inputs.facts, inputs.catalogue), inputs)
    for section, answer in SECTIONS.items():
        if inputs.has(section):
            found |= answer(inputs)
    return found


def _candidacy(result: CandidacyResult, inputs: Inputs) -> dict[str, Any]:
    barred = excluded(inputs.facts, inputs.catalogue)
    return {
        "verdict": result.verdict.value,
        "provisional": result.provisional.value,
        "fired": [finding.rule for finding in result.fired],
        "missing": list(result.missing),
        "temporary": result.temporary if result.verdict is Verdict.CONTRAINDICATED else None,
        "excluded": {ingredient: list(rules) for ingredient, rules in barred.items()},
    }


def _formulation(inputs: Inputs) -> dict[str, Any]:
    checked = inputs.mixture
    return {
        "formulation": {
            "result": checked.result,
            "findings": _codes(checked.findings),
            "solution_ml": _plain(checked.solution_ml),
            "la_ratio": _plain(checked.la_ratio),
            **(_points(checked.technique) if checked.technique else {}),
        }
    }


def _technique(inputs: Inputs) -> dict[str, Any]:
    if inputs.has("formulation") or inputs.plan is None:
        return {}
    checked = check_technique(inputs.plan, catalogue=inputs.catalogue)
    return {"technique": {"findings": _codes(checked.findings), **_points(checked)}}


def _points(checked: TechniqueResult) -> dict[str, Any]:
    return {
        "points": checked.points,
        "volume_ml": _plain(checked.volume_ml),
        "implied_spacing_cm": _plain(checked.implied_spacing_cm),
    }


def _session_day(inputs: Inputs) -> dict[str, Any]:
    result = inputs.mixture.result if inputs.has("formulation") else None
    checked = check_day(inputs.facts, result, inputs.catalogue)
    day = {"may_start": checked.may_start, "findings": _codes(checked.findings)}
    return {**_candidacy(checked.candidacy, inputs), "session_day": day}


def _schedule(inputs: Inputs) -> dict[str, Any]:
    raw = inputs.section("schedule")
    closed = read.some_texts(raw.get("closed_weekdays"), "closed_weekdays")
    if not closed <= set(WEEKDAYS):
        raise read.Unreadable(f"closed_weekdays are not among {', '.join(WEEKDAYS)}")
    state = CourseState(
        protocol=read.a_text(raw.get("protocol"), "protocol"),
        evaluated_on=inputs.evaluated_on,
        done=read.some_dates(raw.get("done"), "done"),
        start=read.maybe_date(raw.get("start"), "start"),
        requested_on=read.maybe_date(raw.get("requested_on"), "requested_on"),
        closed=Closed(
            frozenset(WEEKDAYS.index(day) for day in closed),
            frozenset(read.some_dates(raw.get("closed_dates"), "closed_dates")),
        ),
        unresolved_grade=read.maybe_whole(raw.get("unresolved_ae_grade"), "unresolved_ae_grade"),
        sentinel_open=read.a_tri(raw.get("sentinel_open"), "sentinel_open", Tri.NO),
        assessments_recorded=read.some_texts(raw.get("assessments_recorded"), "assessments_recorded"),
        consent_on=read.maybe_date(raw.get("consent_on"), "consent_on"),
        consent_form_current=read.a_tri(raw.get("consent_form_current"), "consent_form_current"),
    )
    plan = plan_course(state, inputs.catalogue)
    window = plan.window
    return {
        "schedule": {
            "result": plan.result.value,
            "findings": _codes(plan.findings),
            "window": window
            and {"earliest": str(window.earliest), "target": str(window.target), "latest": str(window.latest)},
            "sessions": [str(day) for day in plan.sessions],
            "assessments": {code: str(day) for code, day in plan.assessments.items()},
        }
    }


def _aftercare(inputs: Inputs) -> dict[str, Any]:
    raw = inputs.section("aftercare")
    zone = read.a_zone(raw.get("time_zone"))
    next_on = read.maybe_date(raw.get("next_assessment_on"), "next_assessment_on")

    def done(entry: object) -> SessionDone:
        session = read.a_mapping(entry, "session")
        return SessionDone(
            ended_at=read.a_moment(session.get("ended_at"), zone, "ended_at"),
            techniques=read.some_texts(session.get("techniques"), "techniques"),
            ingredients=read.some_texts(session.get("ingredients"), "ingredients"),
            bl_rule_fired=read.a_tri(session.get("bl_rule_fired"), "bl_rule_fired", Tri.NO),
            thin_or_bald_area=read.a_tri(session.get("thin_or_bald_area"), "thin_or_bald_area"),
            uses_topicals=read.a_tri(session.get("uses_topicals"), "uses_topicals"),
            skin_broken=read.a_tri(session.get("skin_broken"), "skin_broken"),
            scalp_reaction_grade=read.maybe_whole(session.get("scalp_reaction_grade"), "scalp_reaction_grade"),
            fainted=read.a_tri(session.get("fainted"), "fainted"),
            director_relaxation=read.a_tri(session.get("director_relaxation"), "director_relaxation"),
        )

    sessions = tuple(done(entry) for entry in read.a_list(raw.get("sessions"), "sessions"))
    rows = sheet(sessions, inputs.catalogue, next_assessment_on=next_on)
    return {"aftercare": {row.id: _times(row) for row in rows}}


def _times(row: Instruction) -> dict[str, str | None]:
    if isinstance(row.stop, datetime):
        return {"start": _stamp(row.start), "stop": _stamp(row.stop)}
    return {"start": _stamp(row.start), "stop": None if row.stop is None else row.stop.isoformat()}


def _messages(inputs: Inputs) -> dict[str, Any]:
    raw = inputs.section("messages")
    zone = read.a_zone(raw.get("time_zone"))
    occasion = Occasion(
        zone=zone,
        starts_at=read.maybe_moment(raw.get("starts_at"), zone, "starts_at"),
        ended_at=read.maybe_moment(raw.get("ended_at"), zone, "ended_at"),
        cancelled=read.a_tri(raw.get("cancelled"), "cancelled") is Tri.YES,
        missed=read.a_tri(raw.get("missed"), "missed") is Tri.YES,
        last_of_course=read.a_tri(raw.get("last_of_course"), "last_of_course") is Tri.YES,
        assessment_on=read.maybe_date(raw.get("assessment_on"), "assessment_on"),
        plan_ended_on=read.maybe_date(raw.get("plan_ended_on"), "plan_ended_on"),
        response_class=str(raw.get("response_class") or ""),
        consent_expires_on=read.maybe_date(raw.get("consent_expires_on"), "consent_expires_on"),
        contact_consent=read.a_tri(raw.get("contact_consent"), "contact_consent", Tri.YES),
    )
    due = due_times(occasion, inputs.catalogue)
    return {"messages": {message: _stamp(moment) for message, moment in due.items()}}


def _outcome(inputs: Inputs) -> dict[str, Any]:
    raw = inputs.section("outcome")

    def number(name: str) -> Decimal | None:
        return read.maybe_decimal(raw.get(name), name)

    ratings = (read.maybe_whole(rating, "om02_ratings") for rating in read.a_list(raw.get("om02_ratings"), "ratings"))
    measured = Measurements(
        ratings=tuple(rating for rating in ratings if rating is not None),
        photos_comparable=read.a_tri(raw.get("photos_comparable"), "photos_comparable", Tri.YES) is Tri.YES,
        density_baseline=number("density_baseline"),
        density_now=number("density_now"),
        density_comparable=read.a_tri(raw.get("density_comparable"), "density_comparable", Tri.YES) is Tri.YES,
        diameter_change_um=number("diameter_change_um"),
        tv_change=number("tv_change"),
        pull_baseline=raw.get("pull_baseline"),
        pull_now=raw.get("pull_now"),
        count60_baseline=number("count60_baseline"),
        count60_now=number("count60_now"),
        self_rating=read.maybe_whole(raw.get("self_rating"), "self_rating"),
        baseline_progression=read.a_tri(raw.get("baseline_progression"), "baseline_progression"),
    )
    assessed = assess(measured, inputs.catalogue)
    found: dict[str, Any] = {"measures": {name: change.value for name, change in assessed.measures.items()}}
    if raw.get("stage") == "interim":
        found["stop_2"] = assessed.stop is Tri.YES
    else:
        found["class"] = assessed.response.value
    return {"outcome": found}


def _salt(inputs: Inputs) -> dict[str, Any]:
    loss = {region: read.a_decimal(value, region) for region, value in inputs.section("salt").items()}
    found = salt(loss, inputs.catalogue)
    return {"salt": {"score": str(found.score), "band": found.band}}


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


SECTIONS: Mapping[str, Callable[[Inputs], dict[str, Any]]] = MappingProxyType(
    {
        "formulation": _formulation,
        "technique": _technique,
        "session": _session_day,
        "schedule": _schedule,
        "aftercare": _aftercare,
        "messages": _messages,
        "outcome": _outcome,
        "salt": _salt,
    }
)
