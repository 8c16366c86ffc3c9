"""What the taps of a check-in come to: the answers of 8.4, and never well for what was not asked."""

import pytest

from mesoclinic.rules.tri import Tri
from protocols.rules.kinds.adverse_events import TriageAnswer
from sessions.rules.check_in import ASKED, NOTHING, Level, answered
from tests.builders.facts import shipped

WELL = dict.fromkeys(ASKED, (NOTHING,))


def told(**over):
    return answered(WELL | over, shipped())


def test_every_sign_of_the_catalogue_is_asked_once():
    asked = [sign for signs in ASKED.values() for sign in signs]
    assert sorted(asked) == sorted(sign.id for row in shipped().of(TriageAnswer) for sign in row.signs)


@pytest.mark.parametrize("row", shipped().of(TriageAnswer), ids=lambda row: row.id)
def test_each_sign_gets_the_answer_of_its_row(row):
    level = {1: Level.RED, 2: Level.RED, 3: Level.AMBER, 4: Level.GREEN}[row.rank]
    for sign in row.signs:
        question = next(name for name, signs in ASKED.items() if sign.id in signs)
        found = told(**{question: (sign.id,)})
        assert (found.triaged.answer, found.level) == (row, level), sign.id
        assert {name for name, told in found.signs.items() if told is Tri.YES} == {sign.id}


def test_who_taps_nothing_of_it_is_well():
    assert (told().level, told().triaged.answer) == (Level.GREEN, None)


def test_the_most_urgent_sign_decides():
    assert told(now=("chest_pain",), skin=("rash",)).triaged.answer.rank == 1


@pytest.mark.parametrize("missing", ASKED)
def test_what_was_not_answered_is_not_well(missing):
    left = {name: said for name, said in WELL.items() if name != missing}
    assert answered(left, shipped()).level == Level.AMBER


def test_of_a_list_everything_that_somebody_has_counts():
    found = told(skin=("rash", "white_or_blue_skin"))
    assert (found.level, found.signs["rash"], found.signs["white_or_blue_skin"]) == (Level.RED, Tri.YES, Tri.YES)
    assert found.signs["nodule"] is Tri.NO


def test_an_empty_answer_is_none():
    assert answered(WELL | {"skin": ()}, shipped()).signs["rash"] is Tri.UNKNOWN
