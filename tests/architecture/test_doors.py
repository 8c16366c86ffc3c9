"""What must be done in one place is done there: each dangerous import has its one door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("mesoclinic", "protocols", "patients", "sessions")
DOORS = {
    "django.db.transaction": {"mesoclinic/transactions.py", "mesoclinic/jobs.py"},
    "smtplib": {"mesoclinic/transport.py"},
    "django.core.mail.send_mail": set(),
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in file.parts:
                yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("what", DOORS)
def test_is_imported_only_behind_its_door(what):
    users = {file for file, tree in sources() if what in imports(tree)}
    assert users <= DOORS[what]


def test_the_time_is_told_by_one_clock():
    """The health pages and the machinery tell the machine's own time, which no demo moves."""
    machine = {"mesoclinic/clock.py", "mesoclinic/health.py"}
    asked = {("datetime", "now"), ("timezone", "now"), ("date", "today"), ("datetime", "today"), ("datetime", "utcnow")}
    users = {
        file
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in asked
    }
    assert users <= machine
