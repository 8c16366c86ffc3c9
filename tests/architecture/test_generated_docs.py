"""`docs/rules.md` and `docs/catalogue.md` say what the shipped catalogue says now."""

from pathlib import Path

import pytest

from protocols.documents.catalogue_page import catalogue_page
from protocols.documents.rules_page import rules_page
from protocols.documents.written import BANNER
from protocols.rules.kinds.candidacy import CandidacyRule, ExclusionRule
from protocols.rules.kinds.formulation import FormulationRule
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.schedule import CourseRule, Protocol, ScheduleRule
from protocols.rules.kinds.session_day import DayRule
from protocols.rules.kinds.technique import TechniqueRule
from tests.builders.facts import shipped

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGES = {"rules.md": rules_page, "catalogue.md": catalogue_page}
RULES = (CandidacyRule, ExclusionRule, FormulationRule, TechniqueRule, ScheduleRule, CourseRule, DayRule)


@pytest.mark.parametrize("name", PAGES)
def test_is_as_the_catalogue_stands(name):
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](shipped()), f"docs/{name} is stale: run `manage.py catalogue docs`"
    assert BANNER in written


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_is_told_with_its_reason_action_and_numbers(kind):
    page = (DOCS / "rules.md").read_text(encoding="utf-8").replace("\\", "")
    sections = {part.split(":", 1)[0].split("\n", 1)[0]: part for part in page.split("\n### ")}
    for row in shipped().of(kind):
        told = sections[row.id]
        assert all(f"{limit.value:f}" in told for limit in row.limits), row.id
        assert row.reason[1:] in told
        assert row.action in told
        assert f"**Strength:** {row.strength}" in told
        assert all(f"{source} " in told for source in row.sources), row.id


def test_every_ingredient_and_protocol_is_told():
    page = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    for row in (*shipped().of(Ingredient), *shipped().of(Protocol)):
        assert f"### {row.id}: " in page
