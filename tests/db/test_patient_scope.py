"""A patient row is reached only through the actor's sites or a valid link."""

import pytest

from mesoclinic.accounts import Role
from mesoclinic.actors import PatientByLink, System
from mesoclinic.errors import OutOfScope
from patients.queries.people import patient_for, patients_for
from tests.builders import clinic, people


def test_staff_reach_the_patients_of_their_sites_only():
    mine, theirs = people.patient(), people.patient()
    actor = clinic.staff(Role.DERMATOLOGIST, at=mine.sites.get())
    assert list(patients_for(actor)) == [mine]
    with pytest.raises(OutOfScope):
        patient_for(actor, theirs.pk)


def test_a_patient_of_two_shared_sites_is_found_once():
    patient, second = people.patient(), clinic.site()
    actor = clinic.desk(at=patient.sites.get())
    actor.sites.add(second)
    patient.patient_sites.create(site=second, linked_at=patient.registered_at)
    assert list(patients_for(actor)) == [patient]


def test_somebody_who_left_reaches_nobody():
    patient = people.patient()
    actor = clinic.desk(at=patient.sites.get(), is_active=False)
    assert not patients_for(actor).exists()


def test_a_link_reaches_its_own_patient_only():
    mine, _theirs = people.patient(), people.patient()
    assert list(patients_for(PatientByLink(link_id=1, patient_id=mine.pk, purpose="consent"))) == [mine]


def test_whoever_is_no_actor_reaches_nobody():
    people.patient()
    assert not patients_for(object()).exists()
    assert patients_for(System("reminders")).count() == 1
