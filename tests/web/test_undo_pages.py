"""Undo stands on every page about bookings until its time is over, also after a reload, and works without scripts."""

import re
from datetime import datetime

import pytest
from django.urls import reverse

from sessions.models import Booking
from tests.builders import bookings, clinic, people


@pytest.fixture
def desk(sign_in):
    site = clinic.site()
    desk = clinic.desk(site)
    desk.site = site
    clinic.dermatologist(site)
    desk.client = sign_in(desk)
    desk.visit = bookings.visit(desk, site, datetime(2026, 12, 4, 10), patient=people.patient(site=site))
    return desk


def button(page):
    return re.search(r'action="(/changes/\d+/undo/)"', page.content.decode())


@pytest.mark.parametrize("name", ["booking", "calendar"])
def test_is_offered_for_three_minutes_on_the_page_and_on_the_calendar(desk, clock, name):
    url = reverse(f"sessions:{name}", args=[desk.visit.pk] if name == "booking" else [])
    assert button(desk.client.get(url))
    assert button(desk.client.get(url)), "a reload keeps it"
    clock.advance(minutes=3)
    assert not button(desk.client.get(url))


def test_takes_the_visit_back_with_one_press(desk):
    page = desk.client.get(reverse("sessions:booking", args=[desk.visit.pk]))
    answer = desk.client.post(button(page).group(1), follow=True)
    assert answer.status_code == 200
    assert "Undone." in answer.content.decode()
    assert not Booking.objects.exists()


def test_says_in_words_why_it_is_refused(desk, clock):
    page = desk.client.get(reverse("sessions:booking", args=[desk.visit.pk]))
    clock.advance(minutes=4)
    answer = desk.client.post(button(page).group(1))
    assert answer.status_code == 409
    assert "It is too late to undo this" in answer.content.decode()
