"""A rule's numbers are rows of the catalogue: its code has no literal number but 0 and 1."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED_NUMBERS = ROOT / "mesoclinic" / "rules" / "arithmetic.py"
MODULES = sorted(
    path
    for app in ("mesoclinic", "protocols", "patients", "sessions")
    for path in (ROOT / app / "rules").rglob("*.py")
    if path != NAMED_NUMBERS
)


def numbers_in(source: str) -> list[str]:
    """Literal numbers other than 0 and 1, also those written as text for Decimal, with their lines."""
    tree = ast.parse(source)
    plain = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) in (int, float)]
    called = [
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Decimal"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]
    return [f"line {node.lineno}: {node.value!r}" for node in {*plain, *called} if str(node.value) not in ("0", "1")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_has_no_number_of_its_own(path):
    assert numbers_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("code", ["x < 14", "y = 0.5", "Decimal('3.5')", "-2", "limits = {'a': 65}"])
def test_finds_a_number_when_there_is_one(code):
    assert numbers_in(code)


def test_looks_at_every_rules_package():
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == {"mesoclinic", "protocols", "patients", "sessions"}
