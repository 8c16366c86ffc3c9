"""Two records of one person become one and part again: nothing of safety is lost, nothing is doubled."""

from datetime import date, datetime, time, timedelta

import pytest

from mesoclinic import clock
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord
from patients.models import FactSheet, Notice, Patient, PatientLink, PatientMerge, Todo
from patients.queries.banner import current_facts
from patients.queries.links import open_links
from patients.queries.merging import likely_pairs, merge_for
from patients.queries.papers import papers_of
from patients.queries.people import find_patients, patient_for
from patients.services.corrections import void_consultation
from patients.services.intake import show_intake_link
from patients.services.merging import ask_for_merge, merge_patients, tell_apart, undo_merge
from sessions.models import Booking, Occupancy, ResourceKind
from sessions.queries.adverse import events_of
from sessions.services.visits import move_booking
from tests.builders import adverse, bookings, catalogue, clinic, facts, papers, people, plans
from tests.builders.rows import row

MONDAY = date(2026, 12, 7)
TEN = datetime(2026, 12, 7, 10)


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site)


@pytest.fixture
def desk(site):
    return clinic.desk(at=site)


@pytest.fixture
def ana(site):
    return people.patient(site=site, given_name="Ana", family_name="Pérez", email="ana@example.test")


@pytest.fixture
def twin(site):
    return people.patient(
        site=site, given_name="Ana", family_name="Perez", email="", phone="+34 612 345 678", contact_by_email=False
    )


def merge(actor, kept, merged, taken=()):
    seen = {each.pk: Patient.objects.get(pk=each.pk).version for each in (kept, merged)}
    return merge_patients(actor, kept_id=kept.pk, merged_id=merged.pk, seen=seen, taken=taken)


def known(patient):
    return {name: entry["value"] for name, entry in current_facts(patient).items()}


def rows_of(patient):
    """Every row that points at a patient, by table."""
    return {
        (each.related_model._meta.db_table, each.field.name): set(
            each.related_model._base_manager.filter(**{each.field.name: patient}).values_list("pk", flat=True)
        )
        for each in Patient._meta.related_objects
        if each.related_model not in (PatientMerge, FactSheet)
    }


def test_the_list_names_the_pair_that_registration_warns_of(desk, ana, twin):
    people.patient(site=desk.sites.get(), given_name="Ana", family_name="Perez", birth_date=date(1980, 1, 1))
    by_phone = people.patient(site=desk.sites.get(), phone="0612 345 678")
    (pair, other) = likely_pairs(desk)
    assert (pair.first, pair.second, pair.alike) == (ana, twin, ("name and birth date",))
    assert (other.first, other.second, other.alike) == (twin, by_phone, ("phone",))


def test_a_pair_that_was_told_apart_is_named_no_more(desk, doctor, ana, twin):
    tell_apart(desk, one_id=twin.pk, other_id=ana.pk)
    tell_apart(desk, one_id=ana.pk, other_id=twin.pk)
    assert likely_pairs(desk) == []
    assert AuditEvent.objects.filter(action="patient.told_apart").count() == 2
    # Who was wrong may still merge them.
    assert merge(doctor, ana, twin).kept == ana


def test_a_pair_that_another_site_has_half_of_is_not_named(desk, ana):
    people.patient(given_name="Ana", family_name="Pérez")
    assert likely_pairs(desk) == []


def test_everything_alive_follows_and_what_is_sealed_is_read_through(site, doctor, desk, ana, twin):
    version = plans.signed_plan(twin, doctor, site, session_count=2)
    series = bookings.series(desk, version, MONDAY)
    visit = bookings.visit(desk, site, datetime(2026, 12, 1, 10), patient=twin)
    event, paper = adverse.event(twin, by=doctor), papers.attachment(twin, by=doctor).paper
    link = row(PatientLink, patient=twin, subject=f"booking:{visit.pk}:0", purpose="visit", expires_at=visit.starts_at)
    reminders = set(Notice.objects.filter(patient=twin).values_list("pk", "subject", "rule"))
    assert reminders

    merge(doctor, ana, twin, taken=["phone"])

    version.plan.refresh_from_db()
    assert version.plan.patient == ana
    assert {each.patient for each in Booking.objects.all()} == {ana}
    assert not Occupancy.objects.filter(resource_kind=ResourceKind.PATIENT, resource_id=twin.pk).exists()
    assert set(Notice.objects.filter(patient=ana).values_list("pk", "subject", "rule")) == reminders
    # A mail about a visit may be out: its link still opens the visit.
    assert open_links("visit").get(pk=link.pk).patient == ana
    assert events_of(ana.pk) == [event]
    assert paper in papers_of(doctor, ana)
    series.refresh_from_db()
    assert series.patient == ana
    ana.refresh_from_db()
    assert (ana.phone, ana.email) == ("+34 612 345 678", "ana@example.test")
    # A screen that was opened before goes on: the visit kept its version.
    assert move_booking(desk, booking_id=visit.pk, version=visit.version, starts_at=TEN).patient == ana


def test_a_merged_record_is_found_by_its_number_and_opens_the_kept_one(doctor, desk, ana, twin):
    merge(doctor, ana, twin)
    assert list(find_patients(desk, twin.record_number).patients) == [ana]
    assert patient_for(desk, twin.pk) == ana
    assert likely_pairs(desk) == []


def test_nothing_of_safety_is_lost_and_the_graver_answer_stands(doctor, ana, twin):
    answers = {name: value for name, value in facts.WOMAN.items() if name != "age_years"}
    fish, latex = {"class": "fish", "reaction": "anaphylaxis"}, {"class": "latex", "reaction": "contact"}
    mild = {"anticoagulant": "none", "pregnancy_status": "pregnant", "allergies": [fish], "weight_kg": "62"}
    grave = {"anticoagulant": "warfarin", "pregnancy_status": "not_pregnant", "allergies": [latex], "weight_kg": "70"}
    catalogue.release()
    people.fact_sheet(ana, facts=answers | mild)
    people.fact_sheet(twin, facts=answers | grave)

    made = merge(doctor, ana, twin)

    now = known(ana)
    assert (now["anticoagulant"], now["pregnancy_status"]) == ("warfarin", "pregnant")
    assert now["allergies"] == [fish, latex]
    # Which weight is right nobody can tell: the dose waits until somebody weighs.
    assert "weight_kg" not in now
    assert set(made.differences) == {"anticoagulant", "pregnancy_status", "allergies", "weight_kg"}
    asked = Todo.objects.get(role="dermatologist", done_at=None)
    assert asked.patient == ana
    assert "Anticoagulant" in asked.text or "blood" in asked.text.lower()
    assert ana.candidacies.first().verdict == "contraindicated"
    # Whatever hangs on a sealed row of the merged one reads the same.
    assert known(Patient.objects.get(pk=twin.pk)) == now


def test_a_link_of_the_merged_one_dies_and_the_desk_sends_another(doctor, desk, ana, twin):
    link = show_intake_link(desk, patient_id=twin.pk)
    merge(doctor, ana, twin)
    assert not open_links("intake").filter(pk=link.pk).exists()
    assert Todo.objects.filter(patient=ana, role="front_desk", done_at=None).count() == 1


def test_two_visits_at_one_time_stop_it_and_are_named(site, doctor, desk, ana, twin):
    clinic.dermatologist(at=site)
    site.rooms.create(name="Room 2", visit_kinds=["consultation"])
    for patient in (ana, twin):
        bookings.visit(desk, site, TEN, patient=patient)
    with pytest.raises(Conflict, match=r"Mon 7 Dec 10:00.*Mon 7 Dec 10:00"):
        merge(doctor, ana, twin)
    assert not PatientMerge.objects.exists()
    assert Booking.objects.filter(patient=twin).exists()


def test_a_merge_is_undone_to_the_last_row(site, doctor, desk, ana, twin):
    second = clinic.site()
    twin.patient_sites.create(site=second, linked_at=clock.now())
    version = plans.signed_plan(twin, doctor, site, session_count=2)
    bookings.series(desk, version, MONDAY, earliest=time(9))
    people.fact_sheet(ana, facts={"anticoagulant": "none"})
    people.fact_sheet(twin, facts={"anticoagulant": "warfarin"})
    before = [rows_of(each) for each in (ana, twin)]
    taken = set(Occupancy.objects.values_list("resource_kind", "resource_id", "slot"))

    made = merge(doctor, ana, twin, taken=["phone", "family_name"])
    undo_merge(doctor, merge_id=made.pk, reason="Two sisters.")

    after = [rows_of(each) for each in (ana, twin)]
    # A to-do of the merge stays with the kept one, done; verdicts are given anew.
    new = {("patients_todo", "patient"), ("patients_candidacy", "patient")}
    for was, now in zip(before, after, strict=True):
        assert {key: rows for key, rows in now.items() if key not in new} == {
            key: rows for key, rows in was.items() if key not in new
        }
    assert list(Todo.objects.filter(patient=ana, done_at=None).values_list("text", flat=True)) == []
    assert set(Occupancy.objects.values_list("resource_kind", "resource_id", "slot")) == taken
    ana.refresh_from_db()
    assert (ana.phone, ana.family_name, ana.search_name) == ("", "Pérez", "ana perez")
    assert (known(ana)["anticoagulant"], known(twin)["anticoagulant"]) == ("none", "warfarin")
    assert patient_for(desk, twin.pk) == twin
    assert likely_pairs(desk) == []
    for patient in (ana, twin):
        events = AuditEvent.objects.filter(patient_id=patient.pk, action__in=["patient.merged", "patient.unmerged"])
        assert events.count() == 2


def test_what_was_recorded_since_stops_an_undo_in_words(doctor, ana, twin):
    made = merge(doctor, ana, twin)
    adverse.event(ana, by=doctor)
    with pytest.raises(Conflict, match="An adverse event was recorded since"):
        undo_merge(doctor, merge_id=made.pk, reason="Two sisters.")
    made.refresh_from_db()
    assert made.undone_at is None


def test_a_consultation_that_a_merge_rests_on_is_not_voided(doctor, ana, twin):
    mine, theirs = (people.signed_consultation(each, by=doctor, facts={"epilepsy": "no"}) for each in (ana, twin))
    catalogue.release()
    merge(doctor, ana, twin)
    for consultation in (mine, theirs):
        with pytest.raises(Conflict, match="Undo the merge"):
            void_consultation(doctor, consultation_id=consultation.pk, reason="Another patient's.")


def test_merges_on_merges_part_in_their_order(doctor, site, ana, twin):
    third = people.patient(site=site)
    first = merge(doctor, twin, third)
    second = merge(doctor, ana, twin)
    assert patient_for(doctor, third.pk) == ana
    with pytest.raises(Conflict, match="merged again since"):
        undo_merge(doctor, merge_id=first.pk, reason="Two sisters.")
    undo_merge(doctor, merge_id=second.pk, reason="Two sisters.")
    assert patient_for(doctor, third.pk) == twin
    undo_merge(doctor, merge_id=first.pk, reason="Two sisters.")
    assert patient_for(doctor, third.pk) == third


def test_a_record_that_changed_or_was_merged_meanwhile_is_not_merged(doctor, ana, twin):
    seen = {ana.pk: ana.version, twin.pk: twin.version + 1}
    with pytest.raises(StaleRecord):
        merge_patients(doctor, kept_id=ana.pk, merged_id=twin.pk, seen=seen, taken=())
    merge(doctor, ana, twin)
    with pytest.raises(OutOfScope):
        merge(doctor, twin, ana)


def test_details_that_contradict_each_other_are_refused_beside_their_field(doctor, ana, twin):
    with pytest.raises(ClinicError, match="e-mail") as refused:
        merge(doctor, ana, twin, taken=["email"])
    assert refused.value.field == "email"
    assert not PatientMerge.objects.exists()


def test_the_desk_asks_once_and_a_doctor_merges(desk, ana, twin):
    with pytest.raises(NotAllowed):
        merge(desk, ana, twin)
    ask_for_merge(desk, one_id=ana.pk, other_id=twin.pk)
    ask_for_merge(desk, one_id=ana.pk, other_id=twin.pk)
    assert Todo.objects.get().role == "dermatologist"


def test_an_undone_merge_is_read_by_those_who_reach_both(doctor, site, ana, twin):
    elsewhere = clinic.site()
    ana.patient_sites.create(site=elsewhere, linked_at=clock.now())
    colleague = clinic.dermatologist(at=elsewhere)
    made = merge(doctor, ana, twin)
    assert merge_for(colleague, made.pk) == made
    undo_merge(doctor, merge_id=made.pk, reason="Two sisters.")
    assert merge_for(doctor, made.pk) == made
    with pytest.raises(OutOfScope):
        merge_for(colleague, made.pk)


def test_a_merge_is_not_undone_while_a_message_about_its_visits_waits(site, doctor, desk, ana, twin):
    version = plans.signed_plan(twin, doctor, site, session_count=2)
    bookings.series(desk, version, MONDAY, earliest=time(9))
    made = merge(doctor, ana, twin)
    visit = Booking.objects.get(treatment_session__ordinal=2)
    local = visit.starts_at.astimezone(site.zone).replace(tzinfo=None)
    move_booking(desk, booking_id=visit.pk, version=visit.version, starts_at=local + timedelta(days=1))
    with pytest.raises(Conflict, match="about to go out"):
        undo_merge(doctor, merge_id=made.pk, reason="Two sisters.")
    made.refresh_from_db()
    assert made.undone_at is None
