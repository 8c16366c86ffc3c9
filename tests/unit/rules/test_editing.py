"""A row as cells of text and back: nothing that is not typed changes, and what cannot be is left for the catalogue."""

from dataclasses import dataclass
from typing import Literal

import pytest

from protocols.rules.editing import GIVEN, Cell, body_of, cell_of, cells
from protocols.rules.kinds.adverse_events import TriageAnswer
from protocols.rules.kinds.candidacy import CandidacyRule
from protocols.rules.kinds.formulation import FormulationNeed
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.outcome import OutcomeMeasure
from protocols.rules.kinds.schedule import Protocol
from protocols.rules.kinds.session_day import SessionStep
from protocols.rules.kinds.technique import Technique, Zone
from protocols.rules.rows import KINDS
from tests.builders.facts import shipped

ENVELOPE = {"id": "x", "version": 1, "strength": "P", "sources": ["S1"]}
ZONE = ENVELOPE | {"name": "Top", "area_cm2": "40"}
STEP = ENVELOPE | {"stage": "before", "items": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}], "hard_stop": ""}


@dataclass(frozen=True, kw_only=True)
class Span:
    """A table whose unit has to be chosen."""

    unit: Literal["days", "weeks"]
    part: Literal["", "first"] = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A row with everything that may be left out and everything that may not."""

    level: Literal["low", "high"]
    mode: Literal["slow", "fast"] = "slow"
    stop: Literal["", "early"] = ""
    length: Span
    pause: Span | None = None
    pauses: tuple[Span, ...] = ()
    counts: tuple[int, ...] = ()
    answer: bool = True


def by_path(row_class, body):
    return {cell.path: cell for cell in cells(row_class, body)}


@pytest.mark.parametrize("kind", sorted({entry.kind for entry in shipped().entries}))
def test_what_is_shown_and_sent_back_as_browsers_do_changes_no_row(kind):
    for entry in shipped().entries:
        if entry.kind == kind:
            shown = cells(KINDS[kind], entry.body)
            sent = {cell.path: f" {cell.text}\n".replace("\n", "\r\n") for cell in shown}
            assert body_of(KINDS[kind], entry.body, sent) == entry.body
            assert body_of(KINDS[kind], entry.body, {}) == entry.body
            assert not {cell.path for cell in shown} & GIVEN


def test_each_value_has_the_shape_of_its_field():
    found = by_path(Zone, ZONE)
    assert found["name"] == Cell("name", "text", "Top")
    assert found["area_cm2"] == Cell("area_cm2", "number", "40")
    assert found["sources"] == Cell("sources", "lines", "S1")
    assert found["share"].text == ""
    protocol = by_path(Protocol, ENVELOPE | {"sessions": 4, "volume_mode": "fixed"})
    assert protocol["sessions"] == Cell("sessions", "whole", "4")
    assert protocol["volume_mode"] == Cell("volume_mode", "choice", "fixed", ("fixed", "by_area", "either"))
    assert (protocol["offered"].shape, protocol["offered"].text) == ("yes_no", "yes")
    assert protocol["maintenance"].text == "no"


def test_tables_open_into_their_values_and_a_list_has_an_empty_entry():
    technique = by_path(Technique, ENVELOPE | {"depth_mm": {"low": "0", "usual": "0.5", "high": "1"}})
    assert [technique[f"depth_mm.{each}"].text for each in ("low", "usual", "high")] == ["0", "0.5", "1"]
    assert technique["ml_per_point.low"].text == ""
    step = by_path(SessionStep, STEP)
    assert [path for path in step if path.startswith("items")] == [
        "items[0].text",
        "items[1].text",
        "items[2].id",
        "items[2].text",
    ]
    assert [step[path].adds for path in ("stage", "items[1].text", "items[2].id")] == [False, False, True]
    assert by_path(Protocol, ENVELOPE)["assessments[0].code"].choices == ("", "interim", "interim2", "final")
    assert by_path(Input, ENVELOPE)["when.input"].shape == "text"


def test_a_choice_can_be_left_empty_where_the_value_can_be_left_out():
    found = by_path(Made, {})
    assert {path: cell.choices for path, cell in found.items() if cell.shape == "choice"} == {
        "level": ("low", "high"),
        "mode": ("", "slow", "fast"),
        "stop": ("", "early"),
        "length.unit": ("days", "weeks"),
        "length.part": ("", "first"),
        "pause.unit": ("", "days", "weeks"),
        "pause.part": ("", "first"),
        "pauses[0].unit": ("", "days", "weeks"),
        "pauses[0].part": ("", "first"),
    }
    assert by_path(Made, {"counts": [1, 2]})["counts"].text == "1\n2"
    assert by_path(Made, {"pause": {"unit": "days", "text": "short"}})["pause.text"].choices == ()
    assert {"id", "version"}.isdisjoint(by_path(Made, {}))


def test_an_answer_turns_to_its_opposite_and_back():
    assert body_of(Made, {"answer": False}, {"answer": "yes"}) == {"answer": True}
    assert body_of(Made, {"answer": True}, {"answer": "no"}) == {"answer": False}


def test_of_a_limit_only_the_number_is_edited_as_the_rule_reads_it_by_name():
    body = ENVELOPE | {
        "limits": [{"name": "low", "value": "1", "unit": "mm"}, {"name": "times", "value": "2", "unit": ""}]
    }
    found = [cell for cell in cells(OutcomeMeasure, body) if cell.path.startswith("limits")]
    assert found == [
        Cell("limits[0].value", "number", "1", about="low (mm)"),
        Cell("limits[1].value", "number", "2", about="times"),
    ]
    made = body_of(OutcomeMeasure, body, {"limits[0].value": " 1,5 ", "limits[0].name": "high"})
    assert made["limits"] == [{"name": "low", "value": "1.5", "unit": "mm"}, body["limits"][1]]
    assert "limits[0].value" not in by_path(OutcomeMeasure, ENVELOPE)
    (unsaid,) = [
        cell for cell in cells(OutcomeMeasure, {"limits": [{"name": "low"}]}) if cell.path == "limits[0].value"
    ]
    assert unsaid.text == ""


TYPED = [
    (Zone, ZONE, {"area_cm2": "41,5"}, {"area_cm2": "41.5"}),
    (Zone, ZONE, {"area_cm2": "wide"}, {"area_cm2": "wide"}),
    (Zone, ZONE, {"area_cm2": " "}, {"area_cm2": None}),
    (Zone, ZONE, {"share": "0.5"}, {"share": "0.5"}),
    (Zone, ZONE, {"name": ""}, {"name": ""}),
    (Zone, ZONE, {"note": ""}, {"note": None}),
    (Zone, ZONE, {"sources": "S1\r\n\r\n S2 "}, {"sources": ["S1", "S2"]}),
    (Zone, ZONE, {"sources": ""}, {"sources": []}),
    (Zone, ZONE, {"parts": "a"}, {"parts": ["a"]}),
    (Zone, ZONE, {"parts": "a, b\r\nc d"}, {"parts": ["a, b", "c d"]}),
    (Zone, ZONE, {"name": "Top, left\r\nand right"}, {"name": "Top, left\nand right"}),
    (Protocol, ENVELOPE | {"target_days": [0, 7]}, {"target_days": "0\n+8\n x"}, {"target_days": [0, 8, "x"]}),
    (Protocol, ENVELOPE | {"sessions": 4}, {"sessions": "1234567890"}, {"sessions": "1234567890"}),
    (Protocol, ENVELOPE | {"sessions": 4}, {"sessions": "-5"}, {"sessions": -5}),
    (Protocol, ENVELOPE, {"offered": "no", "maintenance": "perhaps"}, {"offered": False, "maintenance": "perhaps"}),
    (Protocol, ENVELOPE, {"offered": "yes"}, {"offered": None}),
    (Ingredient, ENVELOPE | {"permitted": "allowed"}, {"permitted": "x"}, {"permitted": "x"}),
    (CandidacyRule, ENVELOPE | {"temporary": True}, {"temporary": "no"}, {"temporary": False}),
]


@pytest.mark.parametrize(("row_class", "body", "texts", "wanted"), TYPED)
def test_a_text_becomes_the_value_it_says_or_stays_for_the_catalogue_to_refuse(row_class, body, texts, wanted):
    made = body_of(row_class, body, texts)
    assert {name: made.get(name) for name in wanted} == wanted
    assert [name in made for name in wanted] == [value is not None for value in wanted.values()]
    assert {name: made[name] for name in body if name not in wanted} == {
        name: body[name] for name in body if name not in wanted
    }


def test_an_entry_is_added_by_filling_the_empty_one_and_goes_when_it_is_emptied():
    added = body_of(SessionStep, STEP, {"items[2].id": "c", "items[2].text": "C"})
    assert added["items"] == [*STEP["items"], {"id": "c", "text": "C"}]
    half = body_of(SessionStep, STEP, {"items[2].text": "C"})
    assert half["items"][2] == {"text": "C"}
    gone = body_of(SessionStep, STEP, {"items[0].text": ""})
    assert gone["items"] == [{"id": "b", "text": "B"}]
    none = body_of(SessionStep, STEP, {"items[0].text": "", "items[1].text": ""})
    assert none["items"] == []
    assert "lines" not in body_of(TriageAnswer, ENVELOPE, {})


def test_a_table_that_is_emptied_is_gone_and_one_inside_an_entry_is_read():
    point = {"low": "1", "usual": "2", "high": "3"}
    body = ENVELOPE | {"ml_per_point": point}
    assert body_of(Technique, body, {"ml_per_point.usual": "2.5"})["ml_per_point"] == point | {"usual": "2.5"}
    emptied = dict.fromkeys(("ml_per_point.low", "ml_per_point.usual", "ml_per_point.high"), "")
    assert "ml_per_point" not in body_of(Technique, body, emptied)
    need = body_of(FormulationNeed, ENVELOPE, {"inputs[0].input": "dx", "inputs[0].when.any_of": "a\nb"})
    assert need["inputs"] == [{"input": "dx", "when": {"any_of": ["a", "b"]}}]


def test_a_problem_is_shown_at_its_value_its_list_or_its_table():
    known = cells(Technique, ENVELOPE)
    for path, wanted in {
        "name": "name",
        "sources[3]": "sources",
        "depth_mm": "depth_mm.low",
        "depth_mm.high": "depth_mm.high",
        "dep": "",
        "unheard": "",
    }.items():
        found = cell_of(path, known)
        assert (found.path if found else "") == wanted
    step = cells(SessionStep, STEP)
    assert cell_of("items[1].text", step).path == "items[1].text"
    assert cell_of("items", step).path == "items[0].text"
    assert cell_of("items[9].text", step) is None
