"""The desk's way from a cancelled visit to the patient who takes its time."""

from datetime import date, time

from django.urls import reverse

from sessions.models import Booking, TimeOffer, WaitingEntry
from tests.builders import bookings, clinic, people, plans


def test_the_desk_offers_a_cancelled_time_to_the_next_in_turn(sign_in):
    site = clinic.site()
    site.rooms.create(name="Room 2", visit_kinds=["treatment"])
    doctor, desk = clinic.dermatologist(at=site), clinic.desk(at=site)
    client = sign_in(desk)
    freed, other = (
        bookings.series(desk, plans.signed_plan(people.patient(site=site), doctor, site, session_count=1), day, **wish)
        for day, wish in ((date(2026, 12, 7), {"earliest": time(10)}), (date(2026, 12, 9), {}))
    )
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
