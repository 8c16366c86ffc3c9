"""Views choose answers and leave the database alone; what they call requires, audits and is one transaction."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("mesoclinic", "protocols", "patients", "sessions")
WRITES = {"objects", "delete", "bulk_create", "update_or_create", "get_or_create", "select_for_update"}
# How a page looks to one person is no matter of the clinic's log.
OWN_TASTE = {"choose_theme"}
# What stands in a service, or in the door that it goes through.
NEEDS = (("require(",), ("audit.record(", "send_link("), ("atomic()", "once("))


def modules(layer: str) -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if layer in (*file.parts[:-1], file.stem) and "management" not in file.parts:
                yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


VIEWS = dict(modules("views"))


@cache
def services() -> dict[str, ast.FunctionDef]:
    """Every function of every service module by its name, private ones too."""
    found = (node for _file, tree in modules("services") for node in ast.walk(tree))
    return {node.name: node for node in found if isinstance(node, ast.FunctionDef)}


def called_by_views() -> set[str]:
    """What views take out of service modules, by name or through the module."""
    return {name for tree in VIEWS.values() for name in _taken(tree) if not name.startswith("_")}


def _taken(tree: ast.Module) -> Iterator[str]:
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and "services" in (node.module or "").split("."):
            modules |= {each.asname or each.name for each in node.names}
            yield from (each.name for each in node.names if isinstance(services().get(each.name), ast.FunctionDef))
        if isinstance(node, ast.ImportFrom) and not node.module.endswith("services"):
            modules |= {each.asname or each.name for each in node.names if each.name == "services"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield from (name for name in [node.attr] if name in services())


def with_all_it_calls(name: str, seen: frozenset[str] = frozenset()) -> str:
    node = services()[name]
    inner = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    inner |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    text = ast.unparse(node)
    for each in sorted(inner & services().keys() - seen - {name}):
        text += with_all_it_calls(each, seen | {name})
    return text


@pytest.mark.parametrize("file", VIEWS)
def test_views_leave_the_database_alone(file):
    for node in ast.walk(VIEWS[file]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in WRITES, f"{file}:{node.lineno} uses .{node.attr}"
        if isinstance(node, ast.ImportFrom):
            assert node.module not in ("django.db", "mesoclinic.transactions"), f"{file}:{node.lineno}"


@pytest.mark.parametrize("name", sorted(set(called_by_views()) - OWN_TASTE))
def test_services_that_views_call_require_audit_and_are_one_transaction(name):
    text = with_all_it_calls(name)
    assert [each.arg for each in services()[name].args.args] == ["actor"], "all but the actor is named"
    assert [ways for ways in NEEDS if not any(way in text for way in ways)] == []
