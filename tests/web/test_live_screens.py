"""What screens ask by themselves: the answer changes with the visits shown, and dragging agrees with moving."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError
from mesoclinic.http import IDLE
from mesoclinic.transactions import atomic
from sessions.models import Booking
from sessions.services.visits import cancel_booking, move_booking, set_state
from tests.builders import bookings, clinic, people, plans

WEEK = {"on": "2026-12-07", "view": "week", "by": "clinician"}
UNATTENDED = {"X-Unattended": "1"}


class Scene:
    def __init__(self):
        self.site = clinic.site()
        self.doctor = clinic.dermatologist(self.site, name="Dr Aydın")
        self.desk = clinic.desk(self.site, name="Zeynep Arı")
        patient = people.patient(site=self.site)
        version = plans.signed_plan(patient, self.doctor, self.site)
        self.series = bookings.series(self.desk, version, date(2026, 11, 30))

    def session(self, ordinal: int) -> Booking:
        return Booking.objects.select_related("site").get(treatment_session__ordinal=ordinal)


@pytest.fixture
def scene(clock):
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    return Scene()


@pytest.fixture
def desk(scene, sign_in):
    return sign_in(scene.desk)


def version(client, **page) -> str:
    return client.get(reverse("sessions:calendar_version"), WEEK | page, headers=UNATTENDED).json()["version"]


def test_the_version_changes_with_every_change_of_a_shown_visit_and_with_no_other(desk, scene):
    shown = scene.session(2)
    week = {"on": shown.starts_at.date().isoformat()}
    seen = [version(desk, **week)]
    local = shown.starts_at.astimezone(scene.site.zone).replace(tzinfo=None)
    moved = move_booking(scene.desk, booking_id=shown.pk, version=shown.version, starts_at=local + timedelta(hours=1))
    seen.append(version(desk, **week))
    set_state(scene.desk, booking_id=shown.pk, version=moved.version, state="confirmed")
    seen.append(version(desk, **week))
    later = scene.session(5)
    cancel_booking(scene.desk, booking_id=later.pk, version=later.version, reason="")
    assert version(desk, **week) == seen[-1]
    shown.refresh_from_db()
    cancel_booking(scene.desk, booking_id=shown.pk, version=shown.version, reason="")
    seen.append(version(desk, **week))
    assert len(set(seen)) == len(seen)


def test_asking_is_neither_audited_nor_somebody_at_the_screen(desk, scene, clock):
    desk.get(reverse("sessions:calendar"), WEEK)
    before = AuditEvent.objects.count()
    for _ in range(4):
        clock.advance(seconds=IDLE.total_seconds() / 3)
        answer = desk.get(reverse("sessions:calendar_version"), WEEK, headers=UNATTENDED)
    assert answer.status_code == 302
    assert AuditEvent.objects.count() == before


def test_a_screen_that_draws_itself_again_says_what_others_did(desk, scene):
    page = desk.get(reverse("sessions:calendar"), WEEK).content.decode()
    since = page.partition("since=")[2].partition('"')[0]
    booking = scene.session(2)
    cancel_booking(clinic.desk(scene.site, name="Emre Can"), booking_id=booking.pk, version=booking.version, reason="")
    drawn = desk.get(reverse("sessions:calendar"), WEEK | {"since": since}, headers={"HX-Request": "true"})
    assert "Emre Can: 1 visit cancelled." in drawn.content.decode()
    mine = scene.session(3)
    cancel_booking(scene.desk, booking_id=mine.pk, version=mine.version, reason="")
    again = desk.get(reverse("sessions:calendar"), WEEK | {"since": since}, headers={"HX-Request": "true"})
    assert "Zeynep" not in again.content.decode().partition('id="calendar-deeds"')[2]


@pytest.mark.parametrize("view", ["week", "day"])
def test_dragging_bars_exactly_what_moving_refuses(desk, scene, view):
    booking = scene.session(2)
    home = booking.starts_at.astimezone(scene.site.zone).replace(tzinfo=None, hour=9, minute=0)
    page = {"on": home.date().isoformat(), "view": view, "by": "clinician", "site": scene.site.pk}
    told = desk.get(reverse("sessions:barred_times", args=[booking.pk]), page).json()["barred"]
    barred = [(datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"])) for each in told]
    days = range(-home.weekday(), 7 - home.weekday()) if view == "week" else [0]
    starts = [home + timedelta(days=day, minutes=45 * step) for day in days for step in range(12)]
    refused = [at for at in starts if refuses(scene, booking, at)]
    assert [at for at in starts if any(first <= at < end for first, end in barred)] == refused
    assert 0 < len(refused) < len(starts)


class _Back(Exception):
    """Rolls a successful move back."""


def refuses(scene, booking: Booking, at: datetime) -> bool:
    try:
        with atomic():
            move_booking(
                scene.desk, booking_id=booking.pk, version=booking.version, starts_at=at, clinician=booking.clinician
            )
            raise _Back
    except _Back:
        return False
    except ClinicError:
        return True
