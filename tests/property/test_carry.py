"""Whatever a clinic and a newer release changed, no change of either side is dropped without a word."""

from hypothesis import given
from hypothesis import strategies as st

from protocols.rules.carry import carry

KEY = ("zone", "a")
values = st.sampled_from(["1", "2", "3", None])
sides = st.fixed_dictionaries({"version": st.integers(1, 3)}, optional={"p": values, "q": values})


@given(before=sides, clinic=sides, shipped=sides)
def test_each_field_is_the_clinics_the_newer_ones_or_named(before, clinic, shipped):
    found = carry({KEY: before}, {KEY: clinic}, {KEY: shipped})
    body = found.rows[0].body if found.rows else shipped
    clashes = {each.name for each in found.rows[0].clashes} if found.rows else set()
    for name in ("p", "q"):
        mine, theirs, was = (side.get(name, "absent") for side in (clinic, shipped, before))
        wanted = theirs if mine == was or name in clashes else mine
        assert body.get(name, "absent") == wanted
        assert (name in clashes) == (mine != was and theirs not in (was, mine))
