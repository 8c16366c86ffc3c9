"""Overrides on their pages: offered where the rule allows it, refused beside the field, marked wherever they count."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from mesoclinic import clock
from patients.models import Candidacy, Consultation, Override
from sessions.models import TreatmentRecord
from sessions.services import treatment as room
from tests.builders import catalogue, clinic, consultations, papers, people, treatments
from tests.web.pages import Page

pytestmark = pytest.mark.once

REFERRAL = {"bdd_screen": "positive"}
DEFER = {"scalp_infection": "bacterial"}
STOPPED = {"pregnancy_status": "pregnant"}
WHY = "Seen with the patient today, no risk at this dose."
LAPSED = {"valid_until": "2020-01-01", "letter_id": "7"}
EXAMINED = {"ground": "examined", "reason": WHY}


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


def verdict(doctor, patient, **over):
    made = consultations.signed(doctor, patient, **over)
    return made, Candidacy.objects.get(fact_sheet__consultation=made)


def page_of(given, rule):
    return reverse("patients:override", args=[given.pk, rule])


def prefixed(rule, answers):
    return {f"override-{rule}-{name}": value for name, value in answers.items()}


def words(answer):
    return " ".join(answer.content.decode().split())


def test_a_finding_is_overridden_from_the_signed_record_and_marked_there(client, doctor, patient):
    made, given = verdict(doctor, patient, **DEFER)
    record = reverse("patients:consultation", args=[made.pk])
    assert page_of(given, "SC-01") in words(client.get(record))
    answer = client.post(page_of(given, "SC-01"), EXAMINED | {"next": record})
    assert answer.url == record
    shown = words(client.get(record))
    assert "Overridden by Dr Elif Aydın" in shown
    assert WHY in shown
    assert "Without the overrides: <b>Not now</b>" in shown
    assert page_of(given, "SC-01") not in shown
    assert WHY in words(client.get(reverse("sessions:patient", args=[patient.pk])))


def test_a_contraindication_has_no_override_anywhere(client, doctor, patient):
    made, given = verdict(doctor, patient, **STOPPED)
    rule = next(found["rule"] for found in given.findings if found["level"] == "contraindicated")
    shown = words(client.get(reverse("patients:consultation", args=[made.pk])))
    assert page_of(given, rule) not in shown
    assert "cannot be overridden here" in words(client.get(page_of(given, rule)))
    answer = client.post(page_of(given, rule), EXAMINED)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("over", "rule", "sent", "fields"),
    [
        (DEFER, "SC-01", {}, {"id_ground", "id_reason"}),
        (DEFER, "SC-01", {"ground": "examined", "reason": "Too short"}, {"id_reason"}),
        (REFERRAL, "PS-02", {"reason": WHY}, {"id_letter_id", "id_valid_until"}),
        (REFERRAL, "PS-02", {"reason": WHY} | LAPSED, {"id_letter_id", "id_valid_until"}),
    ],
)  # fmt: skip
def test_says_beside_the_field_what_is_missing(client, doctor, patient, over, rule, sent, fields):
    _made, given = verdict(doctor, patient, **over)
    answer = client.post(page_of(given, rule), sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert {target for target, _message in Page(answer.content).summary} == fields
    assert not Override.objects.exists()


def test_a_referral_is_cleared_with_its_letter(client, doctor, patient):
    made, given = verdict(doctor, patient, **REFERRAL)
    assert "No letter of a specialist is attached yet" in words(client.get(page_of(given, "PS-02")))
    letter = papers.attachment(patient, by=doctor).paper.document_id
    until = clock.now().date() + timedelta(days=90)
    sent = {"reason": WHY, "letter_id": letter, "valid_until": until.isoformat()}
    assert client.post(page_of(given, "PS-02"), sent).status_code == HTTPStatus.FOUND
    shown = words(client.get(reverse("patients:consultation", args=[made.pk])))
    assert reverse("patients:document", args=[letter]) in shown
    assert "holds until" in shown
    assert "Dr Vega, haematology" in shown


def test_findings_are_overridden_as_the_consultation_is_signed(client, doctor, patient):
    made = consultations.draft(doctor, patient, **DEFER)
    page = reverse("patients:review_consultation", args=[made.pk])
    names = Page(client.get(page).content).forms[-1].names
    assert "override-SC-01-reason" in names
    sent = {"version": made.version, "acknowledged": consultations.EVERY_RULE}
    thin = client.post(page, sent | prefixed("SC-01", {"reason": "No."}))
    assert thin.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose on what ground." in words(thin)
    assert Consultation.objects.get().state == Consultation.State.DRAFT
    assert client.post(page, sent | prefixed("SC-01", EXAMINED)).status_code == HTTPStatus.FOUND
    assert Override.objects.get().rule == "SC-01"
    assert WHY in words(client.get(reverse("patients:consultation", args=[made.pk])))


def test_the_plan_shows_what_its_verdict_sets_aside(client, doctor, patient):
    made, given = verdict(doctor, patient, **DEFER)
    client.post(page_of(given, "SC-01"), EXAMINED)
    plan = consultations.plan(doctor, made)
    page = reverse("patients:plan", args=[plan.pk])
    assert WHY in words(client.get(page))
    consultations.signed_version(doctor, plan)
    assert WHY in words(client.get(page))


def test_the_treatment_room_stops_until_the_doctor_overrides_and_keeps_the_mark(client):
    made = treatments.scene()
    record = treatments.prepared(made)
    record = treatments.rescreened(made, record, scalp_infection="bacterial")
    page = reverse("sessions:treatment", args=[made.session.pk])
    override = reverse("patients:override", args=[record.candidacy_id, "SC-01"])
    client.force_login(made.nurse)
    assert override not in words(client.get(page))
    client.force_login(made.doctor)
    assert override in words(client.get(page))
    client.post(override, EXAMINED | {"next": page})
    shown = words(client.get(page))
    assert "Nothing stops this session" in shown
    assert "Overridden by Dr Elif Aydın" in shown
    record = TreatmentRecord.objects.get(pk=record.pk)
    room.start_treatment(made.doctor, record_id=record.pk, version=record.version)
    assert WHY in words(client.get(page))
