"""What a photo consent allows: taking, showing, and each purpose beyond the record (CE-15, CE-18, 10.2)."""

from datetime import date

import pytest

from mesoclinic.rules.tri import Tri
from patients.rules.photographs import UNDECIDED, PhotoDecision, photo_use
from protocols.rules.catalogue import build
from tests.builders.facts import shipped

SIGNED = date(2026, 3, 2)
YES = {"record": True, "teaching": True, "publication": False}


def use(on=SIGNED, *, catalogue=None, **over):
    decision = PhotoDecision(**({"choices": YES, "signed_on": SIGNED} | over))
    return photo_use(decision, on=on, catalogue=catalogue or shipped())


@pytest.mark.parametrize(
    ("on", "over", "taken", "shown", "lacks"),
    [
        (SIGNED, {}, Tri.YES, True, ()),
        (date(2027, 3, 2), {}, Tri.YES, True, ()),
        (date(2027, 3, 3), {}, Tri.NO, True, ("expired",)),
        (date(2026, 3, 1), {}, Tri.NO, True, ("not_yet",)),
        (SIGNED, {"withdrawn": True}, Tri.NO, False, ("withdrawn",)),
        (SIGNED, {"choices": YES | {"record": False}}, Tri.NO, False, ("refused",)),
        (SIGNED, {"choices": {}}, Tri.NO, False, ("refused",)),
        (SIGNED, {"signed_on": None}, Tri.UNKNOWN, True, ("date_unknown",)),
    ],
)
def test_what_the_last_decision_allows(on, over, taken, shown, lacks):
    found = use(on, **over)
    assert (found.taken, found.shown, found.lacks) == (taken, shown, lacks)


def test_without_a_decision_nothing_is_allowed():
    assert (UNDECIDED.taken, UNDECIDED.shown, UNDECIDED.beyond) == (Tri.NO, False, ())


def test_a_catalogue_that_does_not_say_how_long_a_consent_holds_is_no_yes():
    found = use(catalogue=build("1", [each for each in shipped().entries if each.body.get("id") != "CE-18"]))
    assert (found.taken, found.beyond, found.lacks) == (Tri.UNKNOWN, (), ("renewal_unknown",))


def test_it_says_until_when_it_holds():
    assert use().through == use(date(2027, 3, 3)).through == date(2027, 3, 2)
    assert use(signed_on=None).through is None


def test_teaching_holds_only_while_the_consent_does():
    assert use().beyond == ("teaching",)
    assert use(date(2027, 3, 3)).beyond == use(withdrawn=True).beyond == ()
    assert use(choices=YES | {"record": False}).beyond == ()
