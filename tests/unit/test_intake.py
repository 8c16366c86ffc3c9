"""What a patient is asked, and what an answer does to the record."""

from dataclasses import replace
from datetime import date

import pytest

from patients.forms.consultation import ConsultationForm
from patients.forms.intake_questions import ALLERGIES, HAPPENED, TOPICS
from patients.rules.intake import Standing, standing
from protocols.rules.kinds.ingredients import Allergen
from protocols.rules.kinds.inputs import ExpectationItem, Input
from tests.builders.facts import shipped

ASKS = {ask.field: ask for topic in TOPICS for ask in topic.asks}
FISH, LATEX = {"class": "fish", "reaction": "urticaria"}, {"class": "latex", "reaction": "anaphylaxis"}
NEW, SAME, DIFFERENT, MILDER = Standing.NEW, Standing.SAME, Standing.DIFFERENT, Standing.MILDER


def row(field: str) -> Input:
    return next(each for each in shipped().of(Input) if field == (each.stored_as or each.id))


@pytest.mark.parametrize("field", [name for name in ASKS if name != "classes"])
def test_every_question_has_its_place_in_the_consultation_and_offers_only_answers_that_fit(field):
    form = ConsultationForm(None, catalogue=shipped(), today=date(2026, 3, 2))
    labels = set(ASKS[field].labels or {})
    if field == ALLERGIES:
        return
    assert field in form.fields
    if field.startswith("expect__"):
        wish = shipped().row(ExpectationItem, field.removeprefix("expect__"))
        assert labels == set(wish.values or ("yes", "no"))
    elif not field.startswith("notes__"):
        assert row(field).section not in ("examination", "laboratory", "day")
        assert labels | {"unknown"} == {*row(field).values, "unknown"}


def test_allergies_and_what_happened_are_those_of_the_catalogue():
    known = {each.id for each in shipped().of(Allergen)}
    assert set(ASKS["classes"].labels or {}) <= known
    assert {*HAPPENED, "unknown"} == set(row(ALLERGIES).reactions)


@pytest.mark.parametrize(
    ("field", "recorded", "said", "expected"),
    [
        ("anticoagulant", None, "none", NEW),
        ("anticoagulant", "unknown", "none", NEW),
        ("anticoagulant", "", "none", NEW),
        ("anticoagulant", "warfarin", "warfarin", SAME),
        ("anticoagulant", "none", "doac", DIFFERENT),
        ("anticoagulant", "none", "unknown", DIFFERENT),
        ("anticoagulant", "warfarin", "none", MILDER),
        ("anticoagulant", "warfarin", "doac", MILDER),
        ("anticoagulant", "warfarin", "unknown", MILDER),
        ("epilepsy", "yes", "no", MILDER),
        ("epilepsy", "yes", "unknown", MILDER),
        ("epilepsy", "no", "yes", DIFFERENT),
        ("childbearing_potential", "yes", "no", MILDER),
        ("childbearing_potential", "no", "yes", DIFFERENT),
        ("pregnancy_status", "possible", "pregnant", DIFFERENT),
        ("pregnancy_status", "pregnant", "possible", MILDER),
        ("prior_meso_reaction", "grade3", "sentinel", DIFFERENT),
        ("prior_meso_reaction", "grade3", "mild", MILDER),
        ("cardiac", ["none"], ["mi"], DIFFERENT),
        ("cardiac", ["none"], "unknown", DIFFERENT),
        ("cardiac", ["mi"], ["mi", "arrhythmia"], DIFFERENT),
        ("cardiac", ["mi"], ["none"], MILDER),
        ("cardiac", ["mi"], "unknown", MILDER),
        ("allergies", [], [FISH], DIFFERENT),
        ("allergies", [LATEX], [FISH, LATEX], DIFFERENT),
        ("allergies", [LATEX], [], MILDER),
        ("allergies", [LATEX], [LATEX | {"reaction": "contact"}], MILDER),
        ("cv_event_on", "2025-05-01", "2026-05-01", DIFFERENT),
        ("cv_event_on", "2025-05-01", "2020-05-01", MILDER),
        ("cv_event_on", "2025-05-01", "unknown", MILDER),
        ("weight_kg", "80", "60", DIFFERENT),
        ("weight_kg", "60", "80", MILDER),
        ("weight_kg", "60", "sixty", MILDER),
        ("bp_sys", "120", "140", DIFFERENT),
        ("bp_sys", "140", "120", MILDER),
    ],
)
def test_an_answer_beside_the_record(field, recorded, said, expected):
    assert standing(row(field), said, recorded) is expected


@pytest.mark.parametrize(("said", "expected"), [("2026-05-01", DIFFERENT), ("2020-05-01", MILDER), ("unknown", MILDER)])
def test_an_earlier_day_is_milder_also_where_the_day_itself_is_the_answer(said, expected):
    day = replace(row("cv_event_on"), type="date", stored_as="")
    assert standing(day, said, "2025-05-01") is expected


def test_the_strictest_of_several_records_decides():
    assert standing(row("anticoagulant"), "none", "warfarin", "none") is MILDER
    assert standing(row("anticoagulant"), "none", None, "none") is SAME


def test_an_answer_that_agrees_with_the_stricter_of_two_records_is_not_milder():
    assert standing(row("anticoagulant"), "warfarin", "warfarin", "none") is DIFFERENT
    assert standing(row("anticoagulant"), "none", "warfarin", "none") is MILDER
