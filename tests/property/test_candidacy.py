"""What holds for every set of answers: order, missing data and added facts (clinical.md 3.0)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patients.rules.candidacy import evaluate
from protocols.rules.exclusions import excluded
from protocols.rules.facts import parse_facts
from protocols.rules.kinds.candidacy import CandidacyRule
from protocols.rules.kinds.diagnosis import Diagnosis, SeverityStage
from protocols.rules.kinds.ingredients import Allergen
from protocols.rules.kinds.inputs import Input
from tests.builders.facts import TODAY, shipped

JUNK = st.sampled_from([None, "", "unknown", "maybe", -1, "1e999", [], {}, "\x00", True])


def answers_to(row: Input) -> st.SearchStrategy[Any]:
    if row.type in ("choice", "choices"):
        one = st.sampled_from(row.values)
        return one if row.type == "choice" else st.lists(one, max_size=3)
    lists: dict[str, st.SearchStrategy[Any]] = {
        "yes_no": st.sampled_from(["yes", "no"]),
        "diagnoses": st.lists(st.sampled_from([one.id for one in shipped().of(Diagnosis)]), max_size=3),
        "severity": st.lists(
            st.sampled_from([{"scale": one.scale, "stage": one.stage} for one in shipped().of(SeverityStage)]),
            max_size=2,
        ),
        "allergies": st.lists(
            st.fixed_dictionaries({
                "class": st.sampled_from([one.id for one in shipped().of(Allergen)]),
                "reaction": st.sampled_from(row.reactions or ("none",)),
            }),
            max_size=2,
        ),
        "date": st.dates().map(str),
    }  # fmt: skip
    return lists.get(row.type, st.integers(0, 400))


INPUTS = {row.id: st.one_of(answers_to(row), answers_to(row), JUNK) for row in shipped().of(Input)}
ANSWERS = st.fixed_dictionaries({}, optional=INPUTS)


def judge(raw: dict[str, Any]):
    return evaluate(parse_facts(raw, evaluated_on=TODAY, catalogue=shipped()), shipped())


@given(raw=ANSWERS, order=st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(raw, order):
    names = list(raw)
    order.shuffle(names)
    assert judge({name: raw[name] for name in names}) == judge(raw)


@given(raw=ANSWERS, name=st.sampled_from(sorted(INPUTS)), data=st.data())
def test_a_further_fact_never_lifts_a_contraindication_that_does_not_read_it(raw, name, data):
    before = judge({key: value for key, value in raw.items() if key != name})
    after = judge(raw | {name: data.draw(INPUTS[name])})
    stopped = {finding.rule for finding in before.fired if finding.level == "contraindicated"}
    reads = {row.id for row in shipped().of(CandidacyRule) if name in row.inputs}
    assert stopped - reads <= {finding.rule for finding in after.fired}


@given(raw=ANSWERS, name=st.sampled_from(sorted(INPUTS)))
def test_taking_an_answer_away_never_fires_a_rule_that_reads_it(raw, name):
    # Two rules are worded so that they speak where another cannot: CV-03 if CV-02 did not fire, and LB-03 reads an
    # old thyroid result unless telogen effluvium is recorded.
    reads = {row.id for row in shipped().of(CandidacyRule) if name in row.inputs} - {"CV-03", "LB-03"}
    without = judge({key: value for key, value in raw.items() if key != name})
    fired = {finding.rule for finding in judge(raw).fired}
    assert {finding.rule for finding in without.fired} & reads <= fired


@given(raw=ANSWERS)
def test_proceeding_needs_every_required_answer(raw):
    result = judge(raw)
    if result.verdict not in ("contraindicated", "cannot_conclude"):
        facts = parse_facts(raw, evaluated_on=TODAY, catalogue=shipped())
        assert not result.missing
        assert not facts.invalid - {"weight_kg"}
        assert all(facts.get(row.id) is not None for row in shipped().of(Input) if row.required == "always")


@given(raw=ANSWERS)
def test_the_same_answers_give_the_same_exclusions(raw):
    first, second = (parse_facts(raw, evaluated_on=TODAY, catalogue=shipped()) for _ in range(2))
    assert excluded(first, shipped()) == excluded(second, shipped())
    assert all(rules == tuple(sorted(set(rules))) for rules in excluded(first, shipped()).values())
