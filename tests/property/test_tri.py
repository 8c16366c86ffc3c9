"""The laws of three-valued logic, over every combination: unknown is neither yes nor no (clinical.md 3.0 item 1)."""

from itertools import permutations, product

import pytest

from mesoclinic.rules.tri import Tri, all_, and_, any_, at_least, at_most, less, more, not_, or_

ALL = tuple(Tri)
PAIRS, TRIPLES = tuple(product(ALL, repeat=2)), tuple(product(ALL, repeat=3))
KNOWN = (Tri.YES, Tri.NO)


@pytest.mark.parametrize("join", [and_, or_])
def test_order_grouping_and_repetition_change_nothing(join):
    for a, b, c in TRIPLES:
        assert len({join(*parts) for parts in permutations((a, b, c))}) == 1
        assert join(join(a, b), c) is join(a, join(b, c)) is join(a, b, c)
        assert join(a, a) is join(a) is a


def test_and_and_or_mirror_each_other_and_distribute():
    for a, b in PAIRS:
        assert not_(and_(a, b)) is or_(not_(a), not_(b))
        assert not_(or_(a, b)) is and_(not_(a), not_(b))
        assert not_(not_(a)) is a
        assert and_(a, or_(a, b)) is or_(a, and_(a, b)) is a
    for a, b, c in TRIPLES:
        assert and_(a, or_(b, c)) is or_(and_(a, b), and_(a, c))
        assert or_(a, and_(b, c)) is and_(or_(a, b), or_(a, c))


def test_one_no_settles_and_one_yes_settles_or():
    for parts in TRIPLES:
        assert (and_(*parts) is Tri.NO) == (Tri.NO in parts)
        assert (or_(*parts) is Tri.YES) == (Tri.YES in parts)
        assert all_(parts) is and_(*parts)
        assert any_(parts) is or_(*parts)


@pytest.mark.parametrize("join", [and_, or_])
def test_learning_what_was_unknown_never_turns_a_known_answer(join):
    for parts in TRIPLES:
        before = join(*parts)
        if before in KNOWN:
            learnt = product(*(KNOWN if part is Tri.UNKNOWN else (part,) for part in parts))
            assert {join(*each) for each in learnt} == {before}


def test_what_is_below_a_limit_is_not_at_least_the_limit():
    for value, limit in product((None, 1, 2, 3), repeat=2):
        assert less(value, limit) is not_(at_least(value, limit))
        assert more(value, limit) is not_(at_most(value, limit))
        assert (less(value, limit) is Tri.UNKNOWN) == (None in (value, limit))
