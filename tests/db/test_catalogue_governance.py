"""Releases under governance: written out and read again, and approved by somebody who did not load them."""

import io

import pytest
from django.core.management import CommandError, call_command

from mesoclinic.accounts import Role
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError
from mesoclinic.sites import Site
from protocols.documents.toml_files import toml_files
from protocols.models import RowDecision
from protocols.release_files import read_release
from protocols.rules.catalogue import Entry, build, parse
from protocols.services.catalogue import decide_rows, load_release
from tests.builders import catalogue as catalogues
from tests.builders import clinic
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


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def author(site):
    return clinic.staff(Role.DIRECTOR, at=site)


@pytest.fixture
def made(author):
    """A release of two zones that its author has loaded."""
    return load_release(author, catalogue=build("2030.1", [zone("vertex"), zone("frontal")]))


def decide(actor, release, decision="approved"):
    return decide_rows(actor, rows=release.rows.all(), decision=decision, reason="Read against the handbook.")


def by_author():
    return list(RowDecision.objects.order_by("pk").values_list("by_author", flat=True))


def test_a_release_keeps_who_loaded_it(author, made):
    assert made.loaded_by == author
    assert load_release(System("test"), catalogue=build("2030.2", [zone("vertex")])).loaded_by is None


def test_its_author_does_not_approve_it_while_another_director_can(site, author, made):
    other = clinic.staff(Role.DIRECTOR)
    with pytest.raises(ClinicError, match="Another director approves it") as refused:
        decide(author, made)
    assert refused.value.field == "decision"
    assert not RowDecision.objects.exists()
    assert decide(other, made) == 2
    assert by_author() == [False, False]
    assert not AuditEvent.objects.filter(action="catalogue.approved_by_author").exists()


def test_its_author_may_still_retire_rows(author, made):
    clinic.staff(Role.DIRECTOR)
    assert decide(author, made, "retired") == 2
    assert by_author() == [False, False]


def test_the_only_active_director_approves_and_the_decision_says_so(site, author, made):
    clinic.staff(Role.DIRECTOR, is_active=False)
    clinic.dermatologist(at=site)
    assert decide(author, made) == 2
    assert by_author() == [True, True]
    assert AuditEvent.objects.get(action="catalogue.approved_by_author").actor_id == author.pk


def test_one_site_that_asks_for_another_approver_is_enough(site, author, made):
    clinic.staff(Role.DIRECTOR)
    Site.objects.update(approver_differs=False)
    asking = clinic.site()
    with pytest.raises(ClinicError):
        decide(author, made)
    Site.objects.filter(pk=asking.pk).update(approver_differs=False)
    assert decide(author, made) == 2
    assert by_author() == [True, True]


def test_a_clinic_without_a_site_asks_for_another_approver():
    author, _other = clinic.staff(Role.DIRECTOR), clinic.staff(Role.DIRECTOR)
    Site.objects.all().delete()
    made = load_release(author, catalogue=build("2030.1", [zone("vertex")]))
    with pytest.raises(ClinicError):
        decide(author, made)


def test_who_loaded_another_release_approves_this_one(author, made):
    other = clinic.staff(Role.DIRECTOR)
    theirs = load_release(other, catalogue=build("2030.2", [zone("vertex"), zone("crown")]))
    assert decide(author, theirs) == 2
    assert by_author() == [False, False]


def test_a_release_that_the_command_loaded_is_nobodys(author):
    clinic.staff(Role.DIRECTOR)
    assert decide(author, load_release(System("catalogue"), catalogue=build("2030.3", [zone("vertex")]))) == 1
    assert by_author() == [False]
