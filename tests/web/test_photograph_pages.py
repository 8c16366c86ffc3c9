"""The pages of photographs: refused beside the file, opened in a sandbox, the camera in one place (D08 to D16)."""

import re
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mesoclinic.audit import AuditEvent
from patients.models import Photo, SkippedView
from patients.queries.photographs import address_of, number_in
from patients.services.consents import withdraw_consent
from sessions.services.treatment import open_treatment
from tests.builders import catalogue, clinic, papers, people, photographs, treatments
from tests.web.pages import Page


@pytest.fixture
def site():
    catalogue.release()
    return clinic.site()


@pytest.fixture
def doctor(site, client):
    doctor = clinic.dermatologist(at=site)
    client.force_login(doctor)
    return doctor


@pytest.fixture
def patient(site, doctor):
    patient = people.patient(site=site)
    photographs.consent(patient, by=doctor)
    return patient


def page(name, *args):
    return reverse(f"patients:{name}", args=args)


def sent(view="vertex", content=None, name="photo.jpg", mime="image/jpeg"):
    return {"view": view, "photograph": SimpleUploadedFile(name, content or photographs.another(), mime)}


def test_a_photograph_is_kept_and_the_next_open_view_comes(client, patient):
    answer = client.post(page("take_photographs", patient.pk), sent("frontal_hairline"), follow=True)
    assert "<h2>Midline part</h2>" in answer.content.decode()
    made = Photo.objects.get()
    assert page("small_photograph", address_of(made)) in answer.content.decode()
    shown = client.get(page("photographs", patient.pk)).content.decode()
    assert page("small_photograph", address_of(made)) in shown
    assert f"/{made.pk}/small/" not in shown


def test_an_occasion_ends_when_every_view_is_taken_or_skipped(client, patient):
    for view in ("frontal_hairline", "midline_part", "vertex", "left", "right"):
        client.post(page("take_photographs", patient.pk), {"view": view, "reason": "Hat."})
    assert SkippedView.objects.count() == 5
    answer = client.post(page("take_photographs", patient.pk), sent("occiput"), follow=True)
    assert answer.redirect_chain[-1][0] == page("photographs", patient.pk)
    assert "Hat." in answer.content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<svg></svg>", "Only JPEG and PNG"), (papers.PDF, "Only JPEG and PNG"), (b"\xff\xd8\xff", "damaged")],
)
def test_a_refusal_stands_beside_the_file(client, patient, content, words):
    answer = client.post(page("take_photographs", patient.pk), sent(content=content, mime="image/jpeg"))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    target, message = Page(answer.content).summary[0]
    assert (target, words in message) == ("id_photograph", True)
    assert "<h2>Vertex</h2>" in answer.content.decode()
    assert not Photo.objects.exists()


def test_a_skip_without_a_reason_is_refused_beside_it(client, patient):
    answer = client.post(page("take_photographs", patient.pk), {"view": "left", "reason": " "})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Page(answer.content).summary[0][0] == "id_reason"


def test_without_consent_the_page_says_so_and_takes_nothing(client, site, doctor):
    patient = people.patient(site=site)
    shown = client.get(page("take_photographs", patient.pk)).content.decode()
    assert "has not been asked for consent" in shown
    assert 'type="file"' not in shown
    answer = client.post(page("take_photographs", patient.pk), sent())
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Photo.objects.exists()


def test_two_tabs_of_two_patients_keep_each_photograph_with_its_own(client, site, doctor, patient):
    other = people.patient(site=site)
    photographs.consent(other, by=doctor)
    client.get(page("take_photographs", patient.pk))
    client.get(page("take_photographs", other.pk))
    client.post(page("take_photographs", patient.pk), sent("left") | {"patient_id": other.pk})
    client.post(page("take_photographs", other.pk), sent("right") | {"patient": patient.pk})
    assert set(Photo.objects.values_list("patient", "view")) == {(patient.pk, "left"), (other.pk, "right")}


@pytest.mark.parametrize("name", ["photograph", "small_photograph"])
@pytest.mark.parametrize(("kind", "mime", "called"), [("JPEG", "image/jpeg", "jpg"), ("PNG", "image/png", "png")])
def test_a_picture_opens_in_a_sandbox_and_stays_in_no_cache(client, doctor, patient, name, kind, mime, called):
    made = photographs.photo(patient, by=doctor, content=papers.picture(kind))
    before = AuditEvent.objects.count()
    answer = client.get(page(name, address_of(made)))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (mime, "nosniff")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert (answer["Cache-Control"], answer["Content-Disposition"]) == (
        "no-store",
        f'inline; filename="paper.{called}"',
    )
    event = AuditEvent.objects.get(number__gt=before)
    assert (event.action, event.patient_id, event.reason) == ("patient.disclosed", patient.pk, "open photograph")


@pytest.mark.parametrize("name", ["photograph", "small_photograph"])
def test_no_picture_is_at_a_guessed_address_or_for_another_role(client, site, doctor, patient, name):
    made = photographs.photo(patient, by=doctor)
    address = page(name, address_of(made))
    guesses = [page(name, guess) for guess in (made.pk, made.document_id, made.document.file.replace("/", ""), "..")]
    assert {client.get(guess).status_code for guess in guesses} == {HTTPStatus.NOT_FOUND}
    # Neither the door of papers opens it.
    paper = page("document", made.document_id)
    assert client.get(paper).status_code == HTTPStatus.NOT_FOUND
    client.force_login(clinic.desk(at=site))
    assert client.get(address).status_code == HTTPStatus.FORBIDDEN
    client.force_login(clinic.dermatologist())
    assert client.get(address).status_code == HTTPStatus.NOT_FOUND
    assert "/accounts/login/" in Client().get(address).url


def test_after_a_withdrawal_no_page_and_no_address_shows_a_picture(client, doctor, patient):
    made = photographs.photo(patient, by=doctor)
    address = page("small_photograph", address_of(made))
    withdraw_consent(doctor, consent_id=made.consent_id)
    assert client.get(address).status_code == HTTPStatus.NOT_FOUND
    for name in ("photographs", "take_photographs", "compare_photographs"):
        shown = client.get(page(name, patient.pk)).content.decode()
        assert "withdrew the consent to photographs" in shown
        assert "/small/" not in shown
        assert 'type="file"' not in shown
    whole = client.get(reverse("sessions:patient", args=[patient.pk])).content.decode()
    assert "stays in the record and is not shown" in whole


def test_the_camera_is_open_to_the_page_that_takes_and_to_no_other(client, doctor, patient):
    photographs.photo(patient, by=doctor)
    allowed = client.get(page("take_photographs", patient.pk))["Permissions-Policy"]
    assert "camera=(self)" in allowed
    assert "microphone=()" in allowed
    elsewhere = [
        page("photographs", patient.pk),
        page("compare_photographs", patient.pk),
        reverse("sessions:patient", args=[patient.pk]),
        reverse("account_logout"),
        "/nowhere/",
    ]
    assert {client.get(address)["Permissions-Policy"].split(",")[0] for address in elsewhere} == {"camera=()"}


@pytest.mark.parametrize(
    ("way", "behaviour"), [("slider", "photo-slider"), ("side", "photo-zoom"), ("timeline", "photo-timeline")]
)
def test_compares_two_dates_of_a_view(client, doctor, patient, way, behaviour):
    first, second = (photographs.photo(patient, by=doctor) for _number in range(2))
    shown = client.get(page("compare_photographs", patient.pk), {"view": "vertex", "way": way}).content.decode()
    assert f'data-behaviour="{behaviour}"' in shown
    assert opened(shown) == [first.pk, second.pk][-len(opened(shown)) :]
    other = {"first": second.pk, "second": first.pk, "way": way}
    shown = client.get(page("compare_photographs", patient.pk), other).content.decode()
    assert opened(shown) == [second.pk, first.pk][-len(opened(shown)) :]


def opened(shown):
    """The photographs that are large on the page, in order."""
    addresses = re.findall(r'<img src="/photographs/([^"/]+)/"', shown)
    return [number_in(address) for address in addresses]


def test_a_comparison_of_nothing_or_nonsense_is_a_page(client, doctor, patient):
    nonsense = {"view": "chin", "first": "x", "second": "9" * 50, "way": "sideways"}
    assert "No photographs yet" in client.get(page("compare_photographs", patient.pk), nonsense).content.decode()
    photographs.photo(patient, by=doctor)
    shown = client.get(page("compare_photographs", patient.pk), nonsense).content.decode()
    assert 'data-behaviour="photo-slider"' in shown
    assert "A comparison needs a second" in shown


def test_a_wrong_photograph_is_set_aside_with_a_reason(client, doctor, patient):
    made = photographs.photo(patient, by=doctor)
    address = page("set_photograph_aside", made.pk)
    assert client.post(address, {"reason": " "}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    shown = client.post(address, {"reason": "Of another patient."}, follow=True).content.decode()
    assert "Of another patient." in shown
    assert "/small/" not in shown


def test_a_session_takes_its_own_photographs(client):
    scene = treatments.scene()
    open_treatment(scene.nurse, session_id=scene.session.pk)
    client.force_login(scene.nurse)
    photographs.consent(scene.patient, by=scene.doctor, at=scene.site)
    room = reverse("sessions:treatment", args=[scene.session.pk])
    address = reverse("sessions:session_photographs", args=[scene.session.pk])
    assert address in client.get(room).content.decode()
    assert "camera=(self)" in client.get(address)["Permissions-Policy"]
    client.post(address, sent("vertex"))
    client.post(address, {"view": "left", "reason": "Hat."})
    assert Photo.objects.get().subject == SkippedView.objects.get().subject == f"session:{scene.session.pk}"
    assert "Skipped: Hat." in client.get(room).content.decode()
