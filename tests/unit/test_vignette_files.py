"""Every file of acceptance cases in tests/vignettes, each with what clinical.md says, written before it was run."""

import json
from functools import cache
from pathlib import Path

import pytest

from sessions.rules.vignettes import run_file
from tests.builders.facts import shipped

FILES = sorted((Path(__file__).parent.parent / "vignettes").glob("*.json"))
CASES = [(file.name, case["id"]) for file in FILES for case in json.loads(file.read_text(encoding="utf-8"))["cases"]]


@cache
def results(name):
    (file,) = (each for each in FILES if each.name == name)
    return {each.id: each for each in run_file(json.loads(file.read_text(encoding="utf-8")), shipped())}


@pytest.mark.parametrize(("file", "case"), CASES)
def test_every_engine_agrees_with_every_file(file, case):
    result = results(file)[case]
    assert not result.problem
    assert not result.disagreements
