"""What is asked of somebody stands on their page until they tick it off."""

import pytest
from django.urls import reverse

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from patients.models import Todo
from tests.builders import clinic, people

HOME = reverse("sessions:today")


@pytest.fixture
def site():
    return clinic.site()


def asked(site, **over) -> Todo:
    return Todo.objects.create(site=site, patient=people.patient(site=site), text="Call the patient back.", **over)


def sees(client, user) -> bool:
    client.force_login(user)
    return b"Call the patient back." in client.get(HOME).content


def test_it_stands_with_whom_it_was_asked_of_and_with_nobody_else(client, site):
    doctor, desk = clinic.dermatologist(at=site), clinic.desk(at=site)
    mine = asked(site, user=doctor)
    assert [sees(client, each) for each in (doctor, desk, clinic.dermatologist(at=site))] == [True, False, False]
    client.force_login(desk)
    assert client.post(reverse("sessions:finish_todo", args=[mine.pk])).status_code == 404
    Todo.objects.update(user=None, role=Role.FRONT_DESK)
    assert [sees(client, each) for each in (doctor, desk, clinic.desk(at=clinic.site()))] == [False, True, False]


def test_what_was_asked_of_somebody_who_left_comes_to_the_director(client, site):
    director, doctor = clinic.staff(Role.DIRECTOR, at=site), clinic.dermatologist(at=site)
    asked(site, user=doctor)
    assert not sees(client, director)
    doctor.is_active = False
    doctor.save()
    assert sees(client, director)


def test_it_is_ticked_off_once_and_the_log_knows_by_whom(client, site):
    desk, other = clinic.desk(at=site), clinic.desk(at=site)
    todo = asked(site, role=Role.FRONT_DESK)
    address = reverse("sessions:finish_todo", args=[todo.pk])
    for user in (desk, other):
        client.force_login(user)
        answer = client.post(address, follow=True)
        assert b"Done: Call the patient back." in answer.content
    todo.refresh_from_db()
    assert todo.done_at is not None
    assert [each.actor_id for each in AuditEvent.objects.filter(action="todo.done")] == [desk.pk]
    assert not Todo.objects.filter(done_at=None)
    assert client.get(HOME).content.count(b"Call the patient back.") == 0
