"""Re-planning as the desk meets it: from the board, before and after side by side, one press to confirm."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse

from sessions.models import Booking, TreatmentSession
from tests.builders import bookings, clinic, people, plans, treatments


class Scene:
    def __init__(self, clock):
        clock.set(datetime(2026, 11, 26, 8, tzinfo=UTC))
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site, name="Zeynep Arı")
        version = plans.signed_plan(people.patient(site=self.site), self.doctor, self.site, session_count=5)
        self.series = bookings.series(self.desk, version, date(2026, 11, 30), earliest=time(14))
        self.url = reverse("sessions:replan", args=[self.series.pk])
        treatments.performed(self.series, self.doctor, datetime(2026, 11, 30, 14, tzinfo=UTC))
        clock.set(self.visit(2).starts_at + timedelta(minutes=20))

    def visit(self, ordinal):
        return Booking.objects.filter(treatment_session__series=self.series, treatment_session__ordinal=ordinal).last()


@pytest.fixture
def scene(clock):
    return Scene(clock)


def confirmed(page) -> dict[str, str]:
    """What the browser sends when the shown proposal is confirmed."""
    text = page.content.decode()
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', text).group(1) for name in ("key", "seen", "visit")}
    start = re.search(r'name="start" value="([^"]*)"', text).group(1)
    return {"start": start, "earliest": "14:00", "keep": "on", "picks": "", "action": "confirm", **hidden}


def link_on(page) -> str:
    return re.search(rf'href="({re.escape("/series/")}\d+/replan/\?visit=\d+)"', page.content.decode()).group(1)


def test_a_late_patient_is_planned_anew_from_the_board_in_two_presses(scene, sign_in):
    desk, missed = sign_in(scene.desk), scene.visit(2)
    page = desk.get(link_on(desk.get(reverse("sessions:board"))))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Nobody came" in text
    assert "Performed, fixed" in text
    assert desk.post(scene.url, confirmed(page)).status_code == 302
    missed.refresh_from_db()
    assert missed.state == Booking.State.NO_SHOW
    assert scene.visit(2).state == Booking.State.BOOKED


def test_a_missed_visit_stays_on_the_board_until_it_has_a_new_date(scene, sign_in):
    desk, missed = sign_in(scene.desk), scene.visit(2)
    tap = {"version": missed.version, "state": "no_show", "back": "board"}
    desk.post(reverse("sessions:booking_state", args=[missed.pk]), tap)
    page = desk.get(link_on(desk.get(reverse("sessions:board"))))
    assert "last safe date" in desk.get(reverse("sessions:today")).content.decode().lower()
    assert "has no date" in desk.get(reverse("sessions:patient", args=[scene.series.patient_id])).content.decode()
    desk.post(scene.url, confirmed(page))
    assert "?visit=" not in desk.get(reverse("sessions:board")).content.decode()
    assert "has no date" not in desk.get(reverse("sessions:today")).content.decode()


def test_whoever_is_second_reads_what_is_taken_and_nothing_changes(scene, sign_in):
    desk = sign_in(scene.desk)
    sent = confirmed(desk.get(f"{scene.url}?visit={scene.visit(2).pk}"))
    place = datetime.strptime(sent["seen"].split("|")[1][:12], "%Y%m%d%H%M").replace(tzinfo=UTC)
    other = people.patient(site=scene.site, family_name="Secretname")
    at = place.astimezone(scene.site.zone).replace(tzinfo=None)
    bookings.visit(clinic.desk(scene.site, name="Emre Can"), scene.site, at, patient=other)
    answer = desk.post(scene.url, sent)
    assert answer.status_code == 409
    assert "Emre Can (Front desk)" in answer.content.decode()
    assert "Secretname" not in answer.content.decode()
    assert scene.visit(2).state == Booking.State.BOOKED


def test_a_session_that_cannot_be_placed_says_why_and_what_is_nearest(scene, sign_in):
    page = sign_in(scene.desk).get(scene.url, {"visit": scene.visit(2).pk})
    sent = confirmed(page) | {"action": "find", "start": "2026-12-14"}
    text = sign_in(scene.desk).post(scene.url, sent).content.decode()
    assert "ends before the first possible day" in text
    assert "Nearest after the window" in text
    assert TreatmentSession.objects.get(series=scene.series, ordinal=2).state == TreatmentSession.State.BOOKED
