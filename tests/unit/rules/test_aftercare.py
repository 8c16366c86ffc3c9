"""The personal aftercare sheet (clinical.md 9)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mesoclinic.rules.tri import Tri
from protocols.rules.kinds.aftercare import Aftercare
from sessions.rules.aftercare import CONDITIONS, SessionDone, sheet
from tests.builders.facts import shipped

MADRID = ZoneInfo("Europe/Madrid")
END = datetime(2026, 3, 2, 15, 30, tzinfo=MADRID)


def done(at=END, techniques=("T-NAP",), ingredients=(), **over):
    return SessionDone(at, frozenset(techniques), frozenset(ingredients), **over)


def rows(*sessions, **over):
    return {row.id: row for row in sheet(sessions, shipped(), **over)}


def hours(row, end=END):
    return (row.stop.timestamp() - end.timestamp()) / 3600


@pytest.mark.parametrize(
    ("over", "stop"),
    [
        ({"techniques": ["T-NAP"]}, 24),
        ({"techniques": ["T-EPI"]}, 24),
        ({"techniques": ["T-PAP"]}, 48),
        ({"techniques": ["T-NAP", "T-PPP"]}, 48),
        ({"techniques": []}, 48),
        ({"techniques": ["T-NAP"], "bl_rule_fired": Tri.YES}, 48),
    ],
)
def test_washing_waits_for_the_deeper_technique_or_a_bleeding_rule(over, stop):
    assert hours(rows(done(**over))["AC-01a"]) == stop


@pytest.mark.parametrize(
    ("row", "start", "stop"),
    [
        ("AC-01b", 0, 72),
        ("AC-01c", 0, 72),
        ("AC-02a", 0, 168),
        ("AC-03", 0, 48),
        ("AC-04", 0, 168),
        ("AC-05a", 0, None),
        ("AC-05b", 0, 72),
        ("AC-06", 0, 168),
        ("AC-07", 0, 1344),
        ("AC-09", 0, 24),
        ("AC-11", 0, 24),
        ("AC-15", 0, 48),
        ("AC-17", 0, 2160),
    ],
)
def test_what_everybody_is_told(row, start, stop):
    found = rows(done())[row]
    assert found.start == END + timedelta(hours=start)
    assert (found.stop and hours(found)) == stop


@pytest.mark.parametrize(
    ("row", "over"),
    [
        ("AC-02b", {"thin_or_bald_area": Tri.YES}),
        ("AC-10", {"uses_topicals": Tri.YES, "skin_broken": Tri.NO}),
        ("AC-12", {"ingredients": ["DRG_MINOXIDIL"]}),
        ("AC-12", {"fainted": Tri.YES}),
        ("AC-13", {"ingredients": ["DRG_DUTASTERIDE"]}),
        ("AC-14", {"ingredients": ["DRG_DUTASTERIDE"], "director_relaxation": Tri.YES}),
        ("AC-16", {"ingredients": ["VIT_BIOTIN"]}),
    ],
)
def test_a_condition_brings_its_row_and_without_it_the_row_is_left_out(row, over):
    assert row in rows(done(**over))
    assert row not in rows(done())


@pytest.mark.parametrize(
    ("row", "over"),
    [
        ("AC-10", {"uses_topicals": Tri.YES, "skin_broken": Tri.YES}),
        ("AC-10", {"uses_topicals": Tri.YES}),
        ("AC-14", {"ingredients": ["DRG_DUTASTERIDE"]}),
    ],
)
def test_a_condition_that_is_only_half_met_brings_nothing(row, over):
    assert row not in rows(done(**over))


def test_every_row_of_the_catalogue_has_its_condition():
    assert set(CONDITIONS) == {row.id for row in shipped().of(Aftercare)}


def test_a_strong_reaction_doubles_the_time_without_dye():
    assert hours(rows(done(scalp_reaction_grade=1))["AC-06"]) == 168
    stop = rows(done(scalp_reaction_grade=2))["AC-06"].stop
    assert stop == datetime(2026, 3, 16, 15, 30, tzinfo=MADRID)


def test_visits_hold_until_the_next_assessment():
    assert rows(done(), next_assessment_on=date(2026, 4, 6))["AC-08"].stop == date(2026, 4, 6)
    assert rows(done())["AC-08"].stop is None


@pytest.mark.parametrize(
    ("end", "stop"),
    [
        (datetime(2026, 3, 28, 15, 30, tzinfo=MADRID), "2026-03-29T16:30+02:00"),
        (datetime(2026, 10, 24, 15, 30, tzinfo=MADRID), "2026-10-25T14:30+01:00"),
        (datetime(2026, 3, 28, 2, 30, tzinfo=MADRID), "2026-03-29T03:30+02:00"),
    ],
)
def test_hours_are_elapsed_hours_over_both_clock_changes(end, stop):
    assert rows(done(end))["AC-01a"].stop.isoformat(timespec="minutes") == stop


def test_the_longest_instruction_wins_and_the_last_session_sets_the_start():
    first = done(END, ["T-PAP"], scalp_reaction_grade=2)
    last = done(END + timedelta(days=1), ["T-NAP"])
    merged = rows(first, last)
    assert merged["AC-06"].start == END + timedelta(days=1)
    assert merged["AC-06"].stop == END + timedelta(days=14)
    assert merged["AC-01a"].stop == END + timedelta(days=2)


def test_what_only_an_earlier_session_brought_stays_while_it_lasts():
    first = done(END, ingredients=["VIT_BIOTIN"], thin_or_bald_area=Tri.YES)
    assert rows(first, done(END + timedelta(days=6)))["AC-16"].start == END
    assert "AC-16" not in rows(first, done(END + timedelta(days=7)))


def test_a_row_without_an_end_is_not_carried_over():
    first = done(uses_topicals=Tri.YES, skin_broken=Tri.NO)
    assert "AC-10" not in rows(first, done(END + timedelta(days=1)))


def test_a_row_ends_by_elapsed_time_in_the_hour_that_comes_twice():
    first = done(datetime(2026, 10, 18, 2, 30, tzinfo=MADRID), ingredients=["VIT_BIOTIN"])
    later = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=MADRID)
    assert "AC-16" not in rows(first, done(later))


def test_painkillers_that_are_barred_are_not_mentioned():
    assert rows(done())["AC-03"].lines
    assert not rows(done(), nsaid_contraindicated=Tri.YES)["AC-03"].lines


def test_the_first_night_has_a_line_of_its_own():
    (line,) = rows(done())["AC-04"].lines
    assert "raised" in line.text
    assert (line.start, line.stop) == (END, END + timedelta(hours=12))
