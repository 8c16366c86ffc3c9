"""Every file of acceptance cases in tests/vignettes, each with what clinical.md says, written before it was run."""

import json
from pathlib import Path

import pytest

from sessions.rules.vignettes import run_case, run_file
from tests.builders.facts import shipped

FILES = sorted((Path(__file__).parent.parent / "vignettes").glob("*.json"))
CONTENTS = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in FILES}
CASES = [(name, place) for name, content in CONTENTS.items() for place in range(len(content["cases"]))]


@pytest.mark.parametrize(
    ("file", "place"), CASES, ids=[f"{file}-{CONTENTS[file]['cases'][place]['id']}" for file, place in CASES]
)
def test_every_engine_agrees_with_every_case(file, place):
    content = CONTENTS[file]
    result = run_case(content["cases"][place], place, content.get("shared", {}), shipped())
    assert not result.problem
    assert not result.disagreements


@pytest.mark.parametrize("file", CONTENTS)
def test_every_file_can_be_run_as_a_whole(file):
    content = CONTENTS[file] | {"cases": CONTENTS[file]["cases"][:1]}
    assert [result.agrees for result in run_file(content, shipped())] == [True]
