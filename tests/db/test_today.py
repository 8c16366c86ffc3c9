"""The role homes: what needs somebody now."""

from datetime import timedelta

from mesoclinic import clock
from mesoclinic.actors import System
from patients.models import PlanVersion, TreatmentPlan
from protocols.queries.catalogue import read_shipped
from protocols.services.catalogue import load_release
from sessions.models import Booking, Series, TreatmentSession
from sessions.queries.today import home_for
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
    rows = [row for queue in home_for(clinic.desk(at=site), now=now).queues for row in queue.rows]
    assert [(row.to, row.key, row.tag) for row in rows] == [("sessions:series", series.pk, "Passed")]
    assert rows[0].detail.startswith("Last safe date ")
    assert home_for(clinic.desk(at=clinic.site()), now=now).waiting == 0
