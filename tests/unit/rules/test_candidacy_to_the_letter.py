"""The rows of 3.1 to 3.9 say what the tables of the clinical reference say, word by word; so do stages and inputs."""

import json
import re
from pathlib import Path

import pytest

from patients.rules.candidacy import evaluate
from protocols.rules.facts import parse_facts
from protocols.rules.kinds.candidacy import CandidacyRule, VerdictWording
from protocols.rules.kinds.diagnosis import Diagnosis, SeverityStage
from protocols.rules.kinds.inputs import Input
from sessions.rules.vignette_inputs import a_date, patient_inputs
from tests.builders.facts import shipped

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "clinical" / "reference.md"
CASES = json.loads((Path(__file__).resolve().parents[2] / "vignettes" / "candidacy.json").read_text(encoding="utf-8"))


def tables(start, end):
    """The rows of the tables between two headings, as lists of cells."""
    text = REFERENCE.read_text(encoding="utf-8").partition(f"\n{start}")[2].partition(f"\n{end}")[0]
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


RULES = [cells for cells in tables("### 3.1 ", "### 3.10 ") if cells[0] != "id"]


def sources(text):
    """The ids in a source column, ranges written out."""
    for first, last in re.findall(r"S(\d+)-S(\d+)", text):
        text += "".join(f", S{number:02}" for number in range(int(first), int(last) + 1))
    return set(re.findall(r"S\d\d", text))


def dash(text):
    return text or "-"


def test_every_rule_of_the_reference_is_a_row_and_every_row_a_rule():
    assert [cells[0] for cells in RULES] == [row.id for row in shipped().of(CandidacyRule) if row.id != "MI-01"]


@pytest.mark.parametrize("cells", RULES, ids=[cells[0] for cells in RULES])
def test_a_row_says_what_the_reference_says(cells):
    rule, _inputs, condition, outcome, reason, action, reassess, src, strength = cells
    row = shipped().row(CandidacyRule, rule)
    assert row.condition == condition
    assert row.outcome + (" (temporary)" if row.temporary else "") == outcome
    assert (row.reason, dash(row.action), dash(row.reassess)) == (reason, action, reassess)
    assert sources(src) <= set(row.sources)
    assert set(row.sources) - sources(src) <= ({"S71"} if "[mem]" in src else set())
    assert set(row.strength.split("/")) == set(re.findall(r"\b[ABCP]\b", strength))


def test_the_patient_reads_the_words_of_the_reference():
    found = {row.id: row.text for row in shipped().of(VerdictWording)}
    assert found == {verdict: text for verdict, text in tables("### 3.11", "## 4.") if verdict != "verdict"}


def test_every_stage_has_its_descriptor_and_category():
    found = [[row.stage, row.descriptor, row.category] for row in shipped().of(SeverityStage)]
    assert found == [cells for cells in tables("### 1.2", "### 1.3") if cells[0] not in ("stage", "grade")]


def test_every_diagnosis_has_its_codes():
    rows = [cells for cells in tables("### 1.1", "### 1.2") if cells[0] != "dx_id"]
    said = [
        (dx, icd10, icd10 if other == "same" else other, snomed, icd11, scale)
        for dx, _name, _scarring, icd10, other, snomed, icd11, scale, _note in rows
    ]
    found = [
        (row.id, row.icd10, row.icd10_cm, row.snomed_ct or "null", row.icd11 or "null", row.scale)
        for row in shipped().of(Diagnosis)
    ]
    assert found == said
    scarring = REFERENCE.read_text(encoding="utf-8").partition("`SCAR = {")[2].partition("}")[0]
    assert [row.id for row in shipped().of(Diagnosis) if row.primary_scarring] == scarring.split(", ")


def test_every_input_has_its_values_and_its_range():
    for cells in tables("### 2.1", "### 2.2"):
        for place, name in enumerate(cells[0].split(", ")):
            if name == "field":
                continue
            row = shipped().row(Input, name)
            for value in row.values:
                assert value in cells[1] or name == "fitzpatrick", (name, value)
            ranges = re.findall(r"hard ([\d.]+)-([\d.]+)(?: / ([\d.]+)-([\d.]+))?", cells[2])
            if ranges and not row.age_of and row.type in ("whole", "decimal"):
                low, high = ranges[0][2 * place : 2 * place + 2] if ranges[0][2] else ranges[0][:2]
                assert (str(row.hard_min), str(row.hard_max)) == (low, high), name


@pytest.mark.parametrize("case", [case for case in CASES["cases"] if "patient" in case], ids=lambda case: case["id"])
def test_a_finding_says_which_rule_of_which_version_read_what(case):
    on = a_date(case["evaluated_on"], "evaluated_on")
    facts = parse_facts(patient_inputs(case["patient"], CASES["shared"]), evaluated_on=on, catalogue=shipped())
    for finding in evaluate(facts, shipped()).fired:
        row = shipped().row(CandidacyRule, finding.rule)
        assert finding.inputs, finding.rule
        assert all((finding.version, finding.reason, finding.strength))
        assert finding.action or row.id == "SV-02"
        assert (finding.sources, finding.reassess) == (row.sources, row.reassess)
