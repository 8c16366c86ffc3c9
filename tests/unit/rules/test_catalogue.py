from dataclasses import replace

import pytest

from protocols.release_files import read_release
from protocols.rules.catalogue import CatalogueError, Entry, build, parse
from protocols.rules.kinds.candidacy import CandidacyRule, ExclusionRule
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.sources import Source
from tests.builders.facts import shipped

SOURCE = """kind = "source"
[[row]]
id = "S01"
version = 1
strength = "C"
sources = []
citation = "A paper"
read = "abstract"
reliability = "H"
"""
ALLERGEN = """kind = "allergen"
[[row]]
id = "fish"
version = 1
strength = "C"
sources = ["S01"]
name = "Fish"
group = "substance"
"""


def problems(**files: str) -> set[tuple[str, str]]:
    with pytest.raises(CatalogueError) as caught:
        parse("test", {f"{name}.toml": text for name, text in files.items()})
    return {(problem.code, problem.row) for problem in caught.value.problems}


def test_reads_typed_rows_in_the_order_of_the_file():
    catalogue = parse("test", {"sources.toml": SOURCE})
    assert [row.citation for row in catalogue.of(Source)] == ["A paper"]
    assert catalogue.row(Source, "S01").reliability == "H"


def test_reports_every_problem_of_every_file_at_once():
    bad = ALLERGEN.replace('"Fish"', "1").replace("version = 1", "colour = 3") + 'excludes = ["NUC_PDRN"]\n'
    broken = SOURCE.replace('"H"', '"great"').replace('strength = "C"', 'strength = "X"')
    found = problems(allergens=bad, sources=SOURCE + broken.split("\n", 1)[1], other='kind = "nothing"', torn="[[")
    assert found == {
        ("wrong-type", "fish"),
        ("unknown-key", "fish"),
        ("missing-key", "fish"),
        ("unknown-reference", "fish"),
        ("wrong-value", "S01"),
        ("duplicate-id", "S01"),
        ("unknown-kind", ""),
        ("not-toml", ""),
    }


def test_refuses_an_unknown_source():
    assert problems(sources=SOURCE, allergens=ALLERGEN.replace("S01", "S99")) == {("unknown-source", "fish")}


@pytest.mark.parametrize("value", ['"0.5"', '"-1"', '"1E+2"'])
def test_accepts_decimals_only_as_text(value):
    scale = 'kind = "salt_region"\n[[row]]\nid = "top"\nversion = 1\nstrength = "A"\nsources = []\nname = "Top"\n'
    parse("test", {"regions.toml": f"{scale}weight = {value}\n"})
    for wrong in ("0.5", "1", '"a"', '"NaN"', '"Infinity"'):
        assert problems(regions=f"{scale}weight = {wrong}\n") == {("wrong-type", "top")}


def test_refuses_a_true_where_a_number_belongs():
    assert ("wrong-type", "S01") in problems(sources=SOURCE.replace("version = 1", "version = true"))


def test_digest_covers_content_and_nothing_else():
    first = parse("one", {"a.toml": SOURCE})
    renamed = parse("two", {"b.toml": SOURCE})
    changed = parse("one", {"a.toml": SOURCE.replace("A paper", "A Paper")})
    assert first.sha256 == renamed.sha256 != changed.sha256


def test_stored_bodies_give_the_same_release_again():
    catalogue = shipped()
    again = build(catalogue.release, [replace(entry, origin="") for entry in reversed(catalogue.entries)])
    assert again.sha256 == catalogue.sha256
    assert set(again.of(Ingredient)) == set(catalogue.of(Ingredient))


def test_a_stored_body_that_is_no_longer_readable_is_reported():
    with pytest.raises(CatalogueError, match="missing-key"):
        build("test", [Entry("source", {"id": "S01", "version": 1, "strength": "C", "sources": []})])


def test_the_shipped_release_has_every_row_of_the_reference():
    catalogue = read_release("2026.1")
    assert len(catalogue.of(Ingredient)) == 27
    assert len(catalogue.of(ExclusionRule)) == 17
    assert len(catalogue.of(CandidacyRule)) == 84
    assert len(catalogue.of(Source)) == 71


CONTRADICTIONS = [
    ("interval", "weekly", {"min_days": 8}, "target_days"),
    ("interval", "weekly", {"max_days": 6}, "max_days"),
    ("interval", "weekly", {"min_days": 0}, "min_days"),
    ("protocol", "P1", {"sessions": 9}, "target_days"),
    ("protocol", "P1", {"sessions": 9}, "intervals"),
    ("protocol", "P1", {"sessions": 0, "target_days": []}, "sessions"),
    ("protocol", "P1", {"target_days": [0, 7, 14, 21, 28, 35, 42, 49, 63, 56]}, "target_days"),
    ("protocol", "P1", {"target_days": [0, 7, 14, 21, 28, 35, 42, 49, 56, 56]}, "target_days"),
    ("protocol", "P1", {"volume_ml": "0"}, "volume_ml"),
    ("protocol", "P1", {"assessments": [{"code": "final", "day": 1}, {"code": "final", "day": 2}]}, "assessments"),
    ("technique", "T-NAP", {"depth_mm": {"low": "3", "usual": "2", "high": "4"}}, "depth_mm.usual"),
    ("technique", "T-NAP", {"depth_mm": {"low": "2", "usual": "2", "high": "1"}}, "depth_mm.high"),
    ("technique", "T-NAP", {"points_hard": 999}, "points_hard"),
    ("technique", "T-NAP", {"points_soft": 0}, "points_soft"),
    ("technique", "T-EPI", {"ml_per_cm2": "0"}, "ml_per_cm2"),
    ("zone", "vertex", {"area_cm2": "0"}, "area_cm2"),
    ("zone", "vertex", {"share": "-1"}, "share"),
    ("anaesthetic_limit", "LA_LIDOCAINE", {"max_mg": "0", "soft_max_mg": "0"}, "max_mg"),
    ("anaesthetic_limit", "LA_LIDOCAINE", {"soft_max_mg": "9999"}, "max_mg"),
    ("anaesthetic_limit", "LA_LIDOCAINE", {"mg_per_kg": "0", "soft_mg_per_kg": "0"}, "mg_per_kg"),
    ("anaesthetic_limit", "LA_LIDOCAINE", {"soft_mg_per_kg": "9999"}, "mg_per_kg"),
    ("ingredient", "VIT_BIOTIN", {"max_percent": "-1"}, "max_percent"),
    ("ingredient", "VIT_BIOTIN", {"max_session_mg": "-1"}, "max_session_mg"),
    ("ingredient", "VIT_BIOTIN", {"max_session_ml": "-1"}, "max_session_ml"),
    ("input", "sex_at_birth", {"labels": ["Female"]}, "labels"),
    ("input", "sex_at_birth", {"values": ["female", "male", "female"]}, "values"),
    ("input", "age_years", {"soft_min": "-1"}, "soft_min"),
    ("input", "age_years", {"soft_max": "121"}, "hard_max"),
]


@pytest.mark.parametrize(("kind", "row_id", "over", "field"), CONTRADICTIONS)
def test_fields_of_a_row_that_do_not_agree_are_named(kind, row_id, over, field):
    entries = [
        replace(entry, body=entry.body | over) if (entry.kind, entry.id) == (kind, row_id) else entry
        for entry in shipped().entries
    ]
    with pytest.raises(CatalogueError) as caught:
        build("test", entries)
    found = {(each.code, each.row, each.field) for each in caught.value.problems}
    assert ("contradiction", row_id, field) in found


@pytest.mark.parametrize(("kind", "list_name"), [("session_step", "items"), ("triage_answer", "signs")])
def test_an_entry_that_is_named_twice_is_told(kind, list_name):
    entry = next(entry for entry in shipped().entries if entry.kind == kind)
    named = list(entry.body[list_name])
    with pytest.raises(CatalogueError, match=f"{list_name} has {named[0]['id']} more than once"):
        build("test", [replace(entry, body=entry.body | {list_name: [*named, named[0]]})])


@pytest.mark.parametrize("value", ["1E+10", "1E-10", "12345678901"])
def test_refuses_a_number_that_nobody_means(value):
    scale = 'kind = "salt_region"\n[[row]]\nid = "top"\nversion = 1\nstrength = "A"\nsources = []\nname = "Top"\n'
    parse("test", {"regions.toml": f'{scale}weight = "9999999999"\n'})
    assert problems(regions=f'{scale}weight = "{value}"\n') == {("wrong-type", "top")}


def test_an_entry_has_the_version_that_its_row_states():
    assert Entry("source", {"id": "S01", "version": 3}).version == 3


def test_every_problem_of_a_release_has_a_line_of_its_own():
    with pytest.raises(CatalogueError) as caught:
        parse("test", {"sources.toml": SOURCE.replace("citation", "cited")})
    assert len(str(caught.value).splitlines()) == len(caught.value.problems) == 2
    assert all(line.startswith("sources.toml S01: ") for line in str(caught.value).splitlines())
