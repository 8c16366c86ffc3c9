"""The demo clinic: made once for all tests here, the same for its number and date, whole, and in its place alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings

from mesoclinic import audit, documents
from mesoclinic.accounts import Role, User
from mesoclinic.demo import DEMO_PASSWORD
from mesoclinic.outbox import Message
from mesoclinic.sites import Room, Site
from patients.models import Consent, Consultation, Notice, Patient, PatientDocument, PlanVersion, Todo
from protocols.models import CatalogueRow, Lot, RowDecision
from sessions.models import Booking, Series, TreatmentRecord, TreatmentSession

# Its 40 s are for one stack, and not for a quick run.
pytestmark = [pytest.mark.once, pytest.mark.processes]

DAY = date(2026, 11, 26)
MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 26, 11, 10, tzinfo=MADRID)


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """The demo clinic of 26 November 2026, rolled back after the last test; the clock's file before and after."""
    papers, clock_file = tmp_path_factory.mktemp("private"), settings.CLOCK_FILE
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO=True, PRIVATE_DIR=papers),
        transaction.atomic(),
    ):
        call_command("seed_demo", date=DAY, verbosity=0)
        yield clock_file, settings.CLOCK_FILE
        transaction.set_rollback(True)


def states(kind) -> set[str]:
    return set(kind.objects.values_list("state", flat=True))


def board(day: date) -> list[tuple[str, str, str, str]]:
    """Who comes to Madrid on that day, to whom, and how far it has come."""
    here = Booking.objects.filter(site__country="ES").select_related("patient", "clinician")
    local = [(each.starts_at.astimezone(MADRID), each) for each in here.order_by("starts_at", "pk")]
    return [
        (f"{at:%H:%M}", each.clinician.name, each.patient.full_name, each.state)
        for at, each in local
        if at.date() == day and each.patient
    ]


def test_the_same_number_and_date_make_the_same_people_and_day(seeded):
    people = Patient.objects.order_by("pk").values_list("record_number", "given_name", "family_name", "birth_date")
    assert list(people[:6]) == [
        ("M-WFG2GZ", "Kerem", "Iğdır", date(1966, 2, 3)),
        ("M-T4PHVY", "Kerem", "Güneş", date(1967, 10, 8)),
        ("M-H9KQYQ", "ريم", "المنصوري", date(1997, 1, 26)),
        ("M-W655CM", "Ayşegül", "Aktaş", date(1994, 3, 19)),
        ("M-QQ6DZ3", "", "Suryani", date(1988, 5, 2)),
        ("M-NQZP8X", "يوسف", "المنصوري", date(1970, 7, 23)),
    ]
    assert board(DAY) == [
        ("09:15", "Dr. Lucía Ferrer", "Suryani", "observing"),
        ("09:45", "Dr. Lucía Ferrer", "Adrián Núñez", "done"),
        ("10:15", "Dr. Lucía Ferrer", "Rocío Muñoz", "done"),
        ("10:30", "Dr. Marc Oliva", "Adrián Yáñez", "observing"),
        ("10:45", "Dr. Lucía Ferrer", "Kerem Iğdır", "booked"),
        ("11:00", "Dr. Lucía Ferrer", "يوسف المنصوري", "treating"),
        ("11:00", "Dr. Marc Oliva", "Seán Smith-Ñuñoa", "numbing"),
        ("11:30", "Dr. Lucía Ferrer", "Çağrı Şimşek", "arrived"),
        ("12:00", "Dr. Marc Oliva", "Selin Karadağ", "confirmed"),
        ("13:00", "Dr. Lucía Ferrer", "Rocío García Peña", "confirmed"),
        ("15:00", "Dr. Lucía Ferrer", "Rubén Güell", "confirmed"),
        ("15:30", "Dr. Marc Oliva", "Zoë Smith-Ñuñoa", "confirmed"),
        ("16:00", "Dr. Lucía Ferrer", "Andrés Bermúdez", "confirmed"),
        ("16:45", "Dr. Marc Oliva", "Helen Fitzgerald", "confirmed"),
        ("17:15", "Dr. Marc Oliva", "Lucía Muñoz", "booked"),
        ("18:00", "Dr. Marc Oliva", "Nesrin Iğdır", "confirmed"),
    ]


def test_it_is_as_large_as_it_is_meant_to_be(seeded):
    roles = Counter(role for user in User.objects.all() for role in user.roles)
    assert Site.objects.count() == 2
    assert roles[Role.DERMATOLOGIST] + roles[Role.DIRECTOR] == 4
    assert 55 <= Patient.objects.count() <= 70
    assert Room.objects.count() >= 4
    weeks = Booking.objects.filter(starts_at__range=(NOW - timedelta(weeks=3), NOW + timedelta(weeks=3)))
    assert {booking.starts_at.isocalendar().week for booking in weeks} >= set(range(46, 51))
    for login in ("director", "derm", "nurse", "desk"):
        assert User.objects.get(email=f"{login}@demo.test").check_password(DEMO_PASSWORD)


def test_plans_are_in_every_state(seeded):
    assert states(PlanVersion) == set(PlanVersion.State.values)


def test_sessions_are_in_every_state_that_they_are_led_to(seeded):
    kinds = TreatmentSession.State
    # A visit that was missed or cancelled leaves its session to be booked again.
    assert states(TreatmentSession) == set(kinds.values) - {kinds.MISSED, kinds.CANCELLED}
    assert states(Series) == set(Series.State.values)
    assert states(Booking) == set(Booking.State.values) - {Booking.State.HELD}
    assert states(TreatmentRecord) == {"open", "signed"}


def test_consultations_consents_and_notices_show_what_staff_has_to_see(seeded):
    assert states(Consultation) == {"draft", "signed"}
    assert states(Consent) >= {"offered", "shown", "signed", "refused", "withdrawn", "expired"}
    assert states(Notice) >= {"waiting", "sent", "printed", "told", "failed", "uncertain", "skipped"}
    assert states(Lot) == set(Lot.State.values)
    assert Todo.objects.exists()


def test_nothing_has_happened_that_is_still_to_come(seeded):
    over = Booking.objects.filter(state__in=("done", "no_show"))
    assert not over.filter(starts_at__gt=NOW).exists()
    assert not TreatmentRecord.objects.filter(started_at__gt=NOW).exists()
    assert not Message.objects.filter(state="sent", sent_at__gt=NOW).exists()
    assert not Message.objects.filter(state="waiting", due_at__lte=NOW - timedelta(minutes=1)).exists()


def test_every_row_but_three_protocols_is_approved_for_demonstration(seeded):
    decided = dict(RowDecision.objects.values_list("row_sha256", "demonstration"))
    undecided = {(row.kind, row.code) for row in CatalogueRow.objects.all() if row.sha256 not in decided}
    assert undecided == {("protocol", "P2"), ("protocol", "P3"), ("protocol", "P6")}
    assert all(decided.values())


def test_the_papers_of_patients_can_be_read(seeded):
    papers = [paper.document for paper in PatientDocument.objects.select_related("document")]
    assert papers
    assert all(documents.content_of(paper).startswith(b"%PDF") for paper in papers)


def test_the_audit_chain_holds_and_knows_everything_signed(seeded, capsys):
    assert audit.verify() is None
    signed = PlanVersion.objects.exclude(signed_at=None).count()
    assert audit.AuditEvent.objects.filter(action="plan.signed").count() == signed
    assert audit.AuditEvent.objects.filter(action="patient.registered").count() == Patient.objects.count()
    call_command("verify_audit")
    assert f"The audit chain holds: {audit.AuditEvent.objects.count()} events." in capsys.readouterr().out


def test_the_clock_is_the_clinics_own_again(seeded):
    before, after = seeded
    assert after == before


def test_a_second_clinic_is_not_made_beside_it(seeded):
    before = Patient.objects.count()
    with pytest.raises(CommandError, match="in an empty one only"):
        call_command("seed_demo", date=DAY)
    assert Patient.objects.count() == before


def test_without_demo_nothing_is_invented(seeded):
    with override_settings(DEMO=False), pytest.raises(CommandError, match="This is no demo"):
        call_command("seed_demo", date=DAY)
