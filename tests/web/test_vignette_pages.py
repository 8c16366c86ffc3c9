"""The director runs cases against a release before approving it; a file that cannot be run is refused in words."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from protocols.forms.vignettes import LARGEST
from protocols.models import CatalogueRelease, CatalogueRow, VignetteRun
from protocols.release_files import shipped_cases
from sessions.services.vignettes import MOST_CASES
from tests.builders import catalogue, clinic
from tests.builders.facts import MAN
from tests.web.pages import Page

FORMAT = "mesoclinic-vignettes/1"


@pytest.fixture
def release() -> CatalogueRelease:
    return catalogue.release()


@pytest.fixture
def director(client):
    somebody = clinic.staff(Role.DIRECTOR)
    client.force_login(somebody)
    return somebody


def case(**over: object) -> dict[str, object]:
    told = {"id": "A1", "title": "A man", "evaluated_on": "2026-03-02", "patient": MAN}
    return told | {"expect": {"verdict": "proceed"}} | over


def text(*cases: object, **over: object) -> bytes:
    return json.dumps({"format": FORMAT, "cases": list(cases)} | over).encode()


def upload(client, release, content: bytes, name: str = "ours.json"):
    sent = {"source": "own", "file": SimpleUploadedFile(name, content, "application/json")}
    return client.post(reverse("sessions:run_vignettes", args=[release.version]), sent)


def test_keeps_and_shows_which_cases_agree_and_which_differ_field_by_field(client, release, director):
    wrong = case(id="A2", title="Not so", expect={"verdict": "refer", "fired": ["DX-01", "SV-02"]})
    unread = case(id="A3", title="No day", evaluated_on="soon")
    answer = upload(client, release, text(case(), wrong, unread))
    run = VignetteRun.objects.get()
    assert answer.url == reverse("protocols:vignette_run", args=[release.version, run.pk])
    assert (run.release, run.by, run.file_name, run.cases, run.agreeing) == (release, director, "ours.json", 3, 1)
    page = client.get(answer.url).content.decode()
    assert "1 of 3 cases agree" in page
    assert "<td>verdict</td><td>refer</td><td>proceed</td>" in page
    assert "<td>fired</td>" not in page
    assert "evaluated_on is not a date" in page
    assert run.file_sha256 in page
    assert release.sha256 in page


def test_the_release_shows_its_runs_and_offers_the_form_to_the_director(client, release, director):
    upload(client, release, text(case()), "clinic.json")
    address = reverse("protocols:release", args=[release.version])
    page = client.get(address).content.decode()
    assert "1 case agrees" in page
    assert "clinic.json" in page
    assert VignetteRun.objects.get().file_sha256[:12] in page
    assert 'name="file"' in page
    assert "1 case agrees" in client.get(reverse("protocols:decide", args=[release.version])).content.decode()
    client.force_login(clinic.staff(Role.NURSE))
    page = client.get(address).content.decode()
    assert "clinic.json" in page
    assert 'name="file"' not in page


def test_runs_the_shipped_cases(client, release, director):
    client.post(reverse("sessions:run_vignettes", args=[release.version]), {"source": "shipped"})
    run = VignetteRun.objects.get()
    assert run.cases == run.agreeing == len(json.loads(shipped_cases())["cases"])


def test_leaves_an_audit_event_with_the_digest_and_the_counts(client, release, director):
    upload(client, release, text(case()))
    run, event = VignetteRun.objects.get(), AuditEvent.objects.get(action="catalogue.vignettes_run")
    assert (event.actor_id, event.object_id) == (director.pk, str(run.pk))
    assert run.file_sha256 in event.reason
    assert "1 of 1 cases agree" in event.reason


def test_the_release_that_is_chosen_judges_not_the_current_one(client, release, director):
    other = CatalogueRelease.objects.create(
        version="clinic-1", sha256="c" * 64, origin="clinic", parent=release, loaded_at=release.loaded_at
    )
    older = [{"name": "older_from", "value": "30", "unit": "years"}]
    CatalogueRow.objects.bulk_create(
        CatalogueRow(
            release=other, kind=row.kind, code=row.code, row_version=row.row_version, sha256=row.sha256,
            body=row.body | ({"limits": older} if row.code == "AG-02" else {}),
        )
        for row in release.rows.order_by("pk")
    )  # fmt: skip
    upload(client, other, text(case(expect={"verdict": "proceed"})))
    (result,) = VignetteRun.objects.get(release=other).results
    assert result["differences"] == [{"field": "verdict", "expected": "proceed", "actual": "caution"}]


BAD = {
    "nothing": b"",
    "not text": b"\xff\xfe{",
    "not JSON": b'{"format": ',
    "no number of JSON": b'{"format": %s}' % (b"9" * 5000),
    "deep": b"[" * 200_000,
    "another format": b'{"format": "other", "cases": []}',
    "a list": b"[]",
    "no cases": text(),
    "cases that are none": text(cases={}),
    "an id twice": text(case(), case()),
    "too many cases": text(*({"id": str(number)} for number in range(MOST_CASES + 1))),
    "too large": text(case(), filler="x" * LARGEST),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_says_beside_the_field_what_is_wrong_with_a_file(client, release, director, content):
    answer = upload(client, release, content)
    assert answer.status_code == 422
    page = Page(answer.content)
    ((target, message),) = page.summary
    assert target == "id_file"
    assert message in page.described("id_file")
    assert not VignetteRun.objects.exists()
    assert not AuditEvent.objects.filter(action="catalogue.vignettes_run").exists()


@pytest.mark.parametrize(
    "sent", [{}, {"source": "own"}, {"source": "neither"}, {"source": "own", "file": "a text instead of a file"}]
)
def test_asks_for_what_is_missing(client, release, director, sent):
    assert client.post(reverse("sessions:run_vignettes", args=[release.version]), sent).status_code == 422


STRANGE = {
    "NUL and half a surrogate pair": case(id="A\x00\ud800", title="\udfff", expect={"verdict": "\x00\udc00"}),
    "a number without bound": {**case(), "expect": {"formulation": {"solution_ml": 1e999, "points": float("nan")}}},
    "mark-up": case(title="<script>alert(1)</script>", expect={"verdict": "<b>"}),
    "no object": 7,
    "another kind of id": case(id=["A"]),
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_a_strange_case_is_kept_and_shown(client, release, director, strange):
    answer = upload(client, release, text(strange))
    page = client.get(answer.url)
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert "0 of 1 cases agree" in page.content.decode()


def test_a_release_that_cannot_be_used_is_refused(client, director):
    few = CatalogueRelease.objects.create(
        version="few", sha256="f" * 64, origin="clinic", loaded_at=catalogue.release().loaded_at
    )
    CatalogueRow.objects.create(release=few, kind="zone", code="vertex", row_version=1, body={}, sha256="e" * 64)
    assert upload(client, few, text(case())).status_code == 422
