"""Releases under governance: written out, and read again as the same."""

import io

import pytest
from django.core.management import CommandError, call_command

from mesoclinic.actors import System
from protocols.documents.toml_files import toml_files
from protocols.release_files import read_release
from protocols.rules.catalogue import Entry, build, parse
from protocols.services.catalogue import load_release
from tests.builders import catalogue as catalogues
from tests.builders.facts import shipped

pytestmark = pytest.mark.once

AWKWARD = [
    "",
    'say "so"',
    "C:\\new",
    "tab\tline\nend\r",
    "µg – İstanbul 💉",
    "# no comment",
    "'''",
    "\x00\x1f\x7f\u2028",
]


def export(release, folder):
    out = io.StringIO()
    call_command("catalogue", "export", "--release", release, "--to", str(folder), stdout=out)
    return out.getvalue()


def bodies(catalogue):
    return {(entry.kind, entry.id): entry.body for entry in catalogue.entries}


def zone(row_id, **over):
    body = {"id": row_id, "version": 1, "strength": "P", "sources": [], "name": row_id, "area_cm2": "40"}
    return Entry("zone", body | over)


def test_the_shipped_release_is_written_out_and_loads_again_as_the_same(tmp_path):
    catalogues.release()
    told = export(shipped().release, tmp_path)
    again = read_release(shipped().release, tmp_path)
    assert again.sha256 == shipped().sha256
    assert shipped().sha256 in told
    assert bodies(again) == bodies(shipped())
    assert load_release(System("test"), catalogue=again).version == shipped().release


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_every_text_comes_back_as_it_was(text):
    made = build("2030.1", [zone("vertex", note=text)])
    again = parse("2030.1", toml_files(made))
    assert again.entries[0].body == made.entries[0].body
    assert again.sha256 == made.sha256


def test_a_release_of_the_clinic_is_written_out_from_the_database(tmp_path):
    made = build("clinic-1", [zone("vertex"), zone("frontal", area_cm2="60.5")])
    load_release(System("test"), catalogue=made)
    export("clinic-1", tmp_path)
    assert read_release("clinic-1", tmp_path).sha256 == made.sha256


def test_a_folder_that_is_there_is_not_written_over(tmp_path):
    load_release(System("test"), catalogue=build("clinic-2", [zone("vertex")]))
    kept = tmp_path / "clinic-2" / "zone.toml"
    kept.parent.mkdir()
    kept.write_text("kept")
    with pytest.raises(CommandError, match="is there already"):
        export("clinic-2", tmp_path)
    assert kept.read_text() == "kept"


def test_a_release_that_is_not_loaded_is_not_written(tmp_path):
    with pytest.raises(CommandError, match=r"No release 2031\.1 is loaded"):
        export("2031.1", tmp_path)
    assert not list(tmp_path.iterdir())
