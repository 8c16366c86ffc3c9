"""Whatever points are sent, the volumes by zone are their sums, and a save that is repeated changes nothing."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.injection_map import MapPoint, changes, differing, summed, with_map
from sessions.rules.totals import Given

KEYS = [f"key-{number}" for number in range(8)]


def point(key: str, zone: str, syringe: str, volume_ul: int) -> MapPoint:
    return MapPoint(key, "top", zone, Decimal("0.5"), Decimal("0.5"), "T-PAP", volume_ul, 1000, syringe)


points = st.lists(
    st.builds(
        point,
        st.sampled_from(KEYS),
        st.sampled_from(["vertex", "frontal", "occipital"]),
        st.sampled_from(["1", "2"]),
        st.integers(1, 500),
    ),
    unique_by=lambda each: each.key,
)
typed = st.lists(
    st.builds(Given, st.sampled_from(["vertex", "frontal"]), st.sampled_from(["1", "2"]), st.integers(1, 900)),
    unique_by=lambda each: (each.zone, each.syringe),
)


def by_key(found):
    return {each.key: each for each in found}


@given(points)
def test_no_microlitre_and_no_point_is_lost_or_added_by_summing(found):
    sums = summed(found)
    assert sum(each.volume_ul for each in sums) == sum(each.volume_ul for each in found)
    assert sum(each.points for each in sums) == len(found)
    assert len({(each.zone, each.syringe) for each in sums}) == len(sums)


@given(typed, points)
def test_a_zone_has_its_points_volume_unless_another_was_typed_and_every_such_zone_is_named(given_by_hand, found):
    on_map = {(each.zone, each.syringe): each for each in summed(found)}
    by_hand = {(each.zone, each.syringe): each for each in given_by_hand}
    filled = {(each.zone, each.syringe): each for each in with_map(given_by_hand, found)}
    assert filled.keys() == on_map.keys() | by_hand.keys()
    for place, each in filled.items():
        assert each.volume_ul == by_hand.get(place, on_map.get(place)).volume_ul
        assert each.points == (on_map[place].points if place in on_map else 0)
    wrong = {place for place in on_map.keys() & by_hand.keys() if on_map[place].volume_ul != by_hand[place].volume_ul}
    assert {(each.zone, each.syringe) for each, _mapped in differing(given_by_hand, found)} == wrong


@given(points, points, st.sets(st.sampled_from(KEYS)))
def test_the_changes_lead_from_the_stored_points_to_those_sent_and_a_second_time_nowhere(stored, sent, gone):
    present = by_key(each for each in stored if each.key not in gone)
    taken_out = by_key(each for each in stored if each.key in gone)
    known = by_key(stored)
    sent = [known.get(each.key, each) for each in sent]
    found = changes(sent, present, taken_out)
    assert not found.clashes
    every = present | taken_out | by_key(found.new)
    counts = (present.keys() | found.back | by_key(found.new).keys()) - found.out
    assert counts == by_key(sent).keys()
    again = changes(sent, {key: every[key] for key in counts}, {key: every[key] for key in every.keys() - counts})
    assert (again.new, again.out, again.back, again.clashes) == ((), frozenset(), frozenset(), frozenset())


@given(points.filter(bool))
def test_a_key_that_comes_twice_or_with_other_values_is_named(stored):
    first = stored[0]
    assert changes([first, first], {}, {}).clashes == {first.key}
    other = point(first.key, first.zone, first.syringe, first.volume_ul + 1)
    for present, taken_out in (({first.key: first}, {}), ({}, {first.key: first})):
        assert changes([other], present, taken_out).clashes == {first.key}


@given(st.integers(0, 20_000))
def test_a_depth_in_micrometres_is_told_in_millimetres(depth_um):
    found = MapPoint("a", "top", "vertex", Decimal("0.5"), Decimal("0.5"), "T-PAP", 50, depth_um, "1")
    assert found.depth_mm * 1000 == depth_um
