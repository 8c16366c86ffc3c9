"""Adverse events on their pages: recorded by phone, seen wherever the patient is, settled by who may."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from mesoclinic import clock
from mesoclinic.accounts import Role
from sessions.models import AdverseEvent, Triage
from tests.builders import adverse, clinic, treatments

pytestmark = pytest.mark.once

HTMX = {"HX-Request": "true"}


@pytest.fixture
def made():
    return treatments.scene()


def words(answer) -> str:
    return " ".join(answer.content.decode().split())


def told(**over) -> dict[str, object]:
    now = clock.now()
    began = {"on": f"{now:%Y-%m-%d}", "at": "00:00", "description": "Pustules on the crown.", "reporter": "patient"}
    return {"code": "AE-09", "grade": "2", "place": "Vertex"} | began | over


def record(client, made, **over):
    return client.post(reverse("sessions:record_adverse_event", args=[made.patient.pk]), told(**over))


def at(name: str, event: AdverseEvent) -> str:
    return reverse(f"sessions:{name}", args=[event.pk])


def test_what_is_told_by_phone_stops_booking_until_it_is_settled_and_is_seen_on_the_way(client, made):
    client.force_login(made.doctor)
    banner = reverse("sessions:open_adverse_events", args=[made.patient.pk])
    assert "None known" in words(client.get(banner))
    assert record(client, made, description="").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    answer = record(client, made)
    event = AdverseEvent.objects.get()
    assert answer.url == at("adverse_event", event)
    assert (event.place, event.reporter) == ("Vertex", "patient")
    assert "SD-05" in words(client.get(banner))
    series = reverse("sessions:series", args=[made.session.series_id])
    for page in (series, reverse("sessions:patient_adverse_events", args=[made.patient.pk]), answer.url):
        assert "SD-05" in words(client.get(page)), page
    outcome = {"version": "1", "outcome": "resolved", "resolved_on": f"{clock.now():%Y-%m-%d}", "reason": "Gone."}
    assert client.post(at("close_adverse_event", event), outcome).url == at("adverse_event", event)
    assert "SD-05" not in words(client.get(series))
    assert "Closed: resolved" in words(client.get(at("adverse_event", event)))


def test_the_second_writer_keeps_every_word_and_sees_what_was_decided(client, made):
    event = adverse.event(made.patient, by=made.doctor)
    client.force_login(made.doctor)
    mine = {"version": "1", "reason": "Still red, mine."}
    first = {"code": "AE-09", "grade": "1", "reason": "Fading, theirs.", "version": "1"}
    client.post(at("assess_adverse_event", event), first)
    late = client.post(at("close_adverse_event", event), mine | {"outcome": "ongoing"})
    assert late.status_code == HTTPStatus.CONFLICT
    shown = words(late)
    assert "Still red, mine." in shown
    assert "Fading, theirs." in shown
    assert 'name="version" value="2"' in shown
    assert client.post(at("close_adverse_event", event), mine | {"outcome": "ongoing", "version": "2"}).url


def test_a_doctor_is_not_offered_to_close_a_sentinel_event_and_may_not(client, made):
    event = adverse.event(made.patient, by=made.doctor, code="AE-12", grade=3)
    client.force_login(made.doctor)
    shown = words(client.get(at("adverse_event", event)))
    assert at("close_adverse_event", event) not in shown
    outcome = {"version": "1", "outcome": "excluded", "reason": "It was a bruise."}
    assert client.post(at("close_adverse_event", event), outcome).status_code == HTTPStatus.FORBIDDEN
    assert AdverseEvent.objects.get().state == "open"
    client.force_login(clinic.staff(Role.DIRECTOR, at=made.site))
    assert client.post(at("close_adverse_event", event), outcome).url == at("adverse_event", event)


def test_sentinel_events_stand_on_top_of_the_directors_list_and_a_cluster_above_all(client, made):
    adverse.event(made.patient, by=made.doctor, code="AE-01", grade=4)
    adverse.event(made.patient, by=made.doctor, code="AE-19", grade=2)
    adverse.event(made.patient, by=made.doctor, code="AE-03", grade=1)
    client.force_login(clinic.staff(Role.DIRECTOR, at=made.site))
    shown = words(client.get(reverse("sessions:adverse_events")))
    places = [shown.index(mark) for mark in ("2 events after the sessions of", "AE-19", "AE-01", "AE-03")]
    assert places == sorted(places)


def test_a_tap_is_answered_at_once_and_the_button_keeps_the_call(client, made):
    desk = clinic.desk(made.site)
    client.force_login(desk)
    page = reverse("sessions:triage", args=[made.patient.pk])
    assert made.site.emergency_number in words(client.get(page))
    tapped = client.post(page, {"airway_sign": "yes", "action": "preview"}, headers=HTMX)
    assert "Emergency services now" in words(tapped)
    assert made.site.emergency_number in words(tapped)
    assert b"<html" not in tapped.content
    assert not Triage.objects.exists()
    kept = client.post(page, {"airway_sign": "yes", "text": "Cannot breathe well."})
    shown = words(client.get(kept.url))
    assert "Emergency services now" in shown
    event = AdverseEvent.objects.get()
    assert at("adverse_event", event) not in shown
    assert client.get(at("adverse_event", event)).status_code == HTTPStatus.FORBIDDEN


def test_a_lot_leads_to_everybody_who_had_it_and_is_held_by_one_press(client, made):
    treatments.prepared(made)
    lot = made.lots["HA_NCL"]
    client.force_login(made.nurse)
    page = reverse("sessions:lot_recall", args=[lot.pk])
    shown = words(client.get(page))
    assert made.patient.full_name in shown
    assert made.patient.email in shown
    assert client.post(page, {"reason": ""}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert client.post(page, {"reason": "Two infections."}).url == page
    assert "Quarantine lot" not in words(client.get(page))
    assert "Quarantined" in words(client.get(reverse("sessions:patient_adverse_events", args=[made.patient.pk])))
