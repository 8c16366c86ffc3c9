"""The role homes: what needs somebody now."""

from datetime import UTC, datetime, time, timedelta

import pytest

from mesoclinic import clock
from mesoclinic.actors import System
from mesoclinic.sites import Absence, Closure
from patients.models import PlanVersion, TreatmentPlan
from protocols.queries.catalogue import read_shipped
from protocols.services.catalogue import load_release
from sessions.models import Booking, Series, TreatmentSession
from sessions.queries.today import home_for
from sessions.services.visits import book_visit, cancel_booking
from tests.builders import clinic, people


def test_the_desk_sees_a_session_without_a_date_by_its_last_safe_date_and_another_site_does_not():
    site, now = clinic.site(), clock.now()
    doctor, patient = clinic.dermatologist(at=site), people.patient(site=site)
    release = load_release(System("tests"), catalogue=read_shipped("2026.1"))
    consultation = people.signed_consultation(patient, by=doctor)
    plan = TreatmentPlan.objects.create(patient=patient, consultation=consultation, site=site, created_at=now)
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        protocol="P1",
        release=release,
        technique="T2",
        session_count=2,
        state="signed",
        made_at=now,
    )
    series = Series.objects.create(plan_version=version, patient=patient, site=site, booked_at=now, booked_by=doctor)
    done, _open = (
        TreatmentSession.objects.create(series=series, ordinal=ordinal, state=state)
        for ordinal, state in ((1, "performed"), (2, "unplaced"))
    )
    before = now - timedelta(days=60)
    Booking.objects.create(
        site=site, kind="treatment", patient=patient, clinician=doctor, state="done", treatment_session=done,
        starts_at=before, ends_at=before + timedelta(minutes=30), calendar_uid="1", booked_by=doctor, booked_at=before,
    )  # fmt: skip

    def rows_of(somebody):
        return [row for queue in home_for(somebody, now=now).queues for row in queue.rows if queue.name == "unplaced"]

    assert [row.detail.endswith(f"To do: {doctor.name}.") for row in rows_of(doctor)] == [True], "there is no desk"
    rows = rows_of(clinic.desk(at=site))
    assert [(row.to, row.key, row.tag) for row in rows] == [("sessions:replan", series.pk, "Passed")]
    assert rows[0].detail.startswith("Last safe date ")
    assert rows[0].detail.endswith("To do: front desk.")
    assert rows_of(doctor) == []
    assert home_for(clinic.desk(at=clinic.site()), now=now).waiting == 0


@pytest.fixture
def visit(clock):
    """A visit on a Thursday at noon with a dermatologist who works then, and what else is around it."""
    clock.set(datetime(2026, 12, 7, 8, tzinfo=UTC))
    site = clinic.site()
    desk, doctor, patient = clinic.desk(at=site), clinic.dermatologist(at=site), people.patient(site=site)
    noon = datetime(2026, 12, 10, 12, tzinfo=site.zone)
    kind = site.visit_types.get(kind="consultation")
    return book_visit(desk, key="visit", site=site, visit_type=kind, patient=patient, clinician=doctor, starts_at=noon)


def to_move(visit: Booking) -> list[str]:
    home = home_for(visit.booked_by, now=visit.starts_at - timedelta(days=3))
    (queue,) = (each for each in home.queues if each.name == "broken")
    assert all((row.to, row.key) == ("sessions:move_booking", visit.pk) for row in queue.rows)
    return [row.detail for row in queue.rows]


def test_a_visit_stays_to_be_moved_while_hours_closures_or_absences_do_not_fit_it(visit):
    assert to_move(visit) == []
    day = visit.starts_at.date()
    closure = Closure.objects.create(site=visit.site, on=day, reason="Works")
    assert [words.endswith("The site is closed that day.") for words in to_move(visit)] == [True]
    closure.delete()
    absence = Absence.objects.create(user=visit.clinician, first_on=day, last_on=day)
    assert [words.endswith("The clinician is away that day.") for words in to_move(visit)] == [True]
    absence.delete()
    visit.site.opening_hours.filter(weekday=day.weekday()).update(opens_at=time(14))
    assert [words.endswith("The visit does not fit into the opening hours.") for words in to_move(visit)] == [True]
    cancel_booking(visit.booked_by, booking_id=visit.pk, version=visit.version)
    assert to_move(visit) == []
