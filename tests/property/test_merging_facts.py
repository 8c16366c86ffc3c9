"""Whatever two records say of one person: nothing that contraindicates is lost when their facts are joined."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from patients.rules.candidacy import Verdict, evaluate
from patients.rules.merging import together
from protocols.rules.facts import from_sheet
from protocols.rules.kinds.inputs import Input
from tests.builders.facts import TODAY, WOMAN, shipped

CHOICES = [row for row in shipped().of(Input) if row.type in ("choice", "yes_no") and not row.counted]
VALUES = {row.id: row.values or ("yes", "no") for row in CHOICES}
CLASSES = ("fish", "latex", "lidocaine", "chlorhexidine")


@st.composite
def sheets(draw):
    """A healthy woman with up to six other answers, some allergies, some questions never asked."""
    answers = {name: value for name, value in WOMAN.items() if name != "age_years"}
    for name in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=6, unique=True)):
        answers[name] = draw(st.sampled_from(VALUES[name]))
    for name in draw(st.lists(st.sampled_from(sorted(answers)), max_size=3, unique=True)):
        del answers[name]
    answers["allergies"] = [
        {"class": name, "reaction": draw(st.sampled_from(["urticaria", "anaphylaxis"]))}
        for name in draw(st.lists(st.sampled_from(CLASSES), max_size=2, unique=True))
    ]
    ago = draw(st.dictionaries(st.sampled_from(sorted(answers)), st.integers(0, 30), max_size=3))
    return {
        name: {"value": value, "observed_on": (TODAY - timedelta(days=ago.get(name, 0))).isoformat()}
        for name, value in answers.items()
    }


def verdict(sheet):
    born = {"date_of_birth": {"value": date(1990, 1, 1).isoformat(), "observed_on": TODAY.isoformat()}}
    return evaluate(from_sheet(sheet | born, evaluated_on=TODAY, catalogue=shipped()), shipped()).verdict


@given(sheets(), sheets())
def test_nothing_that_contraindicates_is_lost(one, other):
    found = together(one, other, on=TODAY, catalogue=shipped())
    if Verdict.CONTRAINDICATED in (verdict(one), verdict(other)):
        assert verdict(found.facts) == Verdict.CONTRAINDICATED
    for sheet in (one, other):
        assert all(entry in found.facts["allergies"]["value"] for entry in sheet["allergies"]["value"])
        told = {each.name for each in found.differences}
        assert all(found.facts[name]["value"] == entry["value"] for name, entry in sheet.items() if name not in told)


@given(sheets())
def test_a_record_beside_itself_stays_as_it_is(one):
    assert together(one, one, on=TODAY, catalogue=shipped()).facts == one
