"""An adverse event from the report to its outcome: what it stops at once, who is told, and what frees the patient."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from mesoclinic import clock
from mesoclinic.accounts import Role
from mesoclinic.documents import content_of
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord
from mesoclinic.outbox import Message
from patients.models import FactSheet, Todo
from patients.queries.banner import current_facts
from sessions.documents.adverse_alert import compose
from sessions.models import AdverseEvent, AdverseEventEntry, Series, TreatmentSession
from sessions.queries.adverse_pages import event_page, register_for, stops_of
from sessions.queries.stops import booking_stops
from sessions.rules.adverse_told import Report
from sessions.services import adverse as services
from sessions.services import treatment as room
from tests.builders import clinic, people, treatments

FOLLICULITIS, PAIN, NECROSIS, NTM = "AE-09", "AE-01", "AE-12", "AE-19"


@pytest.fixture
def made():
    return treatments.scene()


@pytest.fixture
def director(made):
    return clinic.staff(Role.DIRECTOR, at=made.site, name="Dr Mia Roth")


def reported(made, code=FOLLICULITIS, grade=2, *, by=None, ago=timedelta(hours=1), **over) -> AdverseEvent:
    told = Report(code, grade, clock.now() - ago, description="Seen on the phone.", **over)
    return services.record_adverse_event(by or made.nurse, patient_id=made.patient.pk, report=told)


def assessed(actor, event, code, grade, **over) -> AdverseEvent:
    thought = {"causality": "possible", "seriousness": "", "action": "", "lots": [], "reason": "Seen today."} | over
    return services.assess_adverse_event(
        actor, event_id=event.pk, version=event.version, code=code, grade=grade, **thought
    )


def closed(actor, event, outcome="resolved", **over) -> AdverseEvent:
    day = clock.now().date() if outcome in services.DATED else None
    said = {"resolved_on": day, "reason": "Looked at the scalp.", "version": event.version} | over
    return services.close_adverse_event(actor, event_id=event.pk, outcome=outcome, **said)


def rules(made) -> set[str]:
    return {found.rule for found in booking_stops(made.version)}


def reaction(made) -> str | None:
    return (current_facts(made.patient).get("prior_meso_reaction") or {}).get("value")


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def flag(made) -> str:
    return TreatmentSession.objects.get(pk=made.session.pk).flag


def test_a_second_grade_stops_at_once_and_frees_the_patient_once_it_is_over(made):
    event = reported(made)
    assert (rules(made), reaction(made)) == ({"SD-05"}, "grade2_unresolved")
    assert "SD-05" in flag(made)
    assert "PR-03" in flag(made)
    closed(made.doctor, event)
    assert (rules(made), reaction(made), flag(made)) == (set(), "mild", "")


def test_ongoing_says_so_and_goes_on_counting(made):
    event = closed(made.doctor, reported(made), "ongoing")
    assert (event.state, event.outcome) == ("open", "ongoing")
    assert rules(made) == {"SD-05"}


def test_a_lower_grade_is_enough_to_treat_again_but_the_worst_is_kept(made):
    event = assessed(made.doctor, reported(made), FOLLICULITIS, 1)
    assert (rules(made), event.worst_grade, event.state) == (set(), 2, "open")


def test_what_was_suspected_and_excluded_gives_back_what_was_known_before(made):
    before = reaction(made)
    event = reported(made, PAIN, 3)
    assert (rules(made), reaction(made)) == ({"SD-05", "STOP-3"}, "grade3")
    closed(made.doctor, event, "excluded")
    assert (rules(made), reaction(made)) == (set(), before)


def test_what_a_person_said_meanwhile_is_graver_and_stays(made):
    event = reported(made)
    told = {**current_facts(made.patient), "prior_meso_reaction": {"value": "sentinel", "observed_on": "2026-11-26"}}
    number = made.patient.fact_sheets.count() + 1
    people.fact_sheet(made.patient, by=made.doctor, number=number)
    FactSheet.objects.create(
        patient=made.patient, number=number + 1, facts=told, source="rescreen", by=made.doctor, at=clock.now()
    )
    closed(made.doctor, event)
    assert reaction(made) == "sentinel"


def test_a_third_grade_ends_the_course_for_good_and_its_visits_are_given_back_by_a_press(made):
    event = closed(made.doctor, reported(made, PAIN, 3))
    assert rules(made) == {"STOP-3"}
    services.stop_course(made.doctor, event_id=event.pk, version=event.version, reason="Grade 3, see the event.")
    series = Series.objects.get(patient=made.patient)
    assert (series.state, series.stop_reason) == ("stopped", "Grade 3, see the event.")
    made.booking.refresh_from_db()
    assert made.booking.state == "cancelled"
    with pytest.raises(Conflict):
        services.stop_course(made.doctor, event_id=event.pk, version=event.version + 1, reason="Again.")


def test_an_event_that_the_treatment_did_not_cause_says_nothing_of_earlier_reactions(made):
    before = reaction(made)
    reported(made, PAIN, 3, causality="unrelated")
    assert reaction(made) == before
    assert "SD-05" in rules(made)


def test_a_sentinel_event_tells_the_directors_in_the_same_transaction_and_names_nobody(made, director):
    clinic.staff(Role.DIRECTOR, at=clinic.site())
    with transaction.atomic():
        reported(made, NECROSIS, 3)
        transaction.set_rollback(True)
    assert not Message.objects.filter(kind="adverse_alert").exists()
    event = reported(made, NECROSIS, 3)
    (mail,) = Message.objects.filter(kind="adverse_alert")
    letter = compose(mail.subject_key)
    assert letter.to == director.email
    assert f"/adverse-events/{event.pk}/" in letter.text
    for told in (made.patient.family_name, made.patient.record_number, "AE-12", "necrosis"):
        assert told not in letter.text + letter.subject
    assert reaction(made) == "sentinel"
    assert "PR-01" in flag(made)
    assert [each.who for each in event_page(director, event.pk).told] == ["Dr Mia Roth"]


def test_a_sentinel_event_is_taken_off_the_set_and_closed_by_the_director_alone(made, director):
    event = reported(made, NTM, 3)
    for step in (lambda: closed(made.doctor, event, "excluded"), lambda: assessed(made.doctor, event, FOLLICULITIS, 1)):
        with pytest.raises(NotAllowed):
            step()
    assert AdverseEvent.objects.get().version == 1
    closed(director, event, "excluded")
    assert rules(made) == set()


def test_two_infections_on_one_lot_are_a_cluster_that_the_director_is_told_once(made, director):
    record = treatments.signed(made)
    lot = made.lots["HA_NCL"]
    first = reported(made, FOLLICULITIS, 1, record_id=record.pk, lots=(lot.pk,), ago=timedelta())
    assert not Message.objects.filter(kind="adverse_alert").exists()
    reported(made, "AE-03", 1, record_id=record.pk, lots=(lot.pk,), ago=timedelta())
    keys = sorted(Message.objects.filter(kind="adverse_alert").values_list("key", flat=True))
    assert [key.split(":")[3].split()[0] for key in keys] == ["day", "lot"]
    assessed(made.doctor, first, FOLLICULITIS, 1, lots=[lot.pk])
    told = Message.objects.filter(kind="adverse_alert")
    assert told.count() == len({each.key for each in told}) == 4
    clusters = register_for(director, shown="", page="1").clusters
    assert {each.lot and each.lot.number for each in clusters} == {None, lot.number}


def test_nothing_is_erased_and_every_step_is_an_entry(made):
    event = reported(made)
    event = assessed(made.doctor, event, FOLLICULITIS, 1)
    event = closed(made.doctor, event)
    event = services.reopen_adverse_event(
        made.doctor, event_id=event.pk, version=event.version, reason="Came back after two days."
    )
    kinds = list(event.entries.values_list("number", "kind", "grade", "outcome"))
    assert kinds == [(1, "opened", 2, ""), (2, "assessed", 1, ""), (3, "closed", 1, "resolved"), (4, "reopened", 1, "")]
    assert (event.state, event.outcome, event.resolved_at) == ("open", "", None)
    for change in ({"onset_at": clock.now()}, {"patient": people.patient(site=made.site)}):
        with pytest.raises(IntegrityError, match="guarded"), transaction.atomic():
            AdverseEvent.objects.filter(pk=event.pk).update(**change)


def test_the_second_of_two_writers_is_told_and_overwrites_nothing(made):
    event = reported(made)
    assessed(made.doctor, event, FOLLICULITIS, 1)
    stale = AdverseEvent(pk=event.pk, version=1)
    with pytest.raises(StaleRecord):
        assessed(made.doctor, stale, FOLLICULITIS, 2)
    assert AdverseEvent.objects.get().grade == 1


@pytest.mark.parametrize(
    ("grade", "outcome", "over", "field"),
    [
        (2, "resolved", {"resolved_on": None}, "resolved_on"),
        (2, "resolved", {"resolved_on": clock.now().date() + timedelta(days=2)}, "resolved_on"),
        (2, "resolved", {"resolved_on": clock.now().date() - timedelta(days=400)}, "resolved_on"),
        (2, "died", {}, "outcome"),
        (5, "resolved", {}, "outcome"),
        (2, "gone", {}, "outcome"),
        (2, "resolved", {"reason": "  "}, "reason"),
    ],
)
def test_an_outcome_that_does_not_fit_is_refused_beside_its_field(made, grade, outcome, over, field):
    event = reported(made, PAIN, grade)
    with pytest.raises(ClinicError) as refusal:
        closed(made.doctor, event, outcome, **over)
    assert refusal.value.field == field
    assert AdverseEventEntry.objects.count() == 1


def test_who_may_not_does_not_and_another_site_finds_nothing(made):
    event = reported(made)
    for step in (lambda: closed(made.nurse, event), lambda: assessed(made.nurse, event, PAIN, 1)):
        with pytest.raises(NotAllowed):
            step()
    with pytest.raises(NotAllowed):
        reported(made, by=clinic.desk(made.site))
    with pytest.raises(OutOfScope):
        closed(clinic.dermatologist(), event)
    assert AdverseEventEntry.objects.count() == 1


def test_a_follow_up_stands_on_the_list_of_its_owner_and_a_doctor_is_asked_in_time(made):
    event = reported(made)
    (contact,) = Todo.objects.filter(patient=made.patient)
    assert contact.role == Role.DERMATOLOGIST
    assert (contact.due_at - event.reported_at) // timedelta(hours=1) == 24
    due = clock.now() + timedelta(days=3)
    services.follow_adverse_event(
        made.nurse, event_id=event.pk, version=1, text="Look at the photograph.", due_at=due, owner=made.doctor
    )
    asked = AdverseEventEntry.objects.get(kind="follow_up").todo
    assert (asked.user, asked.due_at, asked.done_at) == (made.doctor, due, None)
    with pytest.raises(ClinicError):
        services.follow_adverse_event(
            made.nurse, event_id=event.pk, version=2, text="Call.", due_at=due, owner=clinic.dermatologist()
        )


def test_a_lot_that_the_patient_never_had_cannot_be_named(made):
    with pytest.raises(ClinicError) as refusal:
        reported(made, lots=(made.lots["HA_NCL"].pk,))
    assert refusal.value.field == "lots"
    assert not AdverseEvent.objects.exists()


def test_the_report_for_the_regulator_says_what_is_asked_and_not_who_it_is(made):
    record = treatments.signed(made)
    lot = made.lots["HA_NCL"]
    event = reported(made, record_id=record.pk, lots=(lot.pk,), ago=timedelta(), place="Vertex, left of the midline")
    event = services.report_to_regulator(made.doctor, event_id=event.pk, version=event.version)
    paper = event.entries.get(kind="reported").paper
    text = text_of(content_of(paper.document))
    for asked in ("AE-09", "Grade", lot.number, lot.product.name, "Vertex", "34 years"):
        assert asked in text
    for hidden in (made.patient.family_name, made.patient.given_name, made.patient.record_number, "1992"):
        assert hidden not in text


def test_a_reaction_in_the_room_takes_the_same_path(made):
    record = treatments.started(made)
    room.report_reaction(
        made.nurse, record_id=record.pk, version=record.version, code=FOLLICULITIS, grade=2, description="Pustules."
    )
    event = AdverseEvent.objects.get()
    assert {lot.pk for lot in event.lots.all()} == {lot.pk for lot in made.lots.values()}
    assert event.entries.get().lots == sorted(lot.pk for lot in made.lots.values())
    assert {found.rule for found in stops_of(made.patient)} == {"SD-05"}
