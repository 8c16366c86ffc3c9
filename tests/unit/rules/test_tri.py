import pytest

from mesoclinic.rules.tri import Tri, all_, and_, any_, at_least, at_most, differs, equals, less, more, not_, or_

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (YES, YES, YES, YES),
        (YES, NO, NO, YES),
        (YES, UNKNOWN, UNKNOWN, YES),
        (NO, NO, NO, NO),
        (NO, UNKNOWN, NO, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_one_known_branch_is_enough_and_unknown_never_becomes_no(left, right, both, either):
    assert and_(left, right) is and_(right, left) is both
    assert or_(left, right) is or_(right, left) is either


def test_not_of_unknown_is_unknown():
    assert [not_(part) for part in (YES, NO, UNKNOWN)] == [NO, YES, UNKNOWN]


def test_nothing_to_ask_is_yes_for_all_and_no_for_any():
    assert all_([]) is YES
    assert any_([]) is NO


@pytest.mark.parametrize("compare", [less, at_most, at_least, more, equals, differs])
def test_comparing_with_nothing_is_unknown(compare):
    assert compare(None, 1) is UNKNOWN


def test_comparisons_are_exact_at_the_limit():
    assert [compare(5, 5) for compare in (less, at_most, at_least, more)] == [NO, YES, YES, NO]


def test_refuses_to_be_read_as_a_truth_value():
    words = "^a Tri has no truth value; compare it with Tri.YES, Tri.NO or Tri.UNKNOWN$"
    with pytest.raises(TypeError, match=words):
        bool(UNKNOWN)
