"""`manage.py vignettes FILE --release NAME`: a loaded release, a shipped one, or a clear refusal."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from mesoclinic.actors import System
from protocols.models import CatalogueRelease
from protocols.queries.catalogue import loaded_catalogue
from protocols.rules.catalogue import Entry, build
from protocols.services.catalogue import load_release
from tests.builders.facts import MAN, shipped

STRICTER = "clinic-1"


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A man of 64, a year short of the older age of the shipped release."""
    case = {"id": "A1", "title": "Sixty-four", "kind": "candidacy", "evaluated_on": "2026-03-02"}
    case |= {"patient": MAN | {"age_years": 64}, "expect": {"fired": ["DX-01", "SV-02"]}}
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"format": "mesoclinic-vignettes/1", "cases": [case]}))
    return str(path)


def run(file: str, **options: object) -> str:
    out = io.StringIO()
    call_command("vignettes", file, stdout=out, **options)
    return out.getvalue()


def load_stricter() -> None:
    """A clinic's own release: older from sixty-four on."""
    changed = [
        Entry(each.kind, {**each.body, "limits": [{"name": "older_from", "value": "64", "unit": "years"}]})
        if each.id == "AG-02"
        else each
        for each in shipped().entries
    ]
    load_release(System("test"), catalogue=build(STRICTER, changed), origin=CatalogueRelease.Origin.CLINIC)


def test_runs_against_the_release_that_is_loaded_under_the_name(file):
    load_stricter()
    assert loaded_catalogue(STRICTER).sha256 != shipped().sha256
    assert "1 of 1 cases agree" in run(file)
    with pytest.raises(SystemExit):
        run(file, release=STRICTER)


def test_runs_against_a_shipped_release_that_is_not_loaded(file):
    assert not CatalogueRelease.objects.exists()
    assert "1 of 1 cases agree" in run(file, release=shipped().release)


@pytest.mark.parametrize("name", ["none", "..", "2026.1/../2026.1", ""])
def test_names_an_unknown_release(file, name):
    with pytest.raises(CommandError, match="neither loaded nor shipped; shipped are"):
        run(file, release=name)


def test_says_when_the_database_cannot_be_read(file):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE protocols_cataloguerelease RENAME TO elsewhere")
    with pytest.raises(CommandError, match="The database cannot be read"):
        run(file, release=STRICTER)
