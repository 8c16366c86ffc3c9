"""The clinic of size: a small one is as lawful as a large one, the same for its seed, and only where it may be."""

from datetime import date

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F, Sum
from django.test import override_settings

from mesoclinic import audit
from mesoclinic.audit import AuditEvent
from patients.models import Candidacy, FormulationCheck, Patient
from patients.queries.acknowledgements import stored
from patients.rules.candidacy import evaluate
from protocols.models import Lot
from protocols.queries.catalogue import catalogue_of
from protocols.rules.facts import from_sheet
from sessions.models import Booking, BookingUse, Occupancy, Series, TreatmentSession
from sessions.queries.planning import slots_between
from tests.builders import people

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 26)
SMALL = {"patients": 200, "appointments": 300, "years": 1, "date": DAY, "verbosity": 0}


def rows() -> list[object]:
    names = Patient.objects.order_by("pk").values_list("record_number", "search_name", "birth_date")
    visits = Booking.objects.order_by("pk").values_list("starts_at", "kind", "state", "calendar_uid")
    return [*names, *visits]


def test_a_small_clinic_of_size_is_lawful():
    before = settings.CLOCK_FILE
    call_command("seed_scale", **SMALL)
    assert before == settings.CLOCK_FILE
    assert (Patient.objects.count(), Booking.objects.count()) == (200, 300)
    assert audit.verify() is None
    assert AuditEvent.objects.filter(action="treatment.signed").exists()
    assert not Lot.objects.annotate(moved=Sum("movements__quantity_ml")).exclude(moved=F("on_hand_ml")).exists()
    _verdicts_follow_from_their_facts()
    _visits_take_what_they_need()
    _series_are_whole()


def _verdicts_follow_from_their_facts():
    for given in Candidacy.objects.select_related("fact_sheet", "release"):
        catalogue = catalogue_of(given.release)
        facts = from_sheet(given.fact_sheet.facts, evaluated_on=given.evaluated_on, catalogue=catalogue)
        again = evaluate(facts, catalogue)
        assert (given.verdict, given.findings) == (again.verdict, stored(again.fired))
    assert set(FormulationCheck.objects.values_list("result", flat=True)) <= {"ok", "ok_with_warnings"}


def _visits_take_what_they_need():
    """Nobody is at two places at once, also on the days whose grid is gone; what is ahead stands on the grid."""
    seen = set()
    for use in BookingUse.objects.all():
        taken = {(use.resource_kind, use.resource_id, slot) for slot in slots_between(use.starts_at, use.ends_at)}
        assert not taken & seen
        seen |= taken
    ahead = set(Occupancy.objects.values_list("resource_kind", "resource_id", "slot"))
    assert ahead
    assert ahead == {each for each in seen if each[2] >= min(slot for _kind, _id, slot in ahead)}
    lost = Booking.objects.filter(state__in=("cancelled", "no_show"))
    assert lost.exists()
    assert not lost.filter(uses__isnull=False).exists()


def _series_are_whole():
    assert Series.objects.filter(state="completed").exists()
    for series in Series.objects.select_related("plan_version"):
        assert series.sessions.count() == series.plan_version.session_count
    assert not TreatmentSession.objects.filter(bookings=None).exists()
    performed = TreatmentSession.objects.filter(state="performed")
    assert not performed.exclude(records__state="signed").exists()


def test_the_seed_says_which_clinic():
    made = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            call_command("seed_scale", **SMALL | {"patients": 30, "appointments": 40, "seed": seed})
            made.append(rows())
            transaction.set_rollback(True)
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_leaves_a_clinic_with_patients_alone_unless_it_is_a_demo():
    people.patient()
    with pytest.raises(CommandError, match="in use"):
        call_command("seed_scale", **SMALL)
    assert Patient.objects.count() == 1
    with override_settings(DEMO=True):
        call_command("seed_scale", **SMALL | {"patients": 20, "appointments": 20})
        with pytest.raises(CommandError, match="there already"):
            call_command("seed_scale", **SMALL)
    assert Patient.objects.count() == 21


def test_says_how_many_appointments_fit():
    with pytest.raises(CommandError, match=r"fit \d"):
        call_command("seed_scale", **SMALL | {"appointments": 1_000_000})
