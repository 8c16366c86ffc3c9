"""The local anaesthetic of a day: limits by weight, the sum of shares, the soft limit (clinical.md 5.4, 12.3)."""

from decimal import Decimal

import pytest

from tests.builders.facts import man
from tests.unit.test_formulation import check, codes, part


def dose(ingredient: str, percent: str, volume: str | None) -> dict[str, object]:
    return part(ingredient, volume, percent=percent, syringe=f"LA {ingredient}")


PLAIN, EPI, PROCAINE = "LA_LIDOCAINE", "LA_LIDOCAINE_EPI", "LA_PROCAINE"


@pytest.mark.parametrize(
    ("weight", "doses", "ratio", "blocked"),
    [
        ("48", [(PLAIN, "2", "12")], "1.111", True),
        ("70", [(PLAIN, "1", "18"), (PROCAINE, "2", "8")], "1.057", True),
        ("70", [(PLAIN, "1", "18"), (PROCAINE, "2", "7")], "1.000", False),
        ("70", [(PROCAINE, "2", "8")], "0.457", False),
        ("48", [(PLAIN, "1", "10")], "0.463", False),
        # By weight up to the cap, then the cap: 66.67 kg for plain lidocaine, 50 for procaine, 71.43 with adrenaline.
        ("48", [(PLAIN, "1", "21.6")], "1.000", False),
        ("48", [(PLAIN, "1", "21.601")], "1.000", True),
        ("120", [(PLAIN, "1", "30")], "1.000", False),
        ("120", [(PLAIN, "1", "30.001")], "1.000", True),
        ("60", [(EPI, "1", "42")], "1.000", False),
        ("60", [(EPI, "1", "42.001")], "1.000", True),
        ("120", [(EPI, "1", "50")], "1.000", False),
        ("120", [(EPI, "1", "50.001")], "1.000", True),
        ("40", [(PROCAINE, "1", "28")], "1.000", False),
        ("40", [(PROCAINE, "1", "28.001")], "1.000", True),
        ("120", [(PROCAINE, "1", "35")], "1.000", False),
        ("120", [(PROCAINE, "1", "35.1")], "1.003", True),
        # A third and two thirds are exactly the whole: no rounding decides.
        ("60", [(PLAIN, "1", "9"), (EPI, "1", "28")], "1.000", False),
    ],
)
def test_the_shares_of_all_anaesthetics_add_up_to_at_most_one(weight, doses, ratio, blocked):
    result = check([dose(*each) for each in doses], man(weight_kg=weight))
    assert result.la_ratio == Decimal(ratio)
    assert ("block FX-10" in codes(result)) is blocked


@pytest.mark.parametrize(
    ("weight", "volume", "fires"),
    [("60", "18", False), ("60", "18.001", True), ("100", "20", False), ("100", "20.001", True)],
)
def test_plain_lidocaine_warns_above_its_soft_limit(weight, volume, fires):
    assert codes(check([dose(PLAIN, "1", volume)], man(weight_kg=weight))) == ({"warn FX-10s"} if fires else set())


def test_only_plain_lidocaine_has_a_soft_limit():
    assert codes(check([dose(EPI, "1", "25")], man(weight_kg="78"))) == set()
    assert codes(check([dose(PROCAINE, "1", "25")], man(weight_kg="78"))) == set()


@pytest.mark.parametrize(
    ("over", "level"),
    [
        ({"age_years": 64}, "warn"),
        ({"age_years": 65}, "block"),
        ({"hepatic_impairment": "none"}, "warn"),
        ({"hepatic_impairment": "mild"}, "block"),
        ({"hepatic_impairment": "moderate"}, "block"),
        ({"hepatic_impairment": "severe"}, "block"),
        ({"cardiac": ["heart_failure"]}, "block"),
        ({"cardiac": ["stable_angina"]}, "warn"),
    ],
)
def test_the_soft_limit_is_a_hard_one_for_the_sensitive_unless_a_reason_is_recorded(over, level):
    patient = man(**({"weight_kg": "78"} | over))
    assert codes(check([dose(PLAIN, "1", "21")], patient)) == {f"{level} FX-10s"}
    assert codes(check([dose(PLAIN, "1", "21")], patient, la_soft_limit_reason="Slow")) == {"warn FX-10s"}
    assert codes(check([dose(PLAIN, "1", "21")], patient, la_soft_limit_reason="  ")) == {f"{level} FX-10s"}


def test_the_soft_limit_is_reported_beside_the_hard_one():
    assert codes(check([dose(PLAIN, "2", "12")], man(weight_kg="48"))) == {"block FX-10", "warn FX-10s"}


@pytest.mark.parametrize(
    ("weight", "percent", "missing"),
    [(None, "2", "weight_kg"), ("48", None, "concentration"), ("24", "2", "weight_kg")],
)
def test_nothing_is_concluded_without_weight_or_concentration(weight, percent, missing):
    result = check([dose(PLAIN, percent, "12")], man(weight_kg=weight))
    assert (codes(result), result.la_ratio, result.result) == ({f"missing FX-00 {missing}"}, None, "cannot_conclude")


def test_an_unknown_volume_does_not_hide_that_the_rest_is_too_much():
    result = check([dose(PLAIN, "2", "12"), dose(PROCAINE, "2", None)], man(weight_kg="48"))
    assert codes(result) == {"block FX-10", "warn FX-10s", "missing FX-00 volume_ml"}
    assert result.la_ratio is None


def test_no_anaesthetic_needs_no_weight():
    result = check([part("VIT_BIOTIN")], man(weight_kg=None))
    assert result.la_ratio == 0
    assert result.result == "ok"
