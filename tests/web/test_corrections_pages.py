"""Corrections on their pages: each question with its own control, the wrong value struck through beside the right."""

import re
from http import HTTPStatus

import pytest
from django.urls import reverse

from patients.models import Consultation, Correction
from patients.queries.banner import current_facts
from tests.builders import catalogue, clinic, consultations, people
from tests.web.pages import Page

pytestmark = pytest.mark.once

DEFER = {"scalp_infection": "bacterial"}
ALLERGIC = {"allergies": [{"class": "fish", "reaction": "anaphylaxis"}]}
REASON = "Ticked the wrong line."
CAUTION = {"otc_bleeding_supplements": "yes"}


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site, client):
    doctor = clinic.dermatologist(at=site, name="Dr Elif Aydın")
    client.force_login(doctor)
    catalogue.release()
    return doctor


@pytest.fixture
def patient(site):
    return people.patient(site=site)


def record(made):
    return reverse("patients:consultation", args=[made.pk])


def page_of(made, answer):
    return reverse("patients:correct_answer", args=[made.pk, answer])


def words(answer):
    return " ".join(answer.content.decode().split())


def test_the_record_leads_to_each_answer_and_shows_the_correction(client, doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    assert page_of(made, "scalp_infection") in words(client.get(record(made)))
    form = Page(client.get(page_of(made, "scalp_infection")).content).forms[-1]
    assert set(form.names) == {"csrfmiddlewaretoken", "scalp_infection", "reason"}
    answer = client.post(page_of(made, "scalp_infection"), {"scalp_infection": "none", "reason": REASON})
    assert answer.url == record(made)
    shown = words(client.get(record(made)))
    assert "Wrong: </span>Bacterial</s>" in shown
    assert "Right: </span>None</b>" in shown
    assert "Corrected by Dr Elif Aydın" in shown
    assert REASON in shown
    assert "Since the correction: Suitable" in shown


def test_a_wrong_allergy_is_corrected_to_none(client, doctor, patient):
    made = consultations.signed(doctor, patient, **ALLERGIC)
    sent = {"allergy__0__class": "", "allergy__0__reaction": "", "reason": "Allergy of the sister."}
    assert client.post(page_of(made, "allergies"), sent).status_code == HTTPStatus.FOUND
    assert current_facts(patient)["allergies"]["value"] == []
    shown = words(client.get(record(made)))
    assert "Fish: anaphylaxis</s>" in shown
    assert "Right: </span>None known</b>" in shown


def test_a_wrong_grade_and_a_wrong_number_have_their_own_controls(client, doctor, patient):
    made = consultations.signed(doctor, patient)
    assert (
        client.post(page_of(made, "weight_kg"), {"weight_kg": "71,5", "reason": REASON}).status_code == HTTPStatus.FOUND
    )
    assert current_facts(patient)["weight_kg"]["value"] == "71.5"
    sent = {"severity__ludwig": "II", "reason": REASON}
    assert client.post(page_of(made, "severity"), sent).status_code == HTTPStatus.FOUND
    assert current_facts(patient)["severity"]["value"] == [{"scale": "ludwig", "stage": "II"}]


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"weight_kg": "71"}, "id_reason"), ({"weight_kg": "heavy", "reason": REASON}, "id_weight_kg")],
)
def test_says_beside_the_field_what_is_wrong(client, doctor, patient, sent, field):
    made = consultations.signed(doctor, patient)
    answer = client.post(page_of(made, "weight_kg"), sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [target for target, _message in Page(answer.content).summary] == [field]
    assert not Correction.objects.exists()


def test_an_unknown_question_and_the_day_of_birth_are_no_page(client, doctor, patient):
    made = consultations.signed(doctor, patient)
    for name in ("shoe_size", "date_of_birth", "age_years"):
        assert client.get(page_of(made, name)).status_code == HTTPStatus.NOT_FOUND
    assert page_of(made, "date_of_birth") not in words(client.get(record(made)))


def test_every_answer_of_the_record_has_its_page(client, doctor, patient):
    made = consultations.signed(doctor, patient)
    offered = set(re.findall(r"/correct/(\w+)/", words(client.get(record(made)))))
    assert offered >= {"dx", "severity", "allergies", "weight_kg", "pregnancy_status"}
    for name in offered:
        form = Page(client.get(page_of(made, name)).content).forms[-1]
        assert len(form.names) > 2, name


def test_new_cautions_are_acknowledged_on_the_corrected_record(client, doctor, patient):
    made = consultations.signed(doctor, patient)
    sent = {"otc_bleeding_supplements": "yes", "reason": REASON}
    client.post(page_of(made, "otc_bleeding_supplements"), sent)
    shown = client.get(record(made))
    form = next(each for each in Page(shown.content).forms if "acknowledged" in each.names)
    client.post(form.action, {"acknowledged": "BL-08", "next": record(made)})
    assert 'name="acknowledged"' not in words(client.get(record(made)))
    version = consultations.signed_version(doctor, consultations.plan(doctor, made))
    assert version.candidacy.verdict == "caution"


def test_a_consultation_of_the_wrong_patient_is_voided(client, doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    page = reverse("patients:void_consultation", args=[made.pk])
    assert page in words(client.get(record(made)))
    assert client.post(page, {"reason": ""}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert client.post(page, {"reason": "Written for another patient."}).url == record(made)
    assert Consultation.objects.get().state == Consultation.State.VOIDED
    shown = words(client.get(record(made)))
    assert "This consultation is void." in shown
    assert "Written for another patient." in shown
    assert "Make a treatment plan" not in shown
    assert page_of(made, "scalp_infection") not in shown
    assert client.get(page).url == record(made)
