"""The formulary through HTTP: a release is loaded, its rows are decided on with a reason, and the banner follows."""

import re
from functools import partial

import pytest
from django.urls import reverse

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.shell import BANNER
from protocols.models import Activation, CatalogueRelease, CatalogueRow, RowDecision
from protocols.release_files import read_release
from tests.builders import clinic
from tests.web.pages import Page

pytestmark = pytest.mark.once

RELEASES = reverse("protocols:catalogue")
LOAD = reverse("protocols:load_release")
SOURCES = """
kind = "source"
[[row]]
id = "S1"
version = 1
strength = "P"
sources = []
citation = "Handbook of the scalp, 2020."
read = "whole text"
reliability = "M"
"""
ZONES = """
kind = "zone"
[[row]]
id = "vertex"
version = 1
strength = "P"
sources = ["S1"]
name = "Vertex"
area_cm2 = "{vertex}"
[[row]]
id = "frontal"
version = 1
strength = "P"
sources = []
name = "Frontal"
area_cm2 = "60"
"""


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The folder of shipped releases, here an empty one."""
    monkeypatch.setattr("protocols.queries.catalogue.SHIPPED", tmp_path)
    monkeypatch.setattr("protocols.queries.catalogue.read_release", partial(read_release, root=tmp_path))
    return tmp_path


@pytest.fixture
def director(client):
    director = clinic.staff(Role.DIRECTOR, at=clinic.site(), name="Dr Deniz Kaya")
    client.force_login(director)
    return director


@pytest.fixture
def release(client, shelf, director):
    """A release of three rows, loaded by the director."""
    ship(shelf, "2030.1")
    assert client.post(LOAD, {"version": "2030.1"}).url == at("release", "2030.1")
    return CatalogueRelease.objects.get()


def ship(shelf, version, zones=ZONES, vertex="40"):
    (shelf / version).mkdir()
    (shelf / version / "sources.toml").write_text(SOURCES)
    (shelf / version / "zones.toml").write_text(zones.format(vertex=vertex))


def at(name, version, kind=""):
    return reverse(f"protocols:{name}", args=[version]) + (f"?kind={kind}" if kind else "")


def row(code, version="2030.1"):
    return CatalogueRow.objects.get(code=code, release__version=version)


def decide(client, *codes, version="2030.1", **over):
    rows = [row(code, version).pk for code in codes]
    sent = {"decision": "approved", "scope": "ticked", "rows": rows, "reason": "Read against the handbook."} | over
    return client.post(at("decide", version, "zone"), sent)


def standing(client, code, version="2030.1"):
    """What the tag of a row says."""
    page = client.get(at("release", version, "zone")).content.decode()
    return re.search(rf'<b>{code}</b> <span class="tag \w+">([^<]+)<', page).group(1)


def banner(client):
    page = client.get(RELEASES).content.decode()
    found = re.search(r'class="draftline"[^>]*>.*?<span>(.*?)</span></p>', page, re.DOTALL)
    return found.group(1).replace("&#x27;", "'") if found else ""


def test_a_shipped_release_is_loaded_as_drafts_and_made_current(client, release, director):
    assert set(release.rows.values_list("kind", "code")) == {("source", "S1"), ("zone", "vertex"), ("zone", "frontal")}
    assert (release.origin, Activation.objects.count(), RowDecision.objects.count()) == ("shipped", 0, 0)
    assert AuditEvent.objects.get(action="catalogue.loaded").actor_name == "Dr Deniz Kaya"
    page = client.get(at("release", "2030.1")).content.decode()
    assert re.search(r'>Zone</a></th><td class="number">2</td><td class="number">0</td>', page)
    assert "Current" not in page
    assert "Every release that was shipped is loaded." in client.get(LOAD).content.decode()
    assert client.post(at("activate", "2030.1")).url == at("release", "2030.1")
    assert client.post(at("activate", "2030.1")).status_code == 302
    assert (Activation.objects.get().release, Activation.objects.get().by) == (release, director)
    assert ">Current<" in client.get(at("release", "2030.1")).content.decode()


@pytest.mark.parametrize("version", ["", "2030.9", "../2030.1", "2030.1"])
def test_only_what_waits_can_be_loaded(client, release, version):
    answer = client.post(LOAD, {"version": version})
    assert answer.status_code == 422
    assert CatalogueRelease.objects.get() == release


def test_everything_that_is_wrong_with_a_release_is_told_at_once_and_nothing_is_loaded(client, shelf, director):
    wrong = ZONES.replace('"60"', '"wide"').replace('["S1"]', '["S9"]').replace('name = "Frontal"', "")
    ship(shelf, "2030.1", zones=wrong)
    (shelf / "2030.1" / "moods.toml").write_text('kind = "mood"\n')
    answer = client.post(LOAD, {"version": "2030.1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    told = re.findall(r"<tr><td>([^<]*)</td><th scope=\"row\">([^<]*)</th>", page)
    assert len(told) == 4
    assert f"{len(told)} problems in the files of this release." in page
    assert {("moods.toml", ""), ("zones.toml", "frontal"), ("zones.toml", "vertex")} <= set(told)
    assert not CatalogueRelease.objects.exists()
    assert not CatalogueRow.objects.exists()


def test_a_release_that_cannot_be_read_does_not_become_current(client, release):
    torn = CatalogueRelease.objects.create(version="2030.9", sha256="f" * 64, loaded_at=release.loaded_at)
    CatalogueRow.objects.create(release=torn, kind="zone", code="vertex", row_version=1, body={}, sha256="e" * 64)
    answer = client.post(at("activate", "2030.9"))
    assert answer.status_code == 422
    assert "problems in the files of this release" in answer.content.decode()
    assert not Activation.objects.exists()


def test_a_ticked_row_is_approved_alone_and_says_by_whom_and_why(client, release, director):
    assert decide(client, "vertex").url == at("release", "2030.1", "zone")
    made = RowDecision.objects.get()
    assert (made.row_sha256, made.decision, made.by) == (row("vertex").sha256, "approved", director)
    assert (made.reason, made.demonstration) == ("Read against the handbook.", False)
    assert (standing(client, "vertex"), standing(client, "frontal")) == ("Approved", "Draft")
    page = client.get(at("release", "2030.1", "zone")).content.decode()
    assert re.search(r"Dr Deniz Kaya, [^<]*: Read against the handbook\.", page)
    assert "S1: Handbook of the scalp, 2020." in page
    told = AuditEvent.objects.get(action="catalogue.approved")
    assert told.reason == "1 rows: Read against the handbook."


def test_an_approval_is_withdrawn_with_a_reason_and_given_again_and_each_step_stays(client, release):
    steps = [("approved", "Read."), ("retired", "A newer edition says otherwise."), ("approved", "Read again.")]
    for decision, reason in steps:
        assert decide(client, "vertex", decision=decision, reason=reason).status_code == 302
        assert standing(client, "vertex") == decision.title()
        assert reason in client.get(at("release", "2030.1", "zone")).content.decode()
    assert list(RowDecision.objects.order_by("pk").values_list("decision", "reason")) == steps
    page = client.get(at("release", "2030.1")).content.decode()
    counts = re.search(r">Zone</a></th>(.*?)</tr>", page).group(1)
    assert re.findall(r">(\d+)<", counts) == ["2", "1", "1", "0"]


def test_what_stands_so_already_is_not_decided_twice(client, release):
    decide(client, "vertex")
    decide(client, "vertex", "frontal", scope="all")
    assert sorted(RowDecision.objects.values_list("row_sha256", flat=True)) == sorted(
        each.sha256 for each in release.rows.filter(kind="zone")
    )
    assert "0 rows decided." in client.get(decide(client, "vertex").url).content.decode()


WRONG = {
    "no decision": ({"decision": ""}, "decision", "Choose to approve or to retire."),
    "no such decision": ({"decision": "burnt"}, "decision", "Select a valid choice"),
    "neither all nor some": ({"scope": ""}, "scope", "Choose all rows or the ticked ones."),
    "no row": ({"rows": []}, "scope", "Tick at least one row."),
    "no reason": ({"reason": ""}, "reason", "Enter the reason for this decision."),
    "a blank reason": ({"reason": "   "}, "reason", "Enter the reason for this decision."),
    "too much of a reason": ({"reason": "x" * 501}, "reason", "at most 500"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_decision_that_is_not_whole_is_told_beside_its_field_and_stays(client, release, what):
    over, field, words = WRONG[what]
    answer = decide(client, "vertex", **over)
    assert answer.status_code == 422
    page = Page(answer.content)
    assert words in page.described(f"id_{field}" if field == "reason" else f"id_{field}_0")
    assert [target.removesuffix("_0") for target, _words in page.summary] == [f"id_{field}"]
    form = next(form for form in page.posting() if "reason" in form.names)
    sent = {"decision": "approved", "scope": "ticked", "reason": "Read against the handbook."} | over
    kept = [(name, value) for name, value in form.sends if name in ("decision", "scope")]
    usual = [(name, sent[name]) for name in ("decision", "scope") if sent[name] not in ("", "burnt")]
    assert (form.typed()["reason"].strip(), kept) == (sent["reason"].strip(), usual)
    assert [value for name, value in form.sends if name == "rows"] == [
        str(number) for number in over.get("rows", [row("vertex").pk])
    ]
    assert not RowDecision.objects.exists()


def test_rows_of_another_kind_or_release_are_not_decided_on(client, release, shelf):
    ship(shelf, "2030.2", vertex="41")
    client.post(LOAD, {"version": "2030.2"})
    for other in (row("S1"), row("vertex", "2030.2")):
        answer = decide(client, rows=[other.pk])
        assert answer.status_code == 422
    assert client.get(at("decide", "2030.1", "moods")).status_code == 404
    assert not RowDecision.objects.exists()


def test_an_unchanged_row_keeps_its_approval_in_the_next_release(client, release, shelf):
    decide(client, scope="all")
    ship(shelf, "2030.2", vertex="41")
    client.post(LOAD, {"version": "2030.2"})
    assert (standing(client, "frontal", "2030.2"), standing(client, "vertex", "2030.2")) == ("Approved", "Draft")
    assert standing(client, "vertex") == "Approved"


def approve_all(client):
    return client.post(at("decide", "2030.1"), {"decision": "approved", "scope": "all", "reason": "Read."})


def test_the_banner_goes_with_the_last_approval_and_comes_back_with_a_withdrawal(client, release):
    client.post(at("activate", "2030.1"))
    assert banner(client) == str(BANNER)
    decide(client, scope="all")
    assert banner(client) == str(BANNER)
    assert approve_all(client).url == at("release", "2030.1")
    assert banner(client) == ""
    decide(client, "vertex", decision="retired")
    assert banner(client) == str(BANNER)


def test_in_a_demo_an_approval_is_a_demonstration_and_a_real_one_replaces_it(client, release, settings):
    client.post(at("activate", "2030.1"))
    settings.DEMO = True
    approve_all(client)
    assert banner(client) == f"Demonstration approval. {BANNER}"
    assert standing(client, "vertex") == "Demonstration approval"
    settings.DEMO = False
    approve_all(client)
    assert (banner(client), standing(client, "vertex")) == ("", "Approved")
    assert RowDecision.objects.count() == 6


def test_who_does_not_decide_reads_everything_and_is_offered_nothing(client, release):
    client.force_login(clinic.staff(Role.NURSE, at=clinic.site()))
    page = client.get(at("release", "2030.1", "zone")).content.decode()
    assert "Handbook of the scalp" in page
    assert at("decide", "2030.1") not in page
    assert at("activate", "2030.1") not in client.get(at("release", "2030.1")).content.decode()
    assert LOAD not in client.get(RELEASES).content.decode()
