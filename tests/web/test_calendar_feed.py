"""A clinician's calendar on a phone: by a secret address that can be renewed, without a patient's name."""

import re
from datetime import datetime
from email import message_from_bytes, policy

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from mesoclinic.transport import _bytes_of
from sessions.models import Booking, CalendarFeed
from sessions.services.undo import undo
from sessions.services.visits import cancel_booking, move_booking
from tests.builders import bookings, clinic, people
from tests.db.test_reminders import Postbox, deliver_due

FRIDAY = datetime(2026, 12, 4, 10)
PAGE = reverse("sessions:calendar_address")


@pytest.fixture
def scene(settings):
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    return Scene()


class Scene:
    def __init__(self):
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.patient = people.patient(site=self.site)

    def visit(self):
        return bookings.visit(self.desk, self.site, FRIDAY, patient=self.patient, note="Private")


def address(page):
    return re.search(r'value="http[^"]*(/feed/[^"]+)"', page.content.decode()).group(1)


def events(url):
    answer = Client().get(url)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return answer.content.decode(), Calendar.from_ical(answer.content).events


def test_the_address_shows_when_one_is_booked_and_nobody_s_name(scene, sign_in):
    booking, client = scene.visit(), sign_in(scene.doctor)
    url = address(client.post(PAGE, {"action": "renew"}))
    text, (event,) = events(url)
    assert (event["SUMMARY"], event["UID"]) == ("Booked", booking.calendar_uid)
    for secret in (scene.patient.family_name, scene.patient.given_name, "Private", "onsultation"):
        assert secret not in text
    told = address(client.post(PAGE, {"action": "renew", "kinds": "on"}))
    assert events(told)[1][0]["SUMMARY"] == "Consultation"
    assert Client().get(url).status_code == 404, "the old address opens nothing"
    cancel_booking(scene.desk, booking_id=booking.pk, version=1)
    assert events(told)[1] == []


def test_the_address_is_shown_once_and_ends_with_its_owner(scene, sign_in):
    client = sign_in(scene.doctor)
    url = address(client.post(PAGE, {"action": "renew"}))
    token = url.split("/")[2]
    assert token not in client.get(PAGE).content.decode()
    assert token not in str(CalendarFeed.objects.values().get())
    scene.doctor.is_active = False
    scene.doctor.save()
    assert Client().get(url).status_code == 404
    scene.doctor.is_active = True
    scene.doctor.save()
    client.force_login(scene.doctor)
    client.post(PAGE, {"action": "end"})
    assert Client().get(url).status_code == 404


def test_each_mail_about_a_visit_brings_its_file(scene, clock):
    booking = scene.visit()
    sent = [files(clock)]
    move_booking(scene.desk, booking_id=booking.pk, version=1, starts_at=FRIDAY.replace(hour=12))
    undo(scene.desk, change_id=booking.patient.booking_changes.latest("pk").pk)
    booking.refresh_from_db()
    move_booking(scene.desk, booking_id=booking.pk, version=booking.version, starts_at=FRIDAY.replace(hour=13))
    sent.append(files(clock))
    cancel_booking(scene.desk, booking_id=booking.pk, version=Booking.objects.get().version)
    sent.append(files(clock))
    names, methods, found = zip(*(each for (each,) in sent), strict=True)
    assert names == ("visit.ics", "visit.ics", "cancelled.ics")
    assert methods == ("PUBLISH", "PUBLISH", "CANCEL")
    assert {event["UID"] for event in found} == {booking.calendar_uid}
    numbers = [event["SEQUENCE"] for event in found]
    assert numbers == sorted(set(numbers)), "each outranks the one before"
    assert [event["DTSTART"].dt.hour for event in found] == [10, 13, 13]
    assert all(scene.patient.family_name not in event.to_ical().decode() for event in found)


def files(clock):
    """The calendar files of the letter that goes out next, as a mail program reads them."""
    Postbox.taken.clear()
    clock.advance(minutes=4)
    deliver_due()
    (letter,) = Postbox.taken
    parts = [
        part
        for part in message_from_bytes(_bytes_of(letter), policy=policy.default).walk()
        if part.get_content_type() == "text/calendar"
    ]
    read = [Calendar.from_ical(part.get_payload(decode=True)) for part in parts]
    assert [part.get_param("method") for part in parts] == [each["METHOD"] for each in read]
    return [(part.get_filename(), str(each["METHOD"]), each.events[0]) for part, each in zip(parts, read, strict=True)]
