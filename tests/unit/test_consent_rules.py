"""Which consent covers a treatment: SD-08's calendar, missing elements, other plans, and what nobody knows."""

from dataclasses import replace
from datetime import date

import pytest

from mesoclinic.rules.tri import Tri
from patients.rules.consent import RENEWAL, Given, Lack, Validity, required_elements, valid_through, validity
from protocols.rules.catalogue import build
from tests.builders.facts import shipped

FORM = "treatment-1-abc"
REQUIRED = frozenset(required_elements(shipped()))
SIGNED = Given(plan_version=7, form=FORM, elements=REQUIRED, signed_on=date(2026, 3, 2))


def judge(given=SIGNED, *, on=date(2026, 3, 2), form=FORM, plan_version=7, catalogue=None):
    return validity(given, plan_version=plan_version, form=form, on=on, catalogue=catalogue or shipped())


def test_sixteen_elements_are_required_and_the_two_separate_choices_are_not():
    assert {f"CE-{number:02d}" for number in (*range(1, 15), 17, 18)} == REQUIRED


def test_a_consent_without_its_separate_choices_holds():
    assert judge().holds is Tri.YES


@pytest.mark.parametrize(
    ("signed_on", "last"),
    [
        (date(2026, 3, 2), date(2027, 3, 2)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_a_consent_holds_through_the_same_day_of_the_next_year_and_no_longer(signed_on, last):
    given = replace(SIGNED, signed_on=signed_on)
    after = date.fromordinal(last.toordinal() + 1)
    assert valid_through(signed_on, 12) == last
    assert judge(given, on=last) == Validity(Tri.YES, through=last)
    assert judge(given, on=after).lacks == (Lack.EXPIRED,)


@pytest.mark.parametrize("element", sorted(REQUIRED))
def test_any_missing_element_ends_it(element):
    result = judge(replace(SIGNED, elements=REQUIRED - {element}))
    assert (result.holds, result.missing) == (Tri.NO, (element,))


@pytest.mark.parametrize(
    ("changed", "asked", "lack"),
    [
        ({"withdrawn": True}, {}, Lack.WITHDRAWN),
        ({}, {"plan_version": 8}, Lack.OTHER_PLAN),
        ({}, {"form": "treatment-2"}, Lack.FORM_CHANGED),
        ({}, {"on": date(2026, 3, 1)}, Lack.NOT_YET),
    ],
)
def test_what_makes_a_consent_not_hold(changed, asked, lack):
    result = judge(replace(SIGNED, **changed), **asked)
    assert (result.holds, result.lacks) == (Tri.NO, (lack,))


def test_no_consent_does_not_hold():
    assert judge(None) == Validity(Tri.NO, (Lack.NONE,))


@pytest.mark.parametrize(
    ("changed", "asked", "lack"),
    [({"signed_on": None}, {}, Lack.DATE_UNKNOWN), ({}, {"form": ""}, Lack.FORM_UNKNOWN)],
)
def test_what_is_not_known_is_not_checked_and_never_a_pass(changed, asked, lack):
    result = judge(replace(SIGNED, **changed), **asked)
    assert (result.holds, result.lacks) == (Tri.UNKNOWN, (lack,))


def test_a_catalogue_without_the_yearly_renewal_checks_nothing():
    rest = [each for each in shipped().entries if each.body.get("id") != RENEWAL]
    result = judge(on=date(2030, 3, 2), catalogue=build("rest", rest))
    assert result == Validity(Tri.UNKNOWN, (Lack.NO_ELEMENTS,))


def test_a_catalogue_without_elements_checks_nothing():
    empty = build("empty", [])
    result = judge(catalogue=empty)
    assert result.holds is Tri.UNKNOWN
    assert Lack.NO_ELEMENTS in result.lacks
