"""A clinic's changes on top of a newer shipped release: what fits is applied, what does not is named."""

from protocols.rules.carry import CarriedRow, Clash, carry

OLD = {"id": "a", "version": 1, "limit": "5", "text": "five"}
OURS = OLD | {"version": 2, "limit": "4", "changed_because": "Why.", "changed_source": "S."}
KEY = ("zone", "a")


def carried(before=OLD, clinic=OURS, shipped=OLD):
    sides = ({KEY: side} if side is not None else {} for side in (before, clinic, shipped))
    return carry(*sides)


def test_what_the_newer_release_left_alone_is_carried_as_it_is():
    assert carried() == carry({KEY: OLD, ("zone", "b"): OLD}, {KEY: OURS, ("zone", "b"): OLD}, {KEY: OLD})
    assert carried().rows == (CarriedRow("zone", "a", OURS),)
    assert carried().lost == ()


def test_other_fields_of_the_newer_row_are_joined_with_the_clinics():
    newer = OLD | {"version": 7, "text": "FIVE"}
    wanted = OURS | {"version": 8, "text": "FIVE"}
    assert carried(shipped=newer).rows == (CarriedRow("zone", "a", wanted),)


def test_a_field_that_both_changed_is_named_and_the_newer_value_stands():
    (row,) = carried(shipped=OLD | {"version": 2, "limit": "6"}).rows
    assert row.clashes == (Clash("limit", "5", "4", "6"),)
    assert (row.body["limit"], row.body["version"], row.body["changed_because"]) == ("6", 3, "Why.")


def test_a_field_that_one_side_added_or_dropped_is_a_change_like_any_other():
    dropped = {name: value for name, value in OURS.items() if name != "text"}
    (row,) = carried(clinic=dropped | {"note": "n"}, shipped=OLD | {"version": 2, "unit": "cm"}).rows
    assert "text" not in row.body
    assert (row.body["note"], row.body["unit"], row.clashes) == ("n", "cm", ())
    (row,) = carried(clinic=dropped, shipped=OLD | {"text": "FIVE"}).rows
    assert row.clashes == (Clash("text", "five", None, "FIVE"),)


def test_what_the_newer_release_says_too_needs_no_change_any_more():
    assert carried(shipped=OLD | {"version": 2, "limit": "4"}).rows == ()
    assert carried(clinic=OLD, shipped=OLD | {"limit": "6"}).rows == ()
    assert carried(shipped=OURS).rows == ()


def test_a_row_that_is_no_more_or_was_removed_is_named():
    assert carried(shipped=None).lost == (KEY,)
    assert carried(clinic=None).lost == (KEY,)
    assert carried(clinic=None, shipped=None) == carry({}, {}, {})
    assert carried(before=None, shipped=None).rows == (CarriedRow("zone", "a", OURS),)
    (row,) = carried(before=None, shipped=OLD).rows
    assert [each.name for each in row.clashes] == ["limit"]
