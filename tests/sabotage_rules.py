"""Every clinical rule of the shipped catalogue, and how it falls silent: its row and its name stay, so that only a test
of what it does can notice. A kind of row that is neither named a rule nor knowledge here is an error."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace as changed
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from mesoclinic.rules.tri import Tri
from patients.rules import candidacy, consent
from patients.rules.conditions import CONDITIONS as CANDIDACY
from protocols.rules import anaesthetic, exclusions, formulation, technique
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.kinds.formulation import FormulationNeed
from protocols.rules.rows import KINDS
from sessions.rules import adverse, aftercare, day, messages, outcome, schedule, stopping, triage
from tests.builders.facts import shipped
from tests.sabotage import CannotBeDropped, Sabotage, answer, replace

Drops = Iterator[tuple[str, Callable[[], None]]]

# What is known and worded, not what is decided by it.
KNOWLEDGE = frozenset(
    {
        "advantage", "adverse_event_grade", "consent_withdrawal", "definition", "diagnosis", "examination_item",
        "expectation_item", "form_section", "ingredient", "interval", "laboratory_test", "outcome_display",
        "outcome_measure", "protocol", "protocol_suggestion", "salt_band", "salt_region", "scarring_sign",
        "session_policy", "session_step", "severity_category", "severity_scale", "severity_stage", "source",
        "technique", "verdict_wording", "zone",
    }
)  # fmt: skip


def rules() -> Iterator[Sabotage]:
    """Every rule, in the order of the catalogue, and the parts of which a rule consists."""
    for kind, row_class in sorted(KINDS.items()):
        if kind in KNOWLEDGE:
            continue
        if kind not in DROPS:
            raise CannotBeDropped(f"{kind} is neither a kind of rule nor of knowledge: say which")
        for row in shipped().of(row_class):
            for part, drop in DROPS[kind](row):
                what = f"{row.id}: {part}" if part else row.id
                yield Sabotage(kind.replace("_", " "), what, drop, (*part.split()[-1:], row.id))


def _candidacy(row: Any) -> Drops:
    if row.id == candidacy.GAP:
        yield "", lambda: replace(candidacy._field_gaps, lambda *_, **__: ())
    else:
        yield "", lambda: answer(CANDIDACY, row.id, Tri.NO)


def _input(row: Any) -> Drops:
    """A gap that a rule of its own reports (`gap_codes`) is dropped with that rule."""
    if row.required in ("always", "when") and not row.gap_codes:
        yield "required", lambda: _not_required(row.id, on_the_day=False)
    if row.on_day == "required" and row.required != "always":
        yield "required on the day", lambda: _not_required(row.id, on_the_day=True)
    if row.max_age_days is not None:
        yield "too old", lambda: _never_stale(row.id)


def _not_required(name: str, *, on_the_day: bool) -> None:
    required = candidacy._required

    def less(wanted: Any, facts: Facts, *, on_day: bool) -> bool:
        if wanted.id == name:
            wanted = changed(wanted, on_day="") if on_the_day else changed(wanted, required="optional")
        return required(wanted, facts, on_day=on_day)

    replace(required, less)


def _never_stale(name: str) -> None:
    fresh = Facts.fresh
    Facts.fresh = lambda facts, wanted: facts.get(wanted) if wanted == name else fresh(facts, wanted)  # type: ignore[method-assign,assignment]


def _exclusion(row: Any) -> Drops:
    yield "", lambda: _silence_exclusion(row.id)
    if row.also_excludes:
        yield "narrower", lambda: answer(exclusions.NARROWER, row.id, Tri.NO)
    if row.excludes_creams:
        yield "cream", lambda: _without_rule(exclusions.cream_exclusions, row.id)
    if row.id in (exclusions.ALLERGY, exclusions.ANAESTHETIC_ALLERGY):
        yield "label", lambda: _without_rule(exclusions.label_exclusions, row.id)
    if row.id == exclusions.ALLERGY:
        yield "unclarified mix", lambda: replace(exclusions.unclarified_mix, lambda *_: False)


def _silence_exclusion(rule: str) -> None:
    _without_rule(exclusions.cream_exclusions, rule)
    _without_rule(exclusions.label_exclusions, rule)
    _without_rule_of_ingredients(exclusions.excluded, rule)
    _without_rule_of_ingredients(exclusions.warnings, rule)
    if rule == exclusions.ALLERGY:
        replace(exclusions.unclarified_mix, lambda *_: False)


def _without_rule(door: Callable[..., tuple[str, ...]], rule: str) -> None:
    replace(door, lambda *given: tuple(each for each in door(*given) if each != rule))


def _without_rule_of_ingredients(door: Callable[..., Mapping[str, tuple[str, ...]]], rule: str) -> None:
    def rest(*given: Any) -> dict[str, tuple[str, ...]]:
        left = {name: tuple(each for each in found if each != rule) for name, found in door(*given).items()}
        return {name: found for name, found in left.items() if found}

    replace(door, rest)


def _allergen(row: Any) -> Drops:
    def forget() -> None:
        known = Facts.allergies
        Facts.allergies = lambda facts: tuple(each for each in known(facts) if each.allergen != row.id)  # type: ignore[method-assign,assignment]

    yield "", forget


def _mixture(row: Any) -> Drops:
    """Wherever a rule of the mixture speaks from, its findings are gone before the verdict is added up."""

    def silence() -> None:
        result_of, checked = formulation.result_of, formulation.FormulationResult
        replace(result_of, lambda findings: result_of(_others(findings, row.id)))
        replace(checked, lambda **given: checked(**given | {"findings": _others(given["findings"], row.id)}))
        _silence_technique(row.id)

    yield "", silence


def _technique(row: Any) -> Drops:
    yield "", lambda: _silence_technique(row.id)


def _silence_technique(rule: str) -> None:
    result = technique.TechniqueResult
    replace(result, lambda findings, *rest: result(_others(findings, rule), *rest))


def _others(findings: Iterable[Any], rule: str) -> tuple[Any, ...]:
    return tuple(finding for finding in findings if finding.rule != rule)


def _anaesthetic(row: Any) -> Drops:
    share = anaesthetic._share

    def free() -> None:
        replace(share, lambda part, *given: Fraction(0) if _is_of(part, row) else share(part, *given))

    yield "", free


def _is_of(part: Any, row: Any) -> bool:
    return bool(part.component.ingredient == row.ingredient)


def _need(row: Any) -> Drops:
    """What a mixture needs to know: the whole row, then each of its inputs, and the concentration."""
    yield "", lambda: _changed_row(FormulationNeed, row, None)
    if row.concentration:
        yield "concentration", lambda: _changed_row(FormulationNeed, row, changed(row, concentration=False))
    for wanted in row.inputs:
        rest = tuple(each for each in row.inputs if each is not wanted)
        yield f"needs {wanted.input}", partial(_changed_row, FormulationNeed, row, changed(row, inputs=rest))


def _faga(row: Any) -> Drops:
    yield "", lambda: _changed_row(type(row), row, None)


def _changed_row(kind: type, old: Any, new: Any) -> None:
    every = Catalogue.of

    def of(catalogue: Catalogue, row_kind: Any) -> Any:
        rows = every(catalogue, row_kind)
        if row_kind is not kind:
            return rows
        return tuple(new if row == old else row for row in rows if row != old or new is not None)

    Catalogue.of = of  # type: ignore[method-assign,assignment]


def _schedule(row: Any) -> Drops:
    if row.id == "SD-07":
        yield "no open day", lambda: _plan_without(row.id)
        yield "nearest open day", lambda: _closed("nearest_open", lambda closed, target, *_: target)
        yield "next open day", lambda: _closed("next_open", lambda closed, on: on)
    elif row.id == "SD-09":
        yield "assessments", lambda: replace(schedule._anchor, lambda *_: 0)
        yield "later sessions", _dates_of_the_first_plan
    else:
        yield "", lambda: answer(schedule.CONDITIONS, row.id, Tri.NO)
    if row.id == day.CONSENT_RULE:
        yield "day", lambda: replace(day.consent_holds, lambda *_: Tri.YES)


def _plan_without(rule: str) -> None:
    plan = schedule.Schedule
    replace(plan, lambda result, findings, *rest: plan(result, _others(findings, rule), *rest))


def _closed(name: str, answers: Callable[..., Any]) -> None:
    setattr(schedule.Closed, name, answers)


def _dates_of_the_first_plan() -> None:
    """Sessions to come stay where they were planned at first, whenever those before them took place."""
    shifted = schedule._Case.all_dates

    def unshifted(case: Any) -> Any:
        dates = shifted(case)
        if not dates:
            return dates
        fixed = len(case.state.done) or 1
        targets = case.protocol.target_days[fixed : len(dates)]
        return (*dates[:fixed], *(dates[0] + timedelta(days=days) for days in targets))

    schedule._Case.all_dates = unshifted  # type: ignore[method-assign,assignment]


def _course(row: Any) -> Drops:
    special = {
        stopping.MAINTENANCE: lambda: replace(stopping.may_maintain, lambda *_: ()),
        "STOP-6": lambda: replace(stopping.hair_growth_claims_from, lambda first, _: first),
    }
    yield "", special.get(row.id) or (lambda: answer(stopping.CONDITIONS, row.id, Tri.NO))


def _day(row: Any) -> Drops:
    if row.level == "recompute":
        yield "", lambda: _not_recomputed(row.recomputes)
    else:
        yield "", lambda: answer(day.CONDITIONS, row.id, Tri.NO)


def _not_recomputed(names: tuple[str, ...]) -> None:
    """On the day these rules keep silent, all of them but DX-01 if none is named; before it they speak as ever."""
    named = names or set(CANDIDACY) - {"DX-01"}
    evaluate, asleep = day.evaluate, {name: CANDIDACY[name] for name in named if name in CANDIDACY}

    def without(*given: Any, **over: Any) -> Any:
        for name in asleep:
            answer(CANDIDACY, name, Tri.NO)
        try:
            return evaluate(*given, **over)
        finally:
            CANDIDACY.update(asleep)

    day.evaluate = without


def _aftercare(row: Any) -> Drops:
    yield "", lambda: answer(aftercare.CONDITIONS, row.id, False)
    if aftercare.CONDITIONS[row.id] is not aftercare._always:
        yield "its condition", lambda: answer(aftercare.CONDITIONS, row.id, True)
    if row.id in aftercare.LONGER:
        yield "longer", lambda: answer(aftercare.LONGER, row.id, False)
    for place, line in enumerate(row.lines, start=1):
        yield f"line {place}", partial(_line_hidden, line)
        if line.unless:
            yield f"line {place} unless", partial(_line_shown, line)


def _line_hidden(line: Any) -> None:
    shown = aftercare._shown
    replace(shown, lambda each, *given: each != line and shown(each, *given))


def _line_shown(line: Any) -> None:
    shown = aftercare._shown
    replace(shown, lambda each, *given: each == line or shown(each, *given))


def _message(row: Any) -> Drops:
    yield "", lambda: _applies(row.id, False)
    if row.id in messages.APPLIES:
        yield "its condition", lambda: _applies(row.id, True)


def _applies(message: str, value: bool) -> None:
    replace(messages.APPLIES, {**messages.APPLIES, message: lambda _: value})


def _quiet(row: Any) -> Drops:
    yield "", lambda: replace(messages.after_quiet_hours, lambda due, quiet, zone: due.astimezone(zone))


def _change(row: Any) -> Drops:
    yield "", lambda: answer(outcome.MEASURES, row.id, None)


def _response(row: Any) -> Drops:
    """The class is never given; what would have had it goes unassessed, or without an answer."""
    found, dropped = outcome._response, outcome.Response(row.id)
    instead = next(each for each in reversed(outcome.Response) if each is not dropped)

    def other(*given: Any) -> Any:
        response = found(*given)
        return instead if response is dropped else response

    yield "", lambda: replace(found, other)


def _event(row: Any) -> Drops:
    sentinel = adverse.is_sentinel
    if row.sentinel_from_grade is not None:
        yield (
            "sentinel",
            lambda: replace(sentinel, lambda event, given: event.code != row.id and sentinel(event, given)),
        )
    stops = adverse.stops_course
    if row.stops_course:
        yield "stops", lambda: replace(stops, lambda event, given: event.code != row.id and stops(event, given))


def _cluster(row: Any) -> Drops:
    clusters = adverse.clusters
    yield "", lambda: replace(clusters, lambda *given: tuple(each for each in clusters(*given) if each.rule != row))


def _triage(row: Any) -> Drops:
    yield "", lambda: _not_seen(*(sign.id for sign in row.signs))
    for sign in row.signs:
        yield sign.id, partial(_not_seen, sign.id)
    if row.red_flag:
        flag = triage.has_red_flag
        yield (
            "red flag",
            lambda: replace(flag, lambda found: Tri.NO if found.answer == row else flag(found)),
        )


def _not_seen(*signs: str) -> None:
    state = triage._state
    replace(state, lambda sign, *given: Tri.NO if sign in signs else state(sign, *given))


def _consent(row: Any) -> Drops:
    required = consent.required_elements
    if row.required:
        yield "", lambda: replace(required, lambda given: tuple(each for each in required(given) if each != row.id))
    if row.id == consent.RENEWAL:
        for lack in consent.Lack:
            yield f"consent is {lack}", partial(_never_lacks, lack)


def _never_lacks(lack: consent.Lack) -> None:
    """A consent never fails for this reason."""
    validity = consent.Validity

    def valid(holds: Tri, lacks: tuple[consent.Lack, ...] = (), *rest: Any) -> Any:
        left = tuple(each for each in lacks if each is not lack)
        return validity(holds if left else Tri.YES, left, *rest)

    replace(validity, valid)


DROPS: Mapping[str, Callable[[Any], Drops]] = {
    "adverse_event": _event,
    "aftercare": _aftercare,
    "allergen": _allergen,
    "anaesthetic_limit": _anaesthetic,
    "candidacy_rule": _candidacy,
    "cluster_rule": _cluster,
    "consent_element": _consent,
    "course_rule": _course,
    "day_rule": _day,
    "exclusion_rule": _exclusion,
    "faga_combination": _faga,
    "faga_criterion": _faga,
    "formulation_need": _need,
    "formulation_rule": _mixture,
    "input": _input,
    "message": _message,
    "outcome_change": _change,
    "quiet_hours": _quiet,
    "response_class": _response,
    "schedule_rule": _schedule,
    "technique_rule": _technique,
    "triage_answer": _triage,
}
