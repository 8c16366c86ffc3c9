"""What stands of two records of one person, question by question (decision 022)."""

from datetime import timedelta

import pytest

from patients.rules.merging import together
from tests.builders.facts import TODAY, WOMAN, shipped

YESTERDAY = TODAY - timedelta(days=1)


def sheet(answers=WOMAN, *, on=TODAY, **over):
    """A healthy woman's answers, all seen on one day; None leaves a question unasked."""
    told = {name: value for name, value in (answers | over).items() if name != "age_years" and value is not None}
    return {name: {"value": value, "observed_on": on.isoformat()} for name, value in told.items()}


def joined(kept, merged):
    return together(kept, merged, on=TODAY, catalogue=shipped())


def stands(name, ours, theirs, *, ours_on=TODAY, theirs_on=TODAY):
    """The answer that stands where one record says `ours` and the other `theirs`; None: the question is open."""
    kept = sheet() | sheet({}, on=ours_on, **{name: ours})
    merged = sheet() | sheet({}, on=theirs_on, **{name: theirs})
    found = joined(kept, merged)
    (difference,) = found.differences
    assert (difference.name, difference.kept, difference.merged) == (name, kept[name], merged[name])
    assert found.facts.get(name) == difference.stands
    return difference.stands and difference.stands["value"]


def test_what_only_one_record_knows_is_kept():
    kept, merged = sheet(epilepsy=None), sheet(diabetes=None)
    found = joined(kept, merged)
    assert found.differences == ()
    assert found.facts["epilepsy"] == merged["epilepsy"]
    assert found.facts["diabetes"] == kept["diabetes"]
    assert set(found.facts) == set(sheet())


def test_an_answer_that_both_give_was_seen_when_the_newer_one_was():
    older, newer = sheet(on=YESTERDAY), sheet()
    assert joined(older, newer).facts == joined(newer, older).facts == newer


def test_of_two_equal_answers_the_kept_one_stands_unless_the_other_is_known_to_be_newer():
    undated = {name: {"value": entry["value"]} for name, entry in sheet().items()}
    ours = {name: entry | {"by": "us"} for name, entry in sheet().items()}
    assert joined(ours, sheet()).facts == ours
    assert joined(sheet(), undated).facts == sheet()
    assert joined(undated, sheet()).facts == sheet()


def test_the_birth_date_is_the_patients_and_no_answer():
    born = {"date_of_birth": {"value": "1990-01-01", "observed_on": TODAY.isoformat()}}
    other = {"date_of_birth": {"value": "1991-01-01", "observed_on": TODAY.isoformat()}}
    found = joined(sheet() | born, sheet() | other)
    assert found.differences == ()
    assert "date_of_birth" not in found.facts
    assert set(found.facts) == set(sheet())


@pytest.mark.parametrize(
    ("name", "milder", "graver"),
    [
        ("pregnancy_status", "not_pregnant", "pregnant"),
        ("pregnancy_status", "unknown", "pregnant"),
        ("pregnancy_status", "not_pregnant", "unknown"),
        ("scarring_status", "suspected", "confirmed"),
        ("scalp_inflammation", "none", "mild"),
        ("anticoagulant", "none", "warfarin"),
        ("suspicious_lesion", "no", "yes"),
        ("childbearing_potential", "no", "unknown"),
        ("conception_plan_6mo", "no", "yes"),
    ],
)
def test_the_graver_answer_stands_whichever_record_gives_it_and_whenever(name, milder, graver):
    for milder_on, graver_on in ((TODAY, YESTERDAY), (YESTERDAY, TODAY)):
        assert stands(name, milder, graver, ours_on=milder_on, theirs_on=graver_on) == graver
        assert stands(name, graver, milder, ours_on=graver_on, theirs_on=milder_on) == graver


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [("anticoagulant", "doac", "heparin"), ("fitzpatrick", "IV", "V"), ("scalp_infection", "bacterial", "fungal")],
)
def test_of_two_answers_that_are_heeded_alike_the_newer_stands(name, one, other):
    assert stands(name, one, other, ours_on=YESTERDAY, theirs_on=TODAY) == other
    assert stands(name, one, other, ours_on=TODAY, theirs_on=YESTERDAY) == one
    assert stands(name, one, other) == one


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [("fitzpatrick", "II", "III"), ("diabetes", "type1", "type2"), ("pattern", "typical", "diffuse")],
)
def test_a_question_is_open_again_where_the_rules_heed_neither_answer(name, one, other):
    assert stands(name, one, other, ours_on=YESTERDAY) is None
    assert stands(name, other, one, theirs_on=YESTERDAY) is None


def test_several_questions_are_settled_each_by_itself():
    kept = sheet(pregnancy_status="pregnant", anticoagulant="none", fitzpatrick="II")
    merged = sheet(pregnancy_status="not_pregnant", anticoagulant="warfarin", fitzpatrick="III")
    found = joined(kept, merged)
    assert {each.name: each.stands and each.stands["value"] for each in found.differences} == {
        "pregnancy_status": "pregnant",
        "anticoagulant": "warfarin",
        "fitzpatrick": None,
    }
    assert found.facts["pregnancy_status"] == kept["pregnancy_status"]
    assert found.facts["anticoagulant"] == merged["anticoagulant"]
    assert "fitzpatrick" not in found.facts


def test_what_somebody_has_is_joined_and_was_seen_when_the_older_list_was():
    fish, latex = ({"class": name, "reaction": "urticaria"} for name in ("fish", "latex"))
    older, newer = sheet({}, on=YESTERDAY, allergies=[fish]), sheet({}, allergies=[latex, fish])
    for kept, merged, both in ((older, newer, [fish, latex]), (newer, older, [latex, fish])):
        found = joined(sheet() | kept, sheet() | merged)
        assert found.facts["allergies"] == {"value": both, "observed_on": YESTERDAY.isoformat()}
        assert [each.stands for each in found.differences] == [found.facts["allergies"]]


def test_none_gives_way_to_whatever_the_other_record_names():
    assert stands("cardiac", ["none"], ["arrhythmia"]) == ["arrhythmia"]
    assert stands("cardiac", ["arrhythmia"], ["none"]) == ["arrhythmia"]
    assert joined(sheet(), sheet()).facts["cardiac"]["value"] == ["none"]
    assert stands("cardiac", [], ["none"]) == ["none"]


def test_diagnoses_of_both_stand():
    assert stands("dx", ["FPHL"], ["TE"]) == ["FPHL", "TE"]


@pytest.mark.parametrize(
    ("milder", "graver"),
    [("none", "mild"), ("mild", "grade2_unresolved"), ("grade2_unresolved", "grade3"), ("grade3", "sentinel")],
)
def test_of_two_reactions_the_graver_stands(milder, graver):
    assert stands("prior_meso_reaction", milder, graver, ours_on=TODAY, theirs_on=YESTERDAY) == graver
    assert stands("prior_meso_reaction", graver, milder, ours_on=YESTERDAY, theirs_on=TODAY) == graver


@pytest.mark.parametrize(("known", "standing"), [("none", "of old"), ("grade3", "of old"), ("sentinel", "sentinel")])
def test_a_reaction_that_the_catalogue_does_not_know_is_asked_again_unless_the_other_is_the_gravest(known, standing):
    assert stands("prior_meso_reaction", "of old", known) == standing
    assert stands("prior_meso_reaction", known, "of old") == standing


def test_an_answer_that_no_question_asks_for_any_more_is_kept():
    kept, merged = sheet(), sheet()
    found = joined(kept | {"asked_once": {"value": "yes"}}, merged)
    assert found.facts["asked_once"] == {"value": "yes"}
