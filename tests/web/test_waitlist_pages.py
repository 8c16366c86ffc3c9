"""The desk's way from a cancelled visit to the patient who takes its time, by phone or by link."""

import re
from datetime import date, time

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Todo
from sessions.models import Booking, TimeOffer, WaitingEntry
from sessions.services.visits import cancel_booking
from sessions.services.waitlist import offer_time, wait_for_time
from tests.builders import bookings, clinic, people, plans
from tests.db.test_reminders import Postbox, deliver_due


@pytest.fixture
def desk():
    site = clinic.site()
    site.rooms.create(name="Room 2", visit_kinds=["treatment"])
    clinic.dermatologist(at=site)
    return clinic.desk(at=site)


@pytest.fixture
def courses(desk):
    """Two courses of one session, on a Monday at ten and on the Wednesday after."""
    site, (doctor,) = desk.sites.get(), desk.sites.get().staff.exclude(pk=desk.pk)
    days = ((date(2026, 12, 7), {"earliest": time(10)}), (date(2026, 12, 9), {}))
    return [
        bookings.series(desk, plans.signed_plan(people.patient(site=site), doctor, site, session_count=1), day, **wish)
        for day, wish in days
    ]


def test_the_desk_offers_a_cancelled_time_to_the_next_in_turn(sign_in, desk, courses):
    client, (freed, other) = sign_in(desk), courses
    visit = Booking.objects.get(treatment_session__series=freed)
    session = other.sessions.get()

    wait = reverse("sessions:wait", args=[session.pk])
    assert wait in client.get(reverse("sessions:series", args=[other.pk])).content.decode()
    assert client.post(wait, {"earliest": "12:00", "latest": "9:00"}).status_code == 422
    client.post(wait, {"weekdays": ["0"]})
    client.post(reverse("sessions:cancel_booking", args=[visit.pk]), {"version": visit.version})
    place = reverse("sessions:freed_time", args=[visit.pk])
    assert place in client.get(reverse("sessions:booking", args=[visit.pk])).content.decode()
    assert other.patient.full_name in client.get(place).content.decode()

    entry = WaitingEntry.objects.get()
    client.post(reverse("sessions:offer_time", args=[visit.pk, entry.pk]))
    assert "Taken: book it" in client.get(place).content.decode()
    offer = reverse("sessions:answer_offer", args=[TimeOffer.objects.get().pk])
    client.post(offer, {"answer": "yes"})
    assert Booking.objects.get(treatment_session=session).starts_at == visit.starts_at
    assert client.post(offer, {"answer": "yes"}).status_code == 409
    assert not client.get(reverse("sessions:waitlist")).content.decode().count("Take off the list")


@pytest.mark.parametrize("taken", ["yes", "no"])
def test_the_patient_answers_by_link_once_and_looking_changes_nothing(desk, courses, settings, clock, taken):
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    freed, other = (Booking.objects.get(treatment_session__series=each) for each in courses)
    cancel_booking(desk, booking_id=freed.pk, version=freed.version)
    entry = wait_for_time(desk, session_id=other.treatment_session_id)
    offer_time(desk, freed_id=freed.pk, entry_id=entry.pk, by_mail=True)
    clock.advance(minutes=5)
    deliver_due()
    (mail,) = (each for each in Postbox.taken if "become free" in each.text)
    (address,) = re.findall(r"/l/[\w-]+/", mail.text)
    phone = Client()
    assert phone.get(address).headers["Location"] == reverse("sessions:my_offer")
    page = phone.get(reverse("sessions:my_offer")).content.decode()
    assert "Mon 7 Dec" in page or "7 December" in page
    assert other.patient.family_name not in page
    assert phone.post(reverse("sessions:my_offer"), {}).status_code == 422
    assert TimeOffer.objects.get().state == "open"

    assert phone.post(reverse("sessions:my_offer"), {"taken": taken}).status_code == 302
    assert phone.get(reverse("sessions:my_offer_done")).status_code == 200
    other.refresh_from_db()
    assert (other.starts_at == freed.starts_at) == (taken == "yes")
    assert Todo.objects.filter(role="front_desk", text__contains="not taken").exists() == (taken == "no")
    assert phone.get(reverse("sessions:my_offer")).status_code == 404
