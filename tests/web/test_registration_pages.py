"""The pages of step 1: find, add, correct, open."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.documents import keep
from patients.models import Patient, PatientDocument
from tests.builders import clinic, people

TYPED = {
    "given_name": "Ana",
    "family_name": "Peña",
    "birth_date_day": "26",
    "birth_date_month": "nov",
    "birth_date_year": "1990",
    "phone": "+34 612 345 678",
    "language": "es",
    "contact_by_phone": "on",
}


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def desk(client, site):
    client.force_login(clinic.desk(at=site))
    client.site = site
    return client


def add(client, **over):
    return client.post(reverse("patients:new"), TYPED | {"site": client.site.pk} | over)


def test_adding_leads_to_the_patient(desk):
    answer = add(desk)
    patient = Patient.objects.get()
    assert (patient.birth_date, patient.email) == (date(1990, 11, 26), "")
    assert answer.url == reverse("sessions:patient", args=[patient.pk])
    assert b"Papers are printed instead" in desk.get(answer.url).content


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"given_name": "", "family_name": ""}, "Enter a given name or a family name"),
        ({"birth_date_day": "31", "birth_date_month": "2"}, "Enter the birth date with day, month and full year"),
        ({"birth_date_year": "9" * 5000}, "Enter the birth date with day, month and full year"),
        ({"birth_date_year": "2999"}, "Birth date must be in the past."),
        ({"birth_date_year": "1899"}, "Birth date must be 1900 or later."),
        ({"email": "ana at home"}, "Enter one e-mail address"),
        ({"phone": "12"}, "A phone number has 5 to 15 digits"),
        ({"site": "9" * 5000}, "Choose one of your sites."),
        ({"language": "xx"}, "Select a valid choice"),
    ],
)
def test_a_wrong_field_answers_422_and_keeps_what_was_typed(desk, over, words):
    answer = add(desk, **over)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "+34 612 345 678" in page or "phone" in over
    assert not Patient.objects.exists()


@pytest.mark.parametrize("name", ["a\x00b", "\x00"])
def test_text_that_no_database_holds_is_a_plain_400(desk, name):
    assert add(desk, given_name=name).status_code == 400
    assert not Patient.objects.exists()


def test_markup_in_a_name_is_text_only(desk):
    add(desk, family_name="<script>alert(1)</script>")
    page = desk.get(reverse("sessions:patient", args=[Patient.objects.get().pk])).content
    assert b"<script>alert" not in page
    assert b"&lt;script&gt;alert" in page


def test_a_duplicate_is_shown_beside_what_was_typed_and_needs_a_confirmation(desk):
    add(desk)
    answer = add(desk, phone="612345678")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Open this patient" in page
    assert "Add anyway" in page
    assert 'value="612345678"' in page
    assert Patient.objects.count() == 1
    assert add(desk, add_anyway="on").status_code == 302
    assert Patient.objects.count() == 2


def test_a_patient_of_another_site_is_hinted_at_without_details_and_linked(desk):
    other = people.patient(given_name="Ana", family_name="Peña", birth_date=date(1990, 11, 26), email="secret@x.test")
    page = add(desk).content.decode()
    assert "This person may be known at another site." in page
    assert other.record_number not in page
    assert "secret@x.test" not in page
    answer = desk.post(reverse("patients:link"), TYPED | {"site": desk.site.pk, "patient_id": other.pk})
    assert answer.url == reverse("sessions:patient", args=[other.pk])
    assert Patient.objects.count() == 1


def test_a_number_that_is_not_alike_links_nobody(desk):
    other = people.patient()
    answer = desk.post(reverse("patients:link"), TYPED | {"site": desk.site.pk, "patient_id": other.pk})
    assert answer.status_code == 404
    assert desk.get(reverse("sessions:patient", args=[other.pk])).status_code == 404


def test_the_second_editor_sees_both_versions_and_who_was_first(desk, site):
    patient = people.patient(site=site, given_name="Ana", family_name="Peña")
    url = reverse("patients:edit", args=[patient.pk])
    first = {**TYPED, "version": 1, "given_name": "Anna"}
    assert desk.post(url, first).status_code == 302
    answer = desk.post(url, {**TYPED, "version": 1, "given_name": "Anne"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Changed by Staff" in page
    assert ">Anna<" in page
    assert 'value="Anne"' in page
    assert 'name="version" value="2"' in page


def test_the_second_editor_can_take_a_field_of_the_first(desk, site):
    patient = people.patient(site=site, given_name="Anna", family_name="Peña", version=2)
    mine = {**TYPED, "version": 2, "given_name": "Anne", "phone": "612 000 000", "theirs": ["given_name", "birth_date"]}
    assert desk.post(reverse("patients:edit", args=[patient.pk]), mine).status_code == 302
    patient.refresh_from_db()
    assert (patient.given_name, patient.birth_date, patient.phone) == ("Anna", date(1992, 3, 14), "612 000 000")


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000])
def test_a_senseless_version_is_a_422(desk, site, version):
    patient = people.patient(site=site)
    answer = desk.post(reverse("patients:edit", args=[patient.pk]), {**TYPED, "version": version})
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["sessions:patient", "patients:edit"])
@pytest.mark.parametrize("key", ["other", 999_999, 10**18, int("9" * 40)])
def test_another_sites_patient_answers_like_an_absent_one(desk, name, key):
    key = people.patient().pk if key == "other" else key
    assert desk.get(reverse(name, args=[key])).status_code == 404


def test_every_page_of_a_patient_is_disclosed_once(desk, site):
    patient = people.patient(site=site)
    for url in (
        reverse("sessions:patient", args=[patient.pk]),
        reverse("patients:edit", args=[patient.pk]),
        reverse("patients:search") + "?q=selin",
    ):
        before = AuditEvent.objects.filter(action="patient.disclosed", patient_id=patient.pk).count()
        assert desk.get(url).status_code == 200
        assert AuditEvent.objects.filter(action="patient.disclosed", patient_id=patient.pk).count() == before + 1


def test_the_desk_sees_no_clinical_facts_and_a_doctor_does(client, site):
    patient = people.patient(site=site)
    people.fact_sheet(patient, facts={"allergies": [{"class": "lidocaine", "reaction": "urticaria"}]})
    page = {}
    for role in (Role.FRONT_DESK, Role.DERMATOLOGIST):
        client.force_login(clinic.staff(role, at=site))
        page[role] = client.get(reverse("sessions:patient", args=[patient.pk])).content.decode()
    assert "lidocaine" not in page[Role.FRONT_DESK]
    assert "Last verdict" not in page[Role.FRONT_DESK]
    assert "lidocaine" in page[Role.DERMATOLOGIST]
    assert "Not recorded" in page[Role.DERMATOLOGIST]


def test_nothing_recorded_differs_from_none_known(client, site):
    patient = people.patient(site=site)
    client.force_login(clinic.dermatologist(at=site))
    url = reverse("sessions:patient", args=[patient.pk])
    assert "<b>Allergies</b> Not recorded" in client.get(url).content.decode()
    people.fact_sheet(patient, facts={"allergies_reviewed": "yes", "allergies": []})
    assert "<b>Allergies</b> None known" in client.get(url).content.decode()


def test_the_summary_asks_the_database_as_often_for_much_as_for_little(
    client, site, django_assert_max_num_queries, django_assert_num_queries
):
    doctor = clinic.dermatologist(at=site)
    few, many = people.patient(site=site), people.patient(site=site)
    for _ in range(6):
        people.signed_consultation(many, by=doctor, facts={"bleeding_disorder": "no"})
    client.force_login(doctor)
    client.get(reverse("sessions:patient", args=[few.pk]))
    with django_assert_max_num_queries(60) as first:
        client.get(reverse("sessions:patient", args=[few.pk]))
    with django_assert_num_queries(len(first.captured_queries)):
        client.get(reverse("sessions:patient", args=[many.pk]))


def test_a_search_swaps_only_its_results(desk, site):
    people.patient(site=site)
    page, swap = (desk.get(reverse("patients:search"), {"q": "selin"}, headers=h) for h in ({}, {"HX-Request": "true"}))
    assert b"<html" in page.content
    assert b"<html" not in swap.content
    assert b"Selin" in swap.content


def test_a_search_without_a_hit_carries_the_text_over(desk):
    page = desk.get(reverse("patients:search"), {"q": "ağao<b>"}).content.decode()
    assert "No patient “ağao&lt;b&gt;”." in page
    assert reverse("patients:new") + "?name=a%C4%9Fao%3Cb%3E" in page


@pytest.mark.parametrize("kind", ["consent", "treatment_record"])
def test_a_paper_opens_in_scope_only_and_clinical_ones_not_for_the_desk(desk, site, kind, settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path
    patient = people.patient(site=site)
    paper = keep(b"%PDF-1.7 x", kind=kind, language="en", template_version="1")
    PatientDocument.objects.create(patient=patient, document=paper, kind=kind, subject="consent:1")
    url = reverse("patients:document", args=[paper.pk])
    answer = desk.get(url)
    assert answer.status_code == (200 if kind == "consent" else 404)
    desk.force_login(clinic.dermatologist(at=clinic.site()))
    assert desk.get(url).status_code == 404
    if kind == "consent":
        assert answer.headers["Content-Disposition"] == 'inline; filename="paper.pdf"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_home(client, site, role):
    client.force_login(clinic.staff(role, at=site))
    answer = client.get(reverse("sessions:today"))
    assert answer.status_code == 200
    assert b"Nothing waits for you" in answer.content


def test_an_old_draft_waits_on_its_doctors_home(client, site, clock):
    doctor = clinic.dermatologist(at=site)
    people.draft_consultation(people.patient(site=site), by=doctor)
    client.force_login(doctor)
    assert b"is not signed" not in client.get(reverse("sessions:today")).content
    client.logout()
    clock.advance(days=2)
    client.force_login(doctor)
    assert b"is not signed" in client.get(reverse("sessions:today")).content


def test_the_director_closes_a_site_on_public_holidays_once(client, site, clock):
    clock.set(datetime(2026, 3, 2, 8, tzinfo=UTC))
    client.force_login(clinic.staff(Role.DIRECTOR, at=site))
    url = reverse("mesoclinic:add_holidays", args=[site.pk, 2026])
    assert client.post(url).status_code == 302
    closed = site.closures.count()
    assert client.post(url).status_code == 302
    assert site.closures.count() == closed > 5
    assert b"Add public holidays" in client.get(reverse("mesoclinic:closures", args=[site.pk])).content
    assert client.post(reverse("mesoclinic:add_holidays", args=[clinic.site().pk, 2026])).status_code == 404
