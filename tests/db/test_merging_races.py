"""Several people at once at two records of one person: one merges, nobody is left behind on the merged one."""

from collections import Counter
from datetime import datetime

import pytest

from mesoclinic.errors import Conflict
from patients.models import Consultation, Patient, PatientMerge
from patients.services.consultations import start_consultation
from patients.services.merging import merge_patients
from sessions.models import Booking, BookingUse, Occupancy, ResourceKind
from tests.builders import bookings, clinic, people
from tests.db.test_booking_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("hour", [9, 10, 11])
def test_of_two_who_merge_one_is_first_and_visits_made_meanwhile_follow(hour):
    site = clinic.site()
    site.rooms.create(name="Room 2", visit_kinds=["consultation"])
    doctors = [clinic.dermatologist(at=site) for _ in range(4)]
    one, other = people.patient(site=site), people.patient(site=site)
    seen = {one.pk: one.version, other.pk: other.version}

    def merge(doctor, kept, merged):
        return lambda: merge_patients(doctor, kept_id=kept.pk, merged_id=merged.pk, seen=seen, taken=())

    def book(patient, at):
        starts = datetime(2026, 12, 7, at)
        return lambda: bookings.visit(clinic.desk(site), site, starts, patient=patient)

    answers = at_once(
        [
            merge(doctors[0], one, other),
            merge(doctors[1], other, one),
            merge(doctors[2], one, other),
            *(book(patient, at) for at, patient in ((hour, one), (hour + 2, other), (hour + 4, other))),
            lambda: start_consultation(doctors[3], patient_id=other.pk),
        ]
    )

    kinds = Counter("refused" if isinstance(each, Conflict) else type(each).__name__ for each in answers)
    assert kinds["PatientMerge"] == 1
    # Whoever was late is told in words; nothing else goes wrong.
    assert set(kinds) <= {"PatientMerge", "Booking", "Consultation", "refused", "OutOfScope"}
    made = PatientMerge.objects.get()
    assert Patient.objects.get(pk=made.merged_id).merged_into == made.kept
    for rows in (Booking, Consultation):
        assert set(rows.objects.values_list("patient", flat=True)) <= {made.kept_id}
    for uses in (BookingUse, Occupancy):
        held = uses.objects.filter(resource_kind=ResourceKind.PATIENT)
        assert set(held.values_list("resource_id", flat=True)) <= {made.kept_id}
