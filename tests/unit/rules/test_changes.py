"""What differs between two releases."""

from protocols.rules.changes import FieldChange, RowChange, What, changes

ROW = {"id": "a", "version": 1, "text": "old", "note": None}


def test_rows_are_added_removed_or_changed_in_the_order_of_kind_and_id():
    before = {("zone", "b"): ROW, ("zone", "a"): ROW, ("input", "z"): ROW}
    after = {("zone", "b"): ROW | {"text": "new"}, ("zone", "a"): ROW, ("allergen", "x"): ROW}
    assert changes(before, after) == (
        RowChange("allergen", "x", What.ADDED),
        RowChange("input", "z", What.REMOVED),
        RowChange("zone", "b", What.CHANGED, (FieldChange("text", "old", "new"),)),
    )
    assert changes(before, before) == ()


def test_a_changed_row_says_each_field_with_both_values_those_of_before_first():
    old, new = {"id": "a", "gone": 1, "kept": 2}, {"more": None, "id": "a", "kept": 3}
    (found,) = changes({("zone", "a"): old}, {("zone", "a"): new})
    assert found.fields == (FieldChange("gone", 1, None), FieldChange("kept", 2, 3), FieldChange("more", None, None))


def test_a_row_is_known_by_kind_and_id_and_some_kinds_touch_everybody():
    rule, zone = RowChange("candidacy_rule", "BL-01", What.ADDED), RowChange("zone", "vertex", What.ADDED)
    assert (rule.key, zone.key) == (("candidacy_rule", "BL-01"), ("zone", "vertex"))
    assert (rule.touches_everybody, zone.touches_everybody) == (True, False)
