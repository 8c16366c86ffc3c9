from decimal import Decimal

import pytest

from patients.rules.severity import salt, salt_band
from tests.builders.facts import shipped


def loss(top: str, back: str, left: str, right: str) -> dict[str, Decimal]:
    return {"top": Decimal(top), "back": Decimal(back), "left": Decimal(left), "right": Decimal(right)}


@pytest.mark.parametrize(
    ("regions", "score", "band"),
    [
        (loss("30", "10", "0", "20"), "18.0", "limited"),
        (loss("0", "0", "0", "0"), "0", "none"),
        (loss("100", "100", "100", "100"), "100", "very_severe"),
    ],
)
def test_salt_weighs_the_regions(regions, score, band):
    found = salt(regions, shipped())
    assert (found.score, found.band) == (Decimal(score), band)


@pytest.mark.parametrize(
    ("score", "band"),
    [
        ("0.4", "none"), ("0.5", "limited"), ("20.4", "limited"), ("20.5", "moderate"), ("49.4", "moderate"),
        ("49.5", "severe"), ("94.4", "severe"), ("94.5", "very_severe"),
    ],
)  # fmt: skip
def test_a_score_is_rounded_half_up_before_banding(score, band):
    assert salt_band(Decimal(score), shipped()) == band


@pytest.mark.parametrize("top", ["100.1", "-1"])
def test_refuses_a_region_outside_its_range(top):
    with pytest.raises(ValueError, match="range"):
        salt(loss(top, "0", "0", "0"), shipped())


def test_refuses_a_forgotten_region():
    with pytest.raises(ValueError, match="each of its regions"):
        salt({"top": Decimal(1)}, shipped())
