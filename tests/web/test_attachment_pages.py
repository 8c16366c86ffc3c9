"""The pages of letters and results: refused beside the field, served so that nothing in them runs (D08-D13)."""

from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mesoclinic.uploads import MOST_BODY_BYTES, MOST_BYTES
from patients.models import Attachment
from tests.builders import clinic, papers, people
from tests.web.pages import Page


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site, client):
    doctor = clinic.dermatologist(at=site)
    client.force_login(doctor)
    return doctor


@pytest.fixture
def patient(site):
    return people.patient(site=site)


def page_of(patient):
    return reverse("patients:attach_document", args=[patient.pk])


def sent(content=papers.PDF, name="letter.pdf", **over):
    return {
        "kind": "letter",
        "dated_on": papers.yesterday().isoformat(),
        "author": "Dr Vega",
        "file": SimpleUploadedFile(name, content, "image/svg+xml"),
    } | over


def test_a_letter_is_attached_and_stands_on_the_patients_page(client, doctor, patient):
    answer = client.post(page_of(patient), sent(name="<b>letter.pdf"))
    assert answer.url == reverse("sessions:patient", args=[patient.pk])
    shown = client.get(answer.url).content.decode()
    made = Attachment.objects.get()
    assert reverse("patients:document", args=[made.paper.document_id]) in shown
    assert "Dr Vega" in shown
    assert "&lt;b&gt;letter" in shown
    assert "<b>letter" not in shown


@pytest.mark.parametrize(("content", "mime", "name"), [
    (papers.PDF, "application/pdf", "paper.pdf"),
    (papers.picture("JPEG"), "image/jpeg", "paper.jpg"),
    (papers.picture("PNG"), "image/png", "paper.png"),
])  # fmt: skip
def test_an_attachment_opens_in_a_sandbox_under_a_name_of_ours(client, doctor, patient, content, mime, name):
    client.post(page_of(patient), sent(content))
    answer = client.get(reverse("patients:document", args=[Attachment.objects.get().paper.document_id]))
    assert answer["Content-Type"] == mime
    assert answer["Content-Disposition"] == f'inline; filename="{name}"'
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(("content", "words"), [
    (b"<svg></svg>", "Only PDF, JPEG and PNG"),
    (b"", "empty"),
    (papers.PDF + bytes(3 * MOST_BYTES), "larger than 10 MB"),
])  # fmt: skip
def test_a_refusal_stands_beside_the_file(client, doctor, patient, content, words):
    answer = client.post(page_of(patient), sent(content))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    target, message = Page(answer.content).summary[0]
    assert target == "id_file"
    assert words in message
    assert "Dr Vega" in answer.content.decode()
    assert not Attachment.objects.exists()


def test_says_of_each_field_what_is_missing(client, doctor, patient):
    answer = client.post(page_of(patient), {})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert {target for target, _message in Page(answer.content).summary} >= {"id_dated_on", "id_author", "id_file"}


def test_a_body_larger_than_any_form_is_not_read(client, doctor, patient):
    answer = client.post(page_of(patient), sent(), CONTENT_LENGTH=str(MOST_BODY_BYTES + 1))
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_too_many_files_are_refused(client, doctor, patient):
    files = [SimpleUploadedFile(f"{number}.pdf", papers.PDF) for number in range(101)]
    assert client.post(page_of(patient), sent() | {"file": files}).status_code == HTTPStatus.BAD_REQUEST


def test_goes_back_to_where_it_was_asked_for_and_nowhere_else(client, doctor, patient):
    assert client.post(page_of(patient), sent(next="/plans/7/")).url == "/plans/7/"
    for strange in ("//evil.test/", "https://evil.test/", "javascript:alert(1)"):
        answer = client.post(page_of(patient), sent(next=strange))
        assert answer.url == reverse("sessions:patient", args=[patient.pk])


def test_a_wrong_paper_is_set_aside_with_a_reason(client, doctor, patient):
    made = papers.attachment(patient, by=doctor)
    page = reverse("patients:set_attachment_aside", args=[made.pk])
    assert client.post(page, {"reason": " "}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert client.post(page, {"reason": "Letter of another patient."}).status_code == HTTPStatus.FOUND
    shown = client.get(reverse("sessions:patient", args=[patient.pk])).content.decode()
    assert "Letter of another patient." in shown
    assert reverse("patients:document", args=[made.paper.document_id]) not in shown
    opened = client.get(reverse("patients:document", args=[made.paper.document_id]))
    assert opened.status_code == HTTPStatus.NOT_FOUND
