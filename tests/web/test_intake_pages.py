"""The questions before a visit, on the patient's phone and on the doctor's screen."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Consultation, IntakeDraft, PatientLink, Proposal
from patients.services.links import revoke
from tests.builders import clinic, intake, people
from tests.builders.intake import ANSWERS

BORN = {"born_day": "14", "born_month": "3", "born_year": "1992"}
START = "/my/intake/"


@pytest.fixture
def here():
    site = clinic.site()
    return site, clinic.dermatologist(at=site), people.patient(site=site)


@pytest.fixture
def phone(here):
    """A phone that has opened the link and given the birth date."""
    _site, doctor, patient = here
    return opened(intake.link(patient, doctor))


def opened(link) -> Client:
    client = Client()
    assert client.get(f"/l/{intake.token(link)}/").headers["Location"] == START
    assert client.post(START, BORN).status_code == 302
    return client


def answer(client: Client, topic: str, version: int, **headers):
    """One page answered as in ANSWERS: saved by itself, or left by its button."""
    button = {} if headers else {"action": "next"}
    return client.post(f"{START}{topic}/", ANSWERS | button | {"version": version}, headers=headers)


def test_looking_at_the_address_changes_nothing_and_leaves_no_token_behind(here):
    _site, doctor, patient = here
    link, client = intake.link(patient, doctor), Client()
    before, door = PatientLink.objects.values().get(), f"/l/{intake.token(link)}/"
    for _ in range(50):
        answer = client.get(door)
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (302, "no-referrer")
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.cookies["link"]["httponly"]
    assert client.cookies["link"]["samesite"] == "Lax"
    page = client.get(START)
    assert "no-store" in page.headers["Cache-Control"]
    assert intake.token(link) not in page.content.decode()
    assert patient.family_name not in page.content.decode()
    assert patient.given_name not in page.content.decode()
    assert PatientLink.objects.values().get() == before


def test_every_link_that_does_not_open_gets_one_answer(here):
    site, doctor, _patient = here
    links = {name: intake.link(people.patient(site=site), doctor) for name in ("expired", "used", "revoked", "other")}
    PatientLink.objects.filter(pk=links["expired"].pk).update(expires_at=links["expired"].made_at - timedelta(days=1))
    PatientLink.objects.filter(pk=links["used"].pk).update(used_at=links["used"].made_at)
    PatientLink.objects.filter(pk=links["other"].pk).update(purpose="consent")
    revoke(doctor, links["revoked"])
    tokens = ["unknown", "x" * 43, *map(intake.token, links.values())]
    answers = [Client().get(f"/l/{token}/") for token in tokens]
    assert {each.status_code for each in answers} == {404}
    assert len({each.content for each in answers}) == 1
    assert site.phone in answers[0].content.decode()


def test_guessing_addresses_is_slowed(here, settings):
    _site, doctor, patient = here
    settings.LINK_RATE_LIMITS = {"link": "3/m/ip"}
    link = intake.link(patient, doctor)
    for _ in range(3):
        assert Client().get("/l/guess/").status_code == 404
    assert Client().get(f"/l/{intake.token(link)}/").status_code == 404
    assert Client(REMOTE_ADDR="192.0.2.7").get(f"/l/{intake.token(link)}/").status_code == 302


def test_nothing_is_shown_before_the_birth_date(here):
    _site, doctor, patient = here
    link, client = intake.link(patient, doctor), Client()
    client.get(f"/l/{intake.token(link)}/")
    assert client.get(f"{START}plans/").headers["Location"] == START
    assert client.post(f"{START}plans/", ANSWERS, headers={"HX-Request": "true"}).status_code == 403
    wrong = client.post(START, BORN | {"born_day": "15"})
    assert wrong.status_code == 422
    assert "not the date of birth that we know" in wrong.content.decode()
    assert client.get(f"{START}check/").headers["Location"] == START
    assert not IntakeDraft.objects.exists()


def test_a_phone_left_alone_asks_for_the_birth_date_again(phone, clock):
    assert phone.get(f"{START}plans/").status_code == 200
    clock.advance(minutes=31)
    assert phone.get(f"{START}plans/").headers["Location"] == START


def test_an_open_question_is_named_and_what_was_typed_stays(phone):
    page = phone.post(f"{START}hair/", {"version": "0", "onset_on": "last spring", "notes__complaint": "Itchy"})
    assert page.status_code == 422
    text = page.content.decode()
    assert "There is a problem" in text
    assert 'href="#id_onset_on"' in text
    assert 'value="last spring"' in text
    missing = phone.post(f"{START}plans/", {"version": "1"})
    assert missing.status_code == 422
    assert "Choose an answer, or “I do not know”." in missing.content.decode()
    assert IntakeDraft.objects.get().answers["onset_on"] == ["last spring"]


def test_an_answer_is_saved_as_it_is_given_and_another_device_goes_on_there(here, phone):
    saved = answer(phone, "about", 0, **{"HX-Request": "true"})
    assert saved.status_code == 200
    assert "<html" not in saved.content.decode()
    assert re.search(r'name="version" value="1"', saved.content.decode())
    stale = answer(phone, "hair", 0, **{"HX-Request": "true"})
    assert stale.status_code == 409
    assert "another device" in stale.content.decode()
    assert 'name="version" value="0"' in stale.content.decode()
    other = opened(PatientLink.objects.get())
    assert other.get(START).headers["Location"] == f"{START}about/"
    assert 'value="62,5"' in other.get(f"{START}about/").content.decode()
    assert answer(other, "about", 1).headers["Location"] == f"{START}hair/"
    assert other.get(START).headers["Location"] == f"{START}hair/"


def test_who_was_born_male_is_not_asked_about_pregnancy(here):
    site, doctor, _patient = here
    client = opened(intake.link(people.patient(site=site, sex_at_birth="male"), doctor))
    assert client.get(f"{START}pregnancy/").status_code == 302


def test_all_pages_one_after_another_then_sent_once(here, phone):
    _site, _doctor, patient = here
    assert phone.post(f"{START}check/", {"version": "0"}).status_code == 422
    page, version = f"{START}about/", 0
    while page != f"{START}check/":
        page = answer(phone, page.split("/")[-2], version).headers["Location"]
        version = IntakeDraft.objects.get().version
    check = phone.get(page).content.decode()
    assert "Thinner since spring" in check
    assert "still open" not in check
    assert phone.post(page, {"version": version}).headers["Location"] == f"{START}sent/"
    assert "Your answers have arrived" in phone.get(f"{START}sent/").content.decode()
    again = phone.post(page, {"version": version})
    assert again.headers["Location"] == f"{START}sent/"
    proposed = {each.field: each.value for each in Proposal.objects.filter(link__patient=patient)}
    assert proposed["allergies"] == [
        {"class": "fish", "reaction": "urticaria"},
        {"class": "latex", "reaction": "unknown"},
    ]
    assert proposed["weight_kg"] == "62.5"
    assert proposed["isotretinoin_stopped_on"] == "2024-03-14"
    assert proposed["conception_plan_6mo"] == "unknown"
    assert proposed["cardiac"] == ["none"]
    # What does not apply, was left empty or is the doctor's to say is no answer at all.
    assert not {"pregnancy_status", "breastfeeding", "notes__drugs", "allergies_reviewed", "classes"} & set(proposed)


def test_the_doctor_compares_and_takes_over_field_by_field(here, sign_in):
    _site, doctor, patient = here
    people.fact_sheet(patient, facts={"anticoagulant": "warfarin"})
    intake.sent(patient, doctor, anticoagulant="none", epilepsy="no", cardiac="unknown")
    client, address = sign_in(doctor), reverse("patients:intake_answers", args=[patient.pk])
    page = client.get(address).content.decode()
    assert "Milder than the record" in page
    assert "Warfarin or similar" in page
    assert "Does not know" in page
    assert "Take over 1 that is new or the same" in page
    assert "Intake arrived" in client.get(reverse("sessions:patient", args=[patient.pk])).content.decode()
    assert "Intake arrived" in client.get(reverse("patients:consultations")).content.decode()
    assert "has answered the questions" in client.get("/").content.decode()
    taken = {"action": "take", "field": ["anticoagulant", "epilepsy"], "draft": 0, "version": 0, "sheet": 1}
    assert client.post(address, taken).status_code == 422
    assert client.post(address, taken | {"field": ["epilepsy"]}).status_code == 302
    draft = Consultation.objects.get()
    assert draft.answers == {"epilepsy": ["no"]}
    beside = client.get(reverse("patients:consultation", args=[draft.pk])).content.decode()
    assert "2 answers of the patient wait." in beside
    assert "1 answer here is the patient's own" in beside
    assert client.post(address, taken | {"field": ["anticoagulant"]}).status_code == 409


def test_the_desk_shows_an_address_once_and_reads_no_answer(here, sign_in):
    site, doctor, patient = here
    intake.sent(patient, doctor, notes__complaint="A secret")
    client, address = sign_in(clinic.desk(at=site)), reverse("patients:intake_link", args=[patient.pk])
    shown = client.post(address, {"action": "show"}).content.decode()
    assert "data:image/svg+xml;base64," in shown
    assert f"/l/{intake.token(PatientLink.objects.first())}/" in shown
    pages = [client.get(address), client.get(reverse("sessions:patient", args=[patient.pk])), client.get("/")]
    for page in pages:
        assert "/l/" not in page.content.decode()
        assert "A secret" not in page.content.decode()
    assert client.post(address, {"action": "revoke"}).status_code == 302
    assert PatientLink.objects.first().revoked_at is not None
