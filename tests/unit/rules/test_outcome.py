"""Meaningful change and response classes (clinical.md 11.2, 11.3)."""

from decimal import Decimal

import pytest

from mesoclinic.rules.tri import Tri
from sessions.rules.outcome import Measurements, assess
from tests.builders.facts import shipped


def assessed(**over):
    over = {
        name: Decimal(value) if isinstance(value, str) and value[-1].isdigit() else value
        for name, value in over.items()
    }
    return assess(Measurements(**over), shipped())


SAME = {"ratings": (0, 0), "density_baseline": "150", "density_now": "150"}


@pytest.mark.parametrize(
    ("measure", "over", "change"),
    [
        ("OM-02", {"ratings": (1, 1)}, "improved"),
        ("OM-02", {"ratings": (0, 1)}, "unchanged"),
        ("OM-02", {"ratings": (-1, 0)}, "unchanged"),
        ("OM-02", {"ratings": (-1, -1)}, "worse"),
        ("OM-02", {"ratings": (2,)}, None),
        ("OM-02", {"ratings": (0, 2)}, None),
        ("OM-02", {"ratings": (0, 3, 1)}, "improved"),
        ("OM-02", {"ratings": (-2, 2, 0)}, "unchanged"),
        ("OM-02", {"ratings": (4, 4)}, None),
        ("OM-02", {"ratings": (1, 1), "photos_comparable": False}, None),
        ("OM-03", {"density_baseline": "150", "density_now": "165"}, "improved"),
        ("OM-03", {"density_baseline": "150", "density_now": "164.9"}, "unchanged"),
        ("OM-03", {"density_baseline": "80", "density_now": "89"}, "unchanged"),
        ("OM-03", {"density_baseline": "80", "density_now": "90"}, "improved"),
        ("OM-03", {"density_baseline": "80", "density_now": "70"}, "worse"),
        ("OM-03", {"density_baseline": "200", "density_now": "181"}, "unchanged"),
        ("OM-03", {"density_baseline": "200", "density_now": "180"}, "worse"),
        ("OM-03", {"density_baseline": "0", "density_now": "50"}, None),
        ("OM-03", {"density_baseline": "150", "density_now": "501"}, None),
        ("OM-03", {"density_baseline": "150", "density_now": "165", "density_comparable": False}, None),
        ("OM-04 diameter", {"diameter_change_um": "5"}, "improved"),
        ("OM-04 diameter", {"diameter_change_um": "-5"}, "worse"),
        ("OM-04 diameter", {"diameter_change_um": "4.9"}, "unchanged"),
        ("OM-04 T:V", {"tv_change": "0.5"}, "improved"),
        ("OM-04 T:V", {"tv_change": "-0.5"}, "worse"),
        ("OM-05 pull", {"pull_baseline": "positive", "pull_now": "negative"}, "improved"),
        ("OM-05 pull", {"pull_baseline": "negative", "pull_now": "positive"}, "worse"),
        ("OM-05 pull", {"pull_baseline": "positive", "pull_now": "positive"}, "unchanged"),
        ("OM-05 pull", {"pull_now": "positive"}, None),
        ("OM-05 60-s", {"count60_baseline": "20", "count60_now": "10"}, "improved"),
        ("OM-05 60-s", {"count60_baseline": "20", "count60_now": "11"}, "unchanged"),
        ("OM-05 60-s", {"count60_baseline": "20", "count60_now": "30"}, "worse"),
        ("OM-05 60-s", {"count60_baseline": "0", "count60_now": "30"}, None),
        ("OM-06", {"self_rating": 1}, "improved"),
        ("OM-06", {"self_rating": 0}, "unchanged"),
        ("OM-06", {"self_rating": -1}, "worse"),
        ("OM-06", {"self_rating": 4}, None),
    ],
)
def test_a_measure_changes_exactly_at_its_limit(measure, over, change):
    assert assessed(**over).measures.get(measure) == change


@pytest.mark.parametrize(
    ("over", "response"),
    [
        ({"ratings": (1, 1)}, "responder"),
        ({"density_now": "165"}, "responder"),
        ({"ratings": (2, 2), "density_now": "130"}, "worsened"),
        ({"ratings": (-1, -1), "density_now": "170"}, "worsened"),
        ({"ratings": (-1, -1), "density_now": None}, "worsened"),
        ({"ratings": (2, 2), "density_now": None}, "not_assessable"),
        ({"ratings": (), "density_now": "170"}, "not_assessable"),
        ({"ratings": (1, 1), "photos_comparable": False}, "not_assessable"),
        ({"baseline_progression": Tri.YES}, "stabilised"),
        ({"baseline_progression": Tri.NO}, "non_responder"),
        ({}, "non_responder"),
        ({"self_rating": 3, "diameter_change_um": "9"}, "non_responder"),
        ({"self_rating": -3, "ratings": (1, 1)}, "responder"),
    ],
)
def test_photographs_and_density_alone_make_the_response_class(over, response):
    assert assessed(**(SAME | over)).response == response


@pytest.mark.parametrize(
    ("over", "stop"),
    [
        ({"ratings": (-1, -1)}, Tri.YES),
        ({"density_baseline": "150", "density_now": "130"}, Tri.YES),
        (SAME, Tri.NO),
        ({"ratings": (0, 0)}, Tri.UNKNOWN),
        ({}, Tri.UNKNOWN),
    ],
)
def test_a_course_stops_on_one_known_worsening_and_never_passes_unseen(over, stop):
    assert assessed(**over).stop is stop
