"""FAGA criteria of clinical.md 2.4, each at its limit, and the two combinations that support the diagnosis."""

from decimal import Decimal

import pytest

from mesoclinic.rules.tri import Tri
from patients.rules.faga import Reading, asked, meets, supports
from protocols.rules.kinds.inputs import FagaCriterion
from tests.builders.facts import shipped

MET = {
    "yellow_dots": Reading(Decimal(5)),
    "shaft_diameter": Reading(Decimal(50), Decimal(57)),
    "thin_hairs": Reading(Decimal(21)),
    "single_hair_units": Reading(Decimal(41), Decimal(20)),
    "vellus_hairs": Reading(Decimal(31), Decimal(20)),
    "perifollicular_discolouration": Reading(Decimal(31), Decimal(10)),
}
UNMET = {
    "yellow_dots": Reading(Decimal(4)),
    "shaft_diameter": Reading(Decimal(57), Decimal(57)),
    "thin_hairs": Reading(Decimal(10)),
    "single_hair_units": Reading(Decimal(40), Decimal(20)),
    "vellus_hairs": Reading(Decimal(30), Decimal(20)),
    "perifollicular_discolouration": Reading(Decimal(30), Decimal(10)),
}
MINORS = ("single_hair_units", "vellus_hairs", "perifollicular_discolouration")


def criterion(name):
    return shipped().row(FagaCriterion, name)


@pytest.mark.parametrize("name", MET)
def test_a_criterion_is_met_just_beyond_its_limit(name):
    assert meets(criterion(name), MET[name]) is Tri.YES
    assert meets(criterion(name), UNMET[name]) is Tri.NO
    assert meets(criterion(name), Reading()) is Tri.UNKNOWN


@pytest.mark.parametrize("name", ["shaft_diameter", *MINORS])
def test_a_comparison_needs_both_readings(name):
    assert [part for part, _question in asked(criterion(name))] == ["frontal", "occipital"]
    assert meets(criterion(name), Reading(frontal=MET[name].frontal)) is Tri.UNKNOWN
    assert meets(criterion(name), Reading(occipital=MET[name].occipital)) is Tri.UNKNOWN


@pytest.mark.parametrize("name", MINORS)
def test_anything_is_more_than_none_at_the_occiput(name):
    assert meets(criterion(name), Reading(Decimal(1), Decimal(0))) is Tri.YES
    assert meets(criterion(name), Reading(Decimal(0), Decimal(0))) is Tri.NO


@pytest.mark.parametrize(
    ("met", "answer"),
    [
        (("yellow_dots", "thin_hairs"), Tri.YES),
        (("yellow_dots", "shaft_diameter"), Tri.YES),
        (("shaft_diameter", *MINORS[:2]), Tri.YES),
        (("thin_hairs", MINORS[0], MINORS[2]), Tri.YES),
        (("yellow_dots", MINORS[1]), Tri.NO),
        (("yellow_dots",), Tri.NO),
        (MINORS, Tri.NO),
        ((), Tri.NO),
    ],
)
def test_two_majors_or_a_major_and_two_minors_support_the_diagnosis(met, answer):
    assert supports(UNMET | {name: MET[name] for name in met}, shipped()) is answer


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        ({}, Tri.UNKNOWN),
        ({"yellow_dots": MET, "thin_hairs": MET}, Tri.YES),
        ({"yellow_dots": MET}, Tri.UNKNOWN),
        (dict.fromkeys(("yellow_dots", "shaft_diameter", "thin_hairs"), UNMET), Tri.NO),
        ({"yellow_dots": MET, "shaft_diameter": UNMET, "thin_hairs": UNMET}, Tri.UNKNOWN),
        ({"yellow_dots": MET, "shaft_diameter": UNMET, "thin_hairs": UNMET, MINORS[0]: UNMET}, Tri.UNKNOWN),
        (
            {"yellow_dots": MET, "shaft_diameter": UNMET, "thin_hairs": UNMET, MINORS[0]: UNMET, MINORS[1]: UNMET},
            Tri.NO,
        ),
    ],
)
def test_what_was_not_measured_is_neither_met_nor_unmet(known, answer):
    assert supports({name: readings[name] for name, readings in known.items()}, shipped()) is answer
