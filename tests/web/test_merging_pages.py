"""The pages that lead from a likely pair to one record, and back."""

import pytest
from django.urls import reverse

from patients.models import Patient, PatientMerge, Todo
from tests.builders import catalogue, clinic, facts, people
from tests.web.pages import Page


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def pair(site):
    catalogue.release()
    ana = people.patient(site=site, given_name="Ana", family_name="Pérez", phone="")
    twin = people.patient(
        site=site, given_name="Ana", family_name="Perez", email="", contact_by_email=False, phone="+34 612 345 678"
    )
    for patient, thinner in ((ana, "none"), (twin, "warfarin")):
        answers = {name: value for name, value in facts.WOMAN.items() if name != "age_years"}
        people.fact_sheet(patient, facts=answers | {"anticoagulant": thinner})
    return ana, twin


def address(name, pair):
    return reverse(name, args=[each.pk for each in pair])


def untouched(page, action):
    """What the page's form would send when nothing on it is changed."""
    form = next(each for each in Page(page.content).posting() if each.action == action)
    return dict(form.sends)


def test_a_doctor_goes_from_the_list_to_one_record_and_back(sign_in, site, pair):
    ana, twin = pair
    client = sign_in(clinic.dermatologist(at=site))
    assert address("sessions:compare_records", pair) in client.get(reverse("patients:duplicates")).content.decode()
    page = client.get(address("sessions:compare_records", pair))
    assert "Warfarin" in page.content.decode()
    merging = address("sessions:merge_records", pair)
    answer = client.post(merging, untouched(page, merging), follow=True)
    assert "The two records are one now." in answer.content.decode()
    ana.refresh_from_db()
    # The older record stays, and what it does not say comes from the other.
    assert (ana.family_name, ana.phone, ana.contact_by_email) == ("Pérez", "+34 612 345 678", True)
    patient = client.get(reverse("sessions:patient", args=[twin.pk]))
    assert patient.headers["Location"] == reverse("sessions:patient", args=[ana.pk])
    made = PatientMerge.objects.get()
    assert client.post(reverse("sessions:undo_merge", args=[made.pk]), {"reason": " "}).status_code == 422
    client.post(reverse("sessions:undo_merge", args=[made.pk]), {"reason": "Two sisters."})
    assert Patient.objects.get(pk=twin.pk).merged_into is None
    assert "Two sisters." in client.get(reverse("sessions:merge", args=[made.pk])).content.decode()


def test_the_desk_sees_no_clinical_answer_and_asks_a_doctor(sign_in, site, pair):
    client = sign_in(clinic.desk(at=site))
    page = client.get(address("sessions:compare_records", pair)).content.decode()
    assert "arfarin" not in page
    assert address("sessions:merge_records", pair) in page
    client.post(address("patients:ask_for_merge", pair))
    assert Todo.objects.get().patient == pair[0]


def test_a_second_doctor_is_told_who_was_first(sign_in, site, pair):
    client = sign_in(clinic.dermatologist(at=site))
    page = client.get(address("sessions:compare_records", pair))
    sent = untouched(page, address("sessions:merge_records", pair))
    Patient.objects.filter(pk=pair[1].pk).update(version=7)
    answer = client.post(address("sessions:merge_records", pair), sent)
    assert answer.status_code == 409
    assert "changed one of these records meanwhile" in answer.content.decode()
    assert not PatientMerge.objects.exists()
