"""What was really given in a session (clinical.md 5.3)."""

from decimal import Decimal

from sessions.rules.totals import Mixed, Point, totals


def test_points_and_volumes_add_up_by_zone_and_syringe():
    points = [Point("vertex", 50), Point("vertex", 50), Point("frontal", 20, "2")]
    mixed = [Mixed("VIT_BIOTIN", "1", Decimal("1.0")), Mixed("DRG_MINOXIDIL", "2", Decimal("1.0"), Decimal(5))]
    found = totals(points, mixed)
    assert (found.points, found.volume_ml) == (3, Decimal("0.12"))
    assert found.points_by_zone == {"vertex": 2, "frontal": 1}
    assert found.ml_by_zone == {"vertex": Decimal("0.10"), "frontal": Decimal("0.02")}
    assert found.injected_ml == {"1": Decimal("0.10"), "2": Decimal("0.02")}
    assert found.left_over_ml == {"1": Decimal("0.90"), "2": Decimal("0.98")}


def test_the_dose_is_the_part_of_the_mixture_that_was_injected():
    mixed = [Mixed("DRG_MINOXIDIL", "1", Decimal("1.0"), Decimal(5)), Mixed("HA_NCL", "1", Decimal("1.0"))]
    found = totals([Point("vertex", 1000)], mixed)
    assert found.doses == {("DRG_MINOXIDIL", "mg"): Decimal("2.5"), ("HA_NCL", "mg"): None}


def test_units_are_never_added_to_milligrams():
    mixed = [
        Mixed("ENZ_HYALURONIDASE", "1", Decimal(1), Decimal(30), "units"),
        Mixed("ENZ_HYALURONIDASE", "2", Decimal(1), Decimal(2), "mg"),
    ]
    found = totals([Point("top", 1000), Point("top", 500, "2")], mixed)
    assert found.doses == {("ENZ_HYALURONIDASE", "units"): 30, ("ENZ_HYALURONIDASE", "mg"): 1}


def test_more_injected_than_drawn_up_shows_as_a_negative_rest():
    assert totals([Point("top", 1500)], [Mixed("HA_NCL", "1", Decimal(1))]).left_over_ml == {"1": Decimal("-0.5")}


def test_one_ingredient_from_two_syringes_adds_up():
    mixed = [Mixed("VIT_BIOTIN", "1", Decimal(1), Decimal(4)), Mixed("VIT_BIOTIN", "2", Decimal(1), Decimal(2))]
    found = totals([Point("top", 500), Point("top", 500, "2")], mixed)
    assert found.doses == {("VIT_BIOTIN", "mg"): Decimal(3)}


def test_one_unknown_amount_leaves_the_whole_dose_unknown():
    known, unknown = Mixed("VIT_BIOTIN", "1", Decimal(1), Decimal(4)), Mixed("VIT_BIOTIN", "2", Decimal(1))
    for mixed in ([known, unknown], [unknown, known]):
        assert totals([Point("top", 500), Point("top", 500, "2")], mixed).doses == {("VIT_BIOTIN", "mg"): None}


def test_a_syringe_that_was_not_used_is_left_over_and_gives_nothing():
    found = totals([], [Mixed("VIT_BIOTIN", "1", Decimal(1), Decimal(4))])
    assert (found.left_over_ml, found.doses) == ({"1": Decimal(1)}, {("VIT_BIOTIN", "mg"): Decimal(0)})
    assert isinstance(found.volume_ml, Decimal)
