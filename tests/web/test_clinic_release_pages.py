"""A clinic's own release through HTTP: begun, changed beside its values, finished, approved, carried over."""

import re

import pytest
from django.urls import reverse

from mesoclinic.accounts import Role
from mesoclinic.actors import System
from protocols.models import CatalogueRelease, ReleaseDraft
from protocols.rules.catalogue import Entry, build
from protocols.services.catalogue import activate_release, load_release
from tests.builders import clinic
from tests.web.pages import Page

pytestmark = pytest.mark.once

ENVELOPE = {"version": 1, "strength": "P", "sources": []}
RELEASES = reverse("protocols:catalogue")


def zone(code, **over):
    return Entry("zone", {"id": code, **ENVELOPE, "name": code.title(), "area_cm2": "40"} | over)


def rule(**over):
    limits = [{"name": "temperature_c", "value": "38", "unit": "°C"}]
    body = {"id": "TR-1", **ENVELOPE, "condition": "above 38", "result": "warn", "reason": "Fever", "action": "wait"}
    return Entry("technique_rule", body | {"limits": limits} | over)


def ship(version, *entries):
    return load_release(System("test"), catalogue=build(version, entries))


@pytest.fixture
def director(client):
    director = clinic.staff(Role.DIRECTOR, at=clinic.site(), name="Dr Deniz Kaya")
    client.force_login(director)
    return director


@pytest.fixture
def draft(client, director):
    """A draft on a shipped release of two zones and a rule."""
    activate_release(System("test"), release=ship("2030.1", zone("vertex"), zone("frontal"), rule()))
    assert "Begin a release of the clinic" in client.get(RELEASES).content.decode()
    new = reverse("protocols:start_draft")
    form = next(form for form in Page(client.get(new).content).posting() if "name" in form.names)
    assert dict(form.sends)["name"] == "2030.1-clinic-1"
    answer = client.post(new, dict(form.sends))
    made = ReleaseDraft.objects.get()
    assert answer.url == reverse("protocols:draft", args=[made.pk])
    return made


def row_page(draft, kind="zone", code="vertex"):
    return reverse("protocols:change_row", args=[draft.pk, kind, code])


def typed(client, address, **over):
    """What the form of this page would send, with other values."""
    form = next(form for form in Page(client.get(address).content).posting() if "because" in form.names)
    return dict(form.sends) | {"because": "Measured.", "source": "Minutes, May."} | over


def change(client, draft, kind="zone", code="vertex", **over):
    address = row_page(draft, kind, code)
    return client.post(address, typed(client, address, **over))


def finish(client, draft, **over):
    page = Page(client.get(reverse("protocols:draft", args=[draft.pk])).content)
    form = next(form for form in page.posting() if "name" in form.names)
    return client.post(reverse("protocols:finish_draft", args=[draft.pk]), dict(form.sends) | over)


def text(client, address):
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(address).content.decode()).split())


def test_a_row_is_found_changed_and_shown_with_both_values_and_finished(client, draft):
    home = reverse("protocols:draft", args=[draft.pk])
    found = text(client, f"{home}?q=temperature+38")
    assert "Technique rule TR-1" in found
    assert "Zone vertex" not in found
    sent = {"row-limits-0-value": "37,5", "row-condition": "above 37.5"}
    assert change(client, draft, "technique_rule", "TR-1", **sent).url == home
    page = text(client, home)
    assert "Condition above 38 above 37.5" in page
    assert "Limits name: temperature_c; value: 38; unit: °C name: temperature_c; value: 37.5; unit: °C" in page
    assert "Measured." in page
    assert "Minutes, May." in page
    answer = finish(client, draft)
    made = CatalogueRelease.objects.get(version="2030.1-clinic-1")
    assert answer.url == reverse("protocols:release", args=[made.version])
    assert made.rows.get(kind="technique_rule").body["limits"][0]["value"] == "37.5"
    assert "Rows added: 0. Removed: 0. Changed: 1." in text(client, answer.url)
    assert "their approval will say “approved by its author”" in text(
        client, reverse("protocols:decide", args=[made.version])
    )


def test_all_that_is_wrong_stands_beside_its_value_and_nothing_typed_is_lost(client, draft):
    wrong = {"row-area_cm2": "wide", "row-parts": "frontal\r\nnowhere", "row-sources": "S9", "because": " "}
    answer = change(client, draft, **wrong)
    assert answer.status_code == 422
    page = Page(answer.content)
    told = {
        "id_row-area_cm2": "Enter a number, such as 0.5.",
        "id_row-parts": "The catalogue has no zone “nowhere”.",
        "id_row-sources": "The catalogue has no source “S9”.",
        "id_because": "Say why the row is changed.",
    }
    assert dict(page.summary) == told
    assert all(words in page.described(field) for field, words in told.items())
    kept = next(form for form in page.posting() if "because" in form.names).typed()
    assert [kept[name] for name in ("row-area_cm2", "row-parts", "row-sources")] == ["wide", "frontal\r\nnowhere", "S9"]
    assert not draft.rows.exists()


def test_whoever_saves_second_reads_both_versions_and_decides(client, draft):
    address = row_page(draft)
    mine = typed(client, address, **{"row-area_cm2": "42"})
    client.force_login(clinic.staff(Role.DIRECTOR, name="Dr Other"))
    change(client, draft, **{"row-area_cm2": "41", "because": "Theirs."})
    answer = client.post(address, mine)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Changed by Dr Other while you were typing" in page
    form = next(form for form in Page(answer.content).posting() if "because" in form.names)
    assert (form.typed()["row-area_cm2"], form.typed()["because"]) == ("42", "Measured.")
    assert draft.rows.get().body["area_cm2"] == "41"
    assert client.post(address, dict(form.sends)).status_code == 302
    assert draft.rows.get().body["area_cm2"] == "42"


def test_a_draft_that_somebody_finished_meanwhile_keeps_what_was_typed(client, draft):
    address = row_page(draft)
    mine = typed(client, address, **{"row-area_cm2": "42"})
    change(client, draft, code="frontal", **{"row-area_cm2": "61"})
    finish(client, draft)
    answer = client.post(address, mine)
    assert answer.status_code == 409
    assert "This draft is finished" in answer.content.decode()
    form = next(form for form in Page(answer.content).posting() if "because" in form.names)
    assert form.typed()["row-area_cm2"] == "42"
    assert client.get(address).url == reverse("protocols:draft", args=[draft.pk])


def test_an_older_page_neither_finishes_nor_takes_back(client, draft):
    change(client, draft, **{"row-area_cm2": "41"})
    home = reverse("protocols:draft", args=[draft.pk])
    forms = {form.action: dict(form.sends) for form in Page(client.get(home).content).posting()}
    change(client, draft, **{"row-area_cm2": "42"})
    end, back = (
        reverse("protocols:finish_draft", args=[draft.pk]),
        reverse("protocols:take_back", args=[draft.pk, "zone", "vertex"]),
    )
    for action in (end, back):
        answer = client.post(action, forms[action])
        assert answer.status_code == 409
        assert "Somebody else changed this" in answer.content.decode()
    assert CatalogueRelease.objects.count() == 1
    assert finish(client, draft, name="2030.1").status_code == 422


def test_a_change_is_taken_back_and_a_draft_given_up(client, draft):
    change(client, draft, **{"row-area_cm2": "41"})
    home = reverse("protocols:draft", args=[draft.pk])
    back = reverse("protocols:take_back", args=[draft.pk, "zone", "vertex"])
    form = next(form for form in Page(client.get(home).content).posting() if form.action == back)
    assert client.post(back, dict(form.sends)).url == home
    assert "Nothing yet." in text(client, home)
    assert client.post(reverse("protocols:discard_draft", args=[draft.pk])).url == RELEASES
    assert "Drafts of the clinic" not in text(client, RELEASES)


def test_an_upgrade_is_told_shown_and_carried_over_with_its_conflicts_named(client, director, draft):
    change(client, draft, **{"row-area_cm2": "41"})
    change(client, draft, code="frontal", **{"row-name": "Forehead"})
    finish(client, draft)
    client.post(reverse("protocols:activate", args=["2030.1-clinic-1"]))
    assert "is newer than" not in text(client, RELEASES)
    ship("2030.2", zone("vertex", area_cm2="45", version=2), zone("frontal"), rule())
    told = text(client, RELEASES)
    assert "2030.2 is newer than 2030.1, on which 2030.1-clinic-1 rests; 1 row differs." in told
    address = reverse("protocols:carry_over", args=["2030.2"])
    page = text(client, address)
    assert "Conflict Zone vertex Area cm2" in page
    assert "Fits Zone frontal" in page
    answer = client.post(address, {"name": "2030.2-clinic-1"})
    carried = ReleaseDraft.objects.get(name="2030.2-clinic-1")
    page = text(client, answer.url)
    assert "Area cm2 40 41 45" in page
    answer = finish(client, carried)
    assert answer.status_code == 422
    assert "Decide on the conflicts first: zone vertex." in answer.content.decode()
    change(client, carried, **{"row-area_cm2": "43"})
    assert finish(client, carried).status_code == 302


def test_a_row_of_no_release_is_not_found(client, draft):
    assert client.get(row_page(draft, "zone", "crown")).status_code == 404
    assert client.get(row_page(draft, "mood", "vertex")).status_code == 404
