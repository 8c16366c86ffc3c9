"""Overrides under generated verdicts: no finding goes, no contraindication and no gap is lifted, dates end them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.rules.finding import Level
from patients.rules.candidacy import Verdict
from patients.rules.overrides import OVERRIDABLE, Aside, effective, holds

RULES = [f"XX-{number:02}" for number in range(6)]
CANDIDACY = [Level.CONTRAINDICATED, Level.REFER, Level.DEFER, Level.CAUTION, Level.PROCEED]
RANK = list(Verdict)
TODAY = date(2026, 3, 2)

inputs = st.lists(st.tuples(st.sampled_from(["age", "dx"]), st.sampled_from(["1", "2"])), max_size=2)


@st.composite
def findings(draw):
    """Stored findings of different rules."""
    rules = draw(st.lists(st.sampled_from(RULES), unique=True, min_size=1))
    return [
        {"rule": rule, "level": draw(st.sampled_from(CANDIDACY)), "reason": f"{rule}.", "inputs": draw(inputs)}
        for rule in rules
    ]


@st.composite
def verdicts(draw):
    """A verdict and its findings, as clinical.md 3.0 item 4 gives it."""
    fired = draw(findings())
    worst = next(each for each in Verdict if each.value in {found["level"] for found in fired})
    if worst is not Verdict.CONTRAINDICATED and draw(st.booleans()):
        worst = Verdict.CANNOT_CONCLUDE
    return worst, fired


overridden = st.frozensets(st.sampled_from([*RULES, "ZZ-99"]))
asides = st.builds(
    Aside,
    finding=findings().map(lambda found: found[0]),
    sheet=st.integers(1, 2),
    letter=st.booleans(),
    valid_until=st.none() | st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2)),
)


@given(verdicts(), overridden)
def test_no_override_lifts_a_contraindication_or_fills_a_gap(case, rules):
    verdict, fired = case
    if verdict in (Verdict.CONTRAINDICATED, Verdict.CANNOT_CONCLUDE):
        assert effective(verdict, fired, rules) is verdict


@given(verdicts(), overridden)
def test_no_override_makes_a_verdict_worse_or_better_than_caution(case, rules):
    verdict, fired = case
    after = effective(verdict, fired, rules)
    assert RANK.index(after) >= RANK.index(verdict)
    assert after is verdict or RANK.index(after) <= RANK.index(Verdict.CAUTION)


@given(verdicts(), overridden)
def test_what_is_not_overridden_stops_as_before(case, rules):
    verdict, fired = case
    left = [found for found in fired if found["rule"] not in rules]
    after = effective(verdict, fired, rules)
    assert all(RANK.index(after) <= RANK.index(Verdict(found["level"])) for found in left)


@given(verdicts(), overridden)
def test_no_override_removes_or_changes_a_finding(case, rules):
    verdict, fired = case
    before = [dict(found) for found in fired]
    effective(verdict, fired, rules)
    assert fired == before


@given(verdicts(), overridden, overridden)
def test_more_overrides_never_stop_more(case, some, more):
    verdict, fired = case
    assert RANK.index(effective(verdict, fired, some | more)) >= RANK.index(effective(verdict, fired, some))


@given(asides, st.integers(1, 2), st.booleans())
def test_an_override_holds_only_for_its_own_words_within_its_time(aside, sheet, other_words):
    finding = dict(aside.finding)
    if other_words:
        finding["reason"] = "Something else."
    if holds(aside, finding, sheet=sheet, on=TODAY):
        assert not other_words
        assert finding["level"] in OVERRIDABLE
        assert aside.valid_until is None or aside.valid_until >= TODAY
        assert finding["level"] != Level.REFER or (aside.letter and aside.valid_until)
        assert aside.letter or aside.sheet == sheet


@given(asides, inputs)
def test_another_sheet_with_other_answers_ends_every_override(aside, answers):
    finding = {**aside.finding, "inputs": answers}
    if answers != aside.finding["inputs"]:
        assert not holds(aside, finding, sheet=aside.sheet + 1, on=TODAY)


@given(asides)
def test_the_last_day_still_counts_and_the_next_does_not(aside):
    if aside.valid_until is not None:
        kept = holds(aside, aside.finding, sheet=aside.sheet, on=aside.valid_until)
        assert kept == holds(aside, aside.finding, sheet=aside.sheet, on=TODAY - timedelta(days=9))
        assert not holds(aside, aside.finding, sheet=aside.sheet, on=aside.valid_until + timedelta(days=1))
