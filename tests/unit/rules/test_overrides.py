"""When an override counts, and which verdict it leaves (clinical.md 3.0, item 7; decision 013)."""

from datetime import date, timedelta

import pytest

from patients.rules.candidacy import Verdict
from patients.rules.overrides import Aside, effective, holds

DAY = date(2026, 3, 2)
CAUTION = {"rule": "CA-01", "level": "caution", "reason": "Diabetes.", "inputs": [["diabetes", "type2"]]}
DEFERRAL = CAUTION | {"rule": "DF-01", "level": "defer"}
REFERRAL = CAUTION | {"rule": "RF-01", "level": "refer"}
CONTRAINDICATION = CAUTION | {"rule": "CI-01", "level": "contraindicated"}
LATER_AGE = {"inputs": [["diabetes", "type1"]]}


@pytest.mark.parametrize("finding", [CAUTION, DEFERRAL])
def test_it_counts_word_for_word_on_the_same_sheet(finding):
    assert holds(Aside(finding, sheet=3), finding, sheet=3, on=DAY) is True
    assert holds(Aside(finding, sheet=3), finding | LATER_AGE, sheet=3, on=DAY) is True
    for sheet in (2, 4, None):
        assert not holds(Aside(finding, sheet=3), finding, sheet=sheet, on=DAY)
    for other in (finding | {"reason": "Diabetes, not settled."}, finding | {"rule": "CA-02"}):
        assert not holds(Aside(finding, sheet=3), other, sheet=3, on=DAY)


def test_nothing_counts_after_its_date():
    aside = Aside(CAUTION, sheet=3, valid_until=DAY)
    assert holds(aside, CAUTION, sheet=3, on=DAY)
    assert not holds(aside, CAUTION, sheet=3, on=DAY + timedelta(days=1))


def test_a_contraindication_is_never_set_aside():
    assert not holds(Aside(CONTRAINDICATION, sheet=3), CONTRAINDICATION, sheet=3, on=DAY)


def test_a_referral_needs_the_letter_and_a_date():
    for letter, until, counts in ((True, DAY, True), (True, None, False), (False, DAY, False), (False, None, False)):
        aside = Aside(REFERRAL, sheet=3, letter=letter, valid_until=until)
        assert holds(aside, REFERRAL, sheet=3, on=DAY) is counts


def test_a_letter_counts_on_later_sheets_while_the_answers_are_the_same():
    aside = Aside(REFERRAL, sheet=3, letter=True, valid_until=DAY)
    assert holds(aside, REFERRAL, sheet=4, on=DAY)
    assert not holds(aside, REFERRAL | LATER_AGE, sheet=4, on=DAY)


@pytest.mark.parametrize(
    ("verdict", "findings", "overridden", "left"),
    [
        ("refer", [REFERRAL, DEFERRAL], ["RF-01"], Verdict.DEFER),
        ("refer", [REFERRAL, DEFERRAL], ["DF-01"], Verdict.REFER),
        ("refer", [REFERRAL, DEFERRAL], [], Verdict.REFER),
        ("defer", [DEFERRAL], ["DF-01"], Verdict.CAUTION),
        ("caution", [CAUTION], ["CA-01"], Verdict.CAUTION),
        ("defer", [DEFERRAL], ["never heard of"], Verdict.DEFER),
        ("contraindicated", [CONTRAINDICATION, REFERRAL], ["CI-01", "RF-01"], Verdict.CONTRAINDICATED),
        ("cannot_conclude", [REFERRAL], ["RF-01"], Verdict.CANNOT_CONCLUDE),
    ],
)
def test_what_is_left_is_at_best_a_caution(verdict, findings, overridden, left):
    assert effective(verdict, findings, overridden) == left
