"""A page that shows a patient leaves an event in the audit log, or the test fails (I01)."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.audit import AuditEvent
from patients.models import Patient
from tests.builders.world import world
from tests.web.matrix import MATRIX
from tests.web.test_route_matrix import ROUTES, STAFF

OF_A_PATIENT = {
    "patient_id",
    "consultation_id",
    "plan_id",
    "series_id",
    "session_id",
    "booking_id",
    "document_id",
    "consent_id",
    "notice_id",
}
READABLE = [
    route
    for route in ROUTES
    if route.name in MATRIX and "GET" in MATRIX[route.name].methods and not isinstance(MATRIX[route.name].who, str)
]


@pytest.mark.parametrize("route", READABLE, ids=str)
def test_page_that_shows_a_patient_is_in_the_audit_log(route):
    made = world()
    patient = Patient.objects.get(pk=made.keys["patient_id"])
    address = reverse(route.name, kwargs={name: made.keys[name] for name in route.parameters})
    for role in STAFF:
        if role not in MATRIX[route.name].who:
            continue
        client, before = Client(), AuditEvent.objects.count()
        client.force_login(made.staff[role])
        answer = client.get(address)
        if answer.status_code != HTTPStatus.OK:
            continue
        shown = patient.family_name.encode() in answer.content or OF_A_PATIENT & set(route.parameters)
        logged = AuditEvent.objects.filter(number__gt=before, patient_id=patient.pk, actor_id=made.staff[role].pk)
        assert logged.exists() or not shown, f"{role} saw a patient at {route.name} without an event"


def test_search_that_finds_a_patient_is_in_the_audit_log():
    made = world()
    patient = Patient.objects.get(pk=made.keys["patient_id"])
    client = Client()
    client.force_login(made.staff["front_desk"])
    found = client.get(reverse("patients:search"), {"q": patient.record_number})
    assert patient.family_name in found.content.decode()
    assert AuditEvent.objects.filter(patient_id=patient.pk, action="patient.disclosed").exists()
