"""Registering, correcting and linking patients through their services."""

from datetime import date

import pytest

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, StaleRecord
from patients.models import Patient, PatientSite
from patients.services.registration import LikelyDuplicate, link_patient_to_site, register_patient, update_patient
from tests.builders import clinic, people

ANA = {"given_name": "Ana", "family_name": "Peña", "birth_date": date(1990, 11, 26)}


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def desk(site):
    return clinic.desk(at=site)


def test_a_patient_without_email_is_registered_at_the_site(site, desk):
    patient = register_patient(desk, site=site, **ANA)
    assert (patient.email, patient.search_name) == ("", "ana pena")
    assert PatientSite.objects.get().site == site
    assert AuditEvent.objects.get(action="patient.registered").patient_id == patient.pk


def test_record_numbers_are_unique_and_do_not_count_up(site, desk):
    numbers = [register_patient(desk, site=site, **ANA, add_anyway=True).record_number for _ in range(3)]
    assert len(set(numbers)) == 3
    assert all(len(number) == len("M-4K7QXD") and number.startswith("M-") for number in numbers)
    assert len({number[2:5] for number in numbers}) > 1


@pytest.mark.parametrize("names", [{"given_name": "Ana"}, {"family_name": "Peña"}])
def test_one_part_of_the_name_is_enough(site, desk, names):
    register_patient(desk, site=site, birth_date=ANA["birth_date"], **names)
    assert Patient.objects.get().full_name in {"Ana", "Peña"}


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"given_name": "", "family_name": "  "}, "given_name"),
        ({"birth_date": date(2999, 1, 1)}, "birth_date"),
        ({"birth_date": date(1899, 12, 31)}, "birth_date"),
        ({"family_name": "x" * 201}, "family_name"),
        ({"email": "a@b.test, c@d.test"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"contact_by_email": True}, "email"),
        ({"contact_by_sms": True}, "phone"),
        ({"language": "xx"}, "language"),
    ],
)
def test_refuses_what_cannot_be_true_and_writes_nothing(site, desk, over, field):
    with pytest.raises(ClinicError) as refusal:
        register_patient(desk, site=site, **(ANA | over))
    assert refusal.value.field == field
    assert not Patient.objects.exists()


def test_a_nurse_may_not_register_and_nothing_is_written(site):
    with pytest.raises(NotAllowed):
        register_patient(clinic.staff(Role.NURSE, at=site), site=site, **ANA)
    assert not Patient.objects.exists()
    assert AuditEvent.objects.get().action == "denied.register_patient"


def test_nobody_registers_at_a_site_they_do_not_work_at(desk):
    with pytest.raises(OutOfScope):
        register_patient(desk, site=clinic.site(), **ANA)


@pytest.mark.parametrize(
    "typed",
    [
        {"given_name": "ANA", "family_name": "Pena", "birth_date": date(1990, 11, 26)},
        {"given_name": "Anita", "birth_date": date(1991, 1, 1), "phone": "0034 612 345 678"},
        {"given_name": "Anita", "birth_date": date(1991, 1, 1), "email": "ANA@example.test"},
    ],
)
def test_somebody_alike_must_be_compared_before_adding(site, desk, typed):
    known = register_patient(desk, site=site, **ANA, phone="612345678", email="ana@example.test")
    with pytest.raises(LikelyDuplicate) as found:
        register_patient(desk, site=site, **typed)
    assert [each.patient for each in found.value.duplicates.here] == [known]
    register_patient(desk, site=site, add_anyway=True, **typed)
    assert Patient.objects.count() == 2


def test_a_patient_of_another_site_is_only_hinted_at(site):
    elsewhere = people.patient(**ANA)
    with pytest.raises(LikelyDuplicate) as found:
        register_patient(clinic.desk(at=site), site=site, **ANA)
    assert found.value.duplicates.here == []
    assert found.value.duplicates.linkable == [elsewhere.pk]


def test_linking_opens_the_record_and_is_audited(site, desk):
    elsewhere = people.patient(**ANA)
    link_patient_to_site(desk, patient_id=elsewhere.pk, site=site, **ANA)
    assert site in elsewhere.sites.all()
    assert AuditEvent.objects.get(action="patient.linked_to_site").patient_id == elsewhere.pk


def test_a_guessed_number_or_a_shared_email_links_nobody(site, desk):
    elsewhere = people.patient(**ANA, email="family@example.test")
    other = {"given_name": "Bea", "birth_date": date(1980, 1, 1), "email": "family@example.test"}
    with pytest.raises(OutOfScope):
        link_patient_to_site(desk, patient_id=elsewhere.pk, site=site, **other)
    assert site not in elsewhere.sites.all()


def test_the_second_of_two_editors_is_refused_and_the_first_one_stays(site, desk):
    patient = people.patient(site=site, **ANA)
    update_patient(desk, patient_id=patient.pk, version=1, **(ANA | {"given_name": "Anna"}))
    with pytest.raises(StaleRecord):
        update_patient(desk, patient_id=patient.pk, version=1, **(ANA | {"given_name": "Anne"}))
    patient.refresh_from_db()
    assert (patient.given_name, patient.version, patient.search_name) == ("Anna", 2, "anna pena")
    assert AuditEvent.objects.get(action="patient.updated").changed == ["email", "given_name", "search_name"]
