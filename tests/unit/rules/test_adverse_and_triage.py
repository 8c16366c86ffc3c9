"""Sentinel events, clusters and what somebody who reports signs is told (clinical.md 8.2 to 8.4)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import build
from protocols.rules.kinds.adverse_events import ClusterRule, TriageAnswer
from sessions.rules.adverse import Cluster, Event, clusters, is_sentinel, sentinel_open, stops_course, unresolved_grade
from sessions.rules.triage import Triaged, has_red_flag, triage
from tests.builders.facts import shipped

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
SIGNS = [sign.id for row in shipped().of(TriageAnswer) for sign in row.signs]
NOTHING = dict.fromkeys(SIGNS, Tri.NO)


@pytest.mark.parametrize("code", ["AE-11", "AE-12", "AE-13", "AE-14", "AE-19"])
def test_these_events_are_sentinel_at_any_grade(code):
    assert is_sentinel(Event(code, 1, MONDAY), shipped())


@pytest.mark.parametrize("code", ["AE-20", "AE-24"])
def test_these_events_are_sentinel_from_grade_3(code):
    assert [is_sentinel(Event(code, grade, MONDAY), shipped()) for grade in (2, 3)] == [False, True]


def test_an_allergic_reaction_of_grade_4_is_anaphylaxis():
    assert [is_sentinel(Event("AE-04", grade, MONDAY), shipped()) for grade in (3, 4)] == [False, True]


@pytest.mark.parametrize(("code", "stops"), [("AE-10", True), ("AE-21", True), ("AE-03", False), ("AE-99", False)])
def test_some_events_stop_the_course_whatever_their_grade(code, stops):
    assert stops_course(Event(code, 2, MONDAY), shipped()) is stops
    assert not stops_course(Event(code, 2, MONDAY, excluded=True), shipped())


@pytest.mark.parametrize("code", ["AE-01", "AE-03", "AE-09", "AE-21", "AE-99"])
def test_other_events_are_not_sentinel(code):
    assert not is_sentinel(Event(code, 4, MONDAY), shipped())


def test_a_sentinel_event_stays_open_until_it_is_resolved_or_excluded():
    assert sentinel_open([Event("AE-19", 3, MONDAY)], shipped()) is Tri.YES
    settled = [Event("AE-19", 3, MONDAY, resolved=True), Event("AE-12", 3, MONDAY, excluded=True)]
    assert sentinel_open(settled, shipped()) is Tri.NO
    assert unresolved_grade([*settled, Event("AE-01", 1, MONDAY), Event("AE-03", 2, MONDAY)]) == 2
    assert unresolved_grade(settled) is None


def test_every_rule_of_clusters_is_asked():
    (rule,) = [each for each in shipped().entries if each.kind == "cluster_rule"]
    other = replace(rule, body={**rule.body, "id": "of another clinic"})
    catalogue = build("1", [*shipped().entries, other])
    found = clusters([Event("AE-03", 1, day, frozenset({7})) for day in (MONDAY, TUESDAY)], catalogue)
    assert {(each.rule.id, each.lot) for each in found} == {("cluster", 7), ("of another clinic", 7)}


def test_two_watched_events_on_one_lot_or_one_day_make_a_cluster():
    one, other = Event("AE-03", 1, MONDAY, frozenset({7})), Event("AE-19", 3, TUESDAY, frozenset({7, 8}))
    (rule,) = shipped().of(ClusterRule)
    assert clusters([one, other], shipped()) == (Cluster(rule, 2, lot=7),)
    same_day = [Event("AE-09", 1, MONDAY), Event("AE-14", 2, MONDAY)]
    assert clusters(same_day, shipped()) == (Cluster(rule, 2, day=MONDAY),)
    assert clusters([one, Event("AE-01", 1, MONDAY, frozenset({7}))], shipped()) == ()
    assert clusters([one, Event("AE-03", 1, MONDAY, frozenset({7}), excluded=True)], shipped()) == ()


@pytest.mark.parametrize(
    ("sign", "answer"),
    [
        *((sign.id, row.id) for row in shipped().of(TriageAnswer) for sign in row.signs),
    ],
)
def test_every_sign_has_its_answer(sign, answer):
    assert triage(NOTHING | {sign: Tri.YES}, shipped()).answer.id == answer


def test_the_most_urgent_sign_decides():
    assert triage(NOTHING | {"rash": Tri.YES, "pus": Tri.YES, "seizure": Tri.YES}, shipped()).answer.id == "TRIAGE-1"


def test_a_fever_that_is_only_told_is_a_red_flag_too():
    told = NOTHING | {"fever": Tri.YES}
    assert has_red_flag(triage(told, shipped())) is Tri.YES
    assert triage(told, shipped(), temperature_c=Decimal("37.0")).signs == ("fever",)


@pytest.mark.parametrize(("temperature", "flag"), [("38.0", Tri.YES), ("37.9", Tri.NO)])
def test_a_measured_fever_is_a_red_flag(temperature, flag):
    assert has_red_flag(triage(NOTHING, shipped(), temperature_c=Decimal(temperature))) is flag


@pytest.mark.parametrize(
    ("sign", "flag"), [("chest_pain", Tri.YES), ("pus", Tri.YES), ("rash", Tri.NO), ("expected_mild", Tri.NO)]
)
def test_an_emergency_and_a_doctor_the_same_day_are_red_flags(sign, flag):
    assert has_red_flag(triage(NOTHING | {sign: Tri.YES}, shipped())) is flag


def test_nobody_is_reassured_while_an_urgent_sign_was_not_asked():
    asked = NOTHING | {"expected_mild": Tri.YES, "chest_pain": Tri.UNKNOWN}
    found = triage(asked, shipped())
    assert (found.answer, found.signs, found.not_asked) == (None, ("expected_mild",), ("chest_pain",))
    assert has_red_flag(found) is Tri.UNKNOWN
    assert has_red_flag(triage({}, shipped())) is Tri.UNKNOWN


def test_a_red_flag_is_answered_at_once_although_more_was_not_asked():
    assert triage({"pus": Tri.YES}, shipped()).answer.id == "TRIAGE-2"


def test_nothing_reported_needs_no_answer():
    found = triage(NOTHING, shipped())
    assert (found, has_red_flag(found)) == (Triaged(None), Tri.NO)
