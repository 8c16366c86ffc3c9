"""Which rows of clinical.md 6.1 the record surely shows."""

import pytest

from patients.rules.suggested import suggested
from tests.builders.facts import MAN, WOMAN, facts, shipped


def offered(known):
    found = suggested(facts(known), shipped())
    return {each.row.id: [(offer.protocol.id, offer.barred) for offer in each.offers] for each in found}


ANY = {"SUG-5": [("P5", ()), ("P7", ())], "SUG-6": []}
MILD, ADVANCED = ({"scale": "norwood", "stage": stage} for stage in ("II", "VI"))


@pytest.mark.parametrize(
    ("known", "rows"),
    [
        (MAN | {"severity": [MILD]}, {"SUG-1": [("P4", ())]}),
        (MAN | {"severity": [ADVANCED]}, {}),
        ({name: value for name, value in MAN.items() if name != "severity"}, {}),
        (WOMAN | {"childbearing_potential": "yes"}, {"SUG-2": [("P1", ()), ("P5", ())]}),
        (WOMAN | {"childbearing_potential": "no"}, {"SUG-3": [("P1", ()), ("P4", ())]}),
        (WOMAN | {"childbearing_potential": "unknown"}, {}),
        (WOMAN | {"dx": ["TE"]}, {"SUG-4": [("P5", ())]}),
        ({}, {}),
    ],
)
def test_a_row_is_offered_when_the_record_shows_its_situation_and_not_when_something_is_missing(known, rows):
    assert offered(known) == rows | ANY


def test_what_is_excluded_for_the_patient_stands_beside_the_protocol():
    asked = offered(MAN | {"severity": [MILD], "conception_plan_6mo": "yes"})
    assert asked["SUG-1"] == [("P4", ("dutasteride",))]
