"""A course that ends as the patient wishes: nothing is ahead, what was given stays, and why is known."""

from datetime import UTC, date, datetime, time

import pytest

from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord
from patients.models import Notice
from patients.services.consents import withdraw_consent
from sessions.models import Booking, BookingChange, Occupancy, Series, TreatmentSession
from sessions.queries.endings import ending_of
from sessions.services import reminders
from sessions.services.endings import end_course
from sessions.services.undo import undo
from tests.builders import bookings, clinic, consents, people, plans, treatments

State = TreatmentSession.State


@pytest.fixture
def series(clock):
    clock.set(datetime(2026, 11, 26, 8, tzinfo=UTC))
    site = clinic.site()
    doctor, desk = clinic.dermatologist(site), clinic.desk(site)
    version = plans.signed_plan(people.patient(site=site), doctor, site, session_count=4)
    series = bookings.series(desk, version, date(2026, 11, 30), earliest=time(14))
    clock.set(datetime(2026, 11, 30, 15, tzinfo=UTC))
    record = treatments.performed(series, doctor, datetime(2026, 11, 30, 14, tzinfo=UTC))
    reminders.plan_after_treatment(record_id=record.pk)
    return series


def test_ending_cancels_what_is_ahead_and_keeps_what_follows_a_treatment(series):
    ending = ending_of(series)
    assert (len(ending.visits), ending.sessions) == (3, 3)
    assert ending.messages
    end_course(series.booked_by, series_id=series.pk, version=series.version, reason="Prefers tablets")
    series.refresh_from_db()
    assert (series.state, series.stop_reason) == (Series.State.STOPPED, "Prefers tablets")
    assert list(series.sessions.values_list("state", flat=True)) == [State.PERFORMED] + [State.ABANDONED] * 3
    assert "Message on day 7" in [name for _due_at, name in ending.letters]
    assert not Booking.objects.filter(state="booked").exists()
    assert {each.state for each in Notice.objects.filter(pk__in=[each.pk for each in ending.messages])} == {"waiting"}
    ahead = [f"booking:{visit.pk}" for visit in ending.visits]
    assert {each.state for each in Notice.objects.filter(subject__in=ahead)} == {"skipped"}


def test_ending_is_undone_as_a_whole(series):
    grid = Occupancy.objects.count()
    end_course(series.booked_by, series_id=series.pk, version=series.version, reason="Prefers tablets")
    undo(series.booked_by, change_id=BookingChange.objects.last().pk)
    series.refresh_from_db()
    assert (series.state, series.stop_reason) == (Series.State.OPEN, "")
    assert Booking.objects.filter(state="booked").count() == 3
    assert Occupancy.objects.count() == grid


def test_whoever_may_not_or_is_late_ends_nothing(series):
    before = list(Booking.objects.order_by("pk").values())
    order = {"series_id": series.pk, "version": series.version, "reason": "Prefers tablets"}
    with pytest.raises(NotAllowed):
        end_course(clinic.staff("nurse", at=series.site), **order)
    with pytest.raises(OutOfScope):
        end_course(clinic.desk(clinic.site()), **order)
    with pytest.raises(StaleRecord):
        end_course(series.booked_by, **(order | {"version": series.version + 1}))
    with pytest.raises(ClinicError, match="Enter the reason"):
        end_course(series.booked_by, **(order | {"reason": " "}))
    assert list(Booking.objects.order_by("pk").values()) == before


def test_ending_is_not_undone_once_the_consent_was_withdrawn(series):
    doctor = clinic.dermatologist(series.site)
    consent = consents.recorded(doctor, series.plan_version)
    end_course(series.booked_by, series_id=series.pk, version=series.version, reason="Prefers tablets")
    withdraw_consent(doctor, consent_id=consent.pk)
    with pytest.raises(Conflict, match="withdrew the consent"):
        undo(series.booked_by, change_id=BookingChange.objects.last().pk)
    series.refresh_from_db()
    assert series.state == Series.State.STOPPED
