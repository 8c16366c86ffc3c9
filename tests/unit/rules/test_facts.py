from datetime import date
from decimal import Decimal

import pytest

from mesoclinic.rules.tri import Tri
from protocols.rules.facts import Allergy, SeverityEntry, from_sheet, parse_facts
from tests.builders.facts import TODAY, man, shipped

HUGE = "9" * 5000


def facts(**raw: object):
    return parse_facts(raw, evaluated_on=TODAY, catalogue=shipped())


@pytest.mark.parametrize("empty", [None, "", "unknown"])
@pytest.mark.parametrize("name", ["epilepsy", "childbearing_potential", "weight_kg", "cardiac", "dx", "tsh_status"])
def test_empty_and_unknown_are_missing_not_invalid(name, empty):
    read = facts(**{name: empty})
    assert read.get(name) is None
    assert read.invalid == frozenset()


def test_not_done_and_unknown_reaction_are_recorded_answers():
    read = facts(bdd_screen="not_done", allergies=[{"class": "fish", "reaction": "unknown"}])
    assert read.get("bdd_screen") == "not_done"
    assert read.allergies() == (Allergy("fish", "unknown"),)
    assert read.invalid == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bp_sys", 50), ("bp_sys", 300), ("inr", "0.5"), ("inr", "20"), ("weight_kg", "25"), ("hba1c", 3),
        ("age_years", 0), ("age_years", 120), ("temperature_c", "45"), ("duration_months", "0"), ("egfr", "60.0"),
    ],
)  # fmt: skip
def test_hard_range_includes_its_ends(name, value):
    assert facts(**{name: value}).get(name) == Decimal(str(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bp_sys", 49), ("bp_sys", 301), ("bp_sys", "120.5"), ("bp_sys", True), ("bp_sys", []), ("bp_sys", HUGE),
        ("inr", "0.49"), ("inr", "NaN"), ("inr", "Infinity"), ("inr", "2,6"), ("inr", float("nan")), ("inr", {}),
        ("hba1c", "1e999999"), ("epilepsy", "maybe"), ("epilepsy", True), ("keloid", ["none"]), ("dx", "AGA_M"),
        ("rescreen_on", "2026-02-30"), ("rescreen_on", 20260302), ("severity", "III"), ("allergies", {"class": "fish"}),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_invalid_and_not_read(name, value):
    read = facts(**{name: value})
    assert read.get(name) is None
    assert read.invalid == {name}


def test_a_bad_entry_makes_the_list_invalid_while_the_others_count():
    read = facts(dx=["AGA_M", "HEXED"], cardiac=["none", "mi"], allergies=[{"class": "fish", "reaction": "rash"}, 7])
    assert read.invalid == {"dx", "cardiac", "allergies"}
    assert read.get("dx") == ("AGA_M",)
    assert read.get("cardiac") == ("mi",)
    assert read.allergies() == (Allergy("fish"),)


def test_absence_from_a_partly_unreadable_list_stays_unknown():
    assert facts(dx=["AGA_M", "HEXED"]).includes("dx", "TE") is Tri.UNKNOWN
    assert facts(dx=["AGA_M"]).includes("dx", "TE") is Tri.NO
    assert facts().includes("dx", "TE") is Tri.UNKNOWN


def test_empty_lists_are_missing_except_that_allergies_may_be_none():
    read = facts(dx=[], cardiac=[], allergies=[])
    assert (read.get("dx"), read.get("cardiac"), read.get("allergies")) == (None, None, ())
    assert read.invalid == frozenset()


def test_dates_win_over_the_numbers_counted_from_them():
    read = facts(
        date_of_birth="2008-03-02", age_years=80, inr="2", inr_age_days=90, duration_months="1",
        dates={"inr_age_days": "2026-02-23", "duration_months": "2025-09-02"},
    )  # fmt: skip
    assert (read.get("age_years"), read.get("inr_age_days"), read.get("duration_months")) == (18, 7, 6)
    assert read.fresh("inr") == 2


@pytest.mark.parametrize("born", ["2026-03-03", "1900-01-01", "not a date", 5])
def test_an_impossible_birth_date_makes_the_age_invalid(born):
    read = facts(date_of_birth=born, age_years=40)
    assert read.get("age_years") is None
    assert read.invalid == {"age_years"}


def test_soft_range_only_marks_a_value_as_unusual():
    assert facts(weight_kg="160.1").unusual == {"weight_kg"}
    assert facts(weight_kg="160").unusual == frozenset()
    assert facts(weight_kg="39.9").get("weight_kg") == Decimal("39.9")


@pytest.mark.parametrize(("age", "fresh"), [(7, True), (8, False), (None, False)])
def test_an_inr_counts_for_seven_days(age, fresh):
    assert (facts(inr="2.5", inr_age_days=age).fresh("inr") is not None) is fresh


@pytest.mark.parametrize(("dx", "age", "fresh"), [
    (["TE"], 180, True), (["TE"], 181, False), (["TE"], None, False), (["AGA_M"], 999, True), (["AGA_M"], None, True),
])  # fmt: skip
def test_iron_and_thyroid_results_grow_stale_only_in_telogen_effluvium(dx, age, fresh):
    read = facts(dx=dx, ferritin=12, ferritin_age_days=age)
    assert (read.fresh("ferritin") is not None) is fresh


def test_severity_reads_stages_and_scores():
    read = facts(severity=[{"scale": "sinclair", "stage": 3}, {"scale": "salt", "score": "18"}, "III"])
    assert read.severity() == (SeverityEntry("sinclair", "3"), SeverityEntry("salt", score=Decimal(18)))
    assert read.invalid == {"severity"}


def test_a_misspelt_name_is_told_not_swallowed():
    assert facts(ferittin=3, dates={"born": "2000-01-01"}).unrecognised == {"ferittin", "born"}


def test_a_sheet_ages_with_the_calendar():
    sheet = {
        "date_of_birth": {"value": "2008-03-02", "observed_on": "2026-01-01"},
        "inr": {"value": "2.6", "observed_on": "2026-02-23"},
        "herpes_healed_on": {"value": "2026-02-20", "observed_on": "2026-02-20"},
        "keloid": {"value": "none", "observed_on": "2026-01-01"},
    }
    on_the_day = from_sheet(sheet, evaluated_on=date(2026, 3, 2), catalogue=shipped())
    day_before = from_sheet(sheet, evaluated_on=date(2026, 3, 1), catalogue=shipped())
    later = from_sheet(sheet, evaluated_on=date(2026, 3, 3), catalogue=shipped())
    assert (day_before.get("age_years"), on_the_day.get("age_years")) == (17, 18)
    assert (on_the_day.fresh("inr"), later.fresh("inr")) == (Decimal("2.6"), None)
    assert on_the_day.get("days_since_healed") == 10
    assert on_the_day.get("keloid") == "none"
    assert on_the_day.unrecognised == frozenset()


def test_a_sheet_does_not_read_a_stored_count():
    sheet = {"days_since_healed": {"value": 3}, "keloid": "none"}
    read = from_sheet(sheet, evaluated_on=TODAY, catalogue=shipped())
    assert read.get("days_since_healed") is None
    assert read.unrecognised == {"days_since_healed", "keloid"}


def test_keeps_what_a_rule_was_read_from_as_text():
    read = man(cardiac=["mi", "arrhythmia"])
    assert read.recorded(["cardiac", "severity", "egfr"]) == (
        ("cardiac", "mi, arrhythmia"),
        ("severity", "norwood III"),
    )
