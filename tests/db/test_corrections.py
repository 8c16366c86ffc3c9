"""Corrections: the wrong value stays beside the right one; plans are judged again; what is void counts no more."""

import pytest
from django.db import DatabaseError, transaction

from mesoclinic import clock
from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, RuleBroken
from patients.models import Addendum, Candidacy, Consultation, Correction, FactSheet
from patients.queries.banner import current_facts
from patients.queries.corrections import facts_as_corrected, signed_facts, verdict_since
from patients.services.consultations import start_consultation
from patients.services.corrections import correct_answer, void_consultation
from patients.services.plans import draft_plan
from sessions.models import Series, TreatmentSession
from tests.builders import clinic, consultations, people

DEFER = {"scalp_infection": "bacterial"}
REASON = "Ticked the wrong line."


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site, name="Dr Elif Aydın")


@pytest.fixture
def patient(site):
    return people.patient(site=site)


def entry(value):
    return {"value": value, "observed_on": clock.now().date().isoformat()}


def correct(by, made, field="scalp_infection", value="none", reason=REASON):
    right = None if value is None else entry(value)
    return correct_answer(by, consultation_id=made.pk, field=field, entry=right, reason=reason)


def void(by, made, reason="Written for another patient."):
    return void_consultation(by, consultation_id=made.pk, reason=reason)


def value(facts, field):
    return facts.get(field, {}).get("value")


def test_a_correction_supersedes_the_answer_and_both_stay_readable(doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    mark = correct(doctor, made)
    assert (mark.old["value"], mark.new["value"], mark.by, mark.reason) == ("bacterial", "none", doctor, REASON)
    assert value(signed_facts(made), "scalp_infection") == "bacterial"
    assert value(facts_as_corrected(made), "scalp_infection") == "none"
    assert value(current_facts(patient), "scalp_infection") == "none"
    sheet = FactSheet.objects.get(patient=patient, number=2)
    assert (sheet.source, sheet.consultation, mark.fact_sheet) == ("correction", made, sheet)
    assert {name: each for name, each in sheet.facts.items() if name != "scalp_infection"} == {
        name: each for name, each in signed_facts(made).items() if name != "scalp_infection"
    }
    event = AuditEvent.objects.get(action="consultation.corrected")
    assert (event.changed, event.reason, event.patient_id) == (["scalp_infection"], REASON, patient.pk)


def test_a_correction_gives_a_new_verdict_beside_the_old(doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    assert verdict_since(made) is None
    correct(doctor, made)
    assert Candidacy.objects.get(cause="consultation").verdict == "defer"
    assert verdict_since(made).verdict == "proceed"


def test_open_plans_are_judged_again_at_once(doctor, patient, site):
    made = consultations.signed(doctor, patient)
    version = consultations.signed_version(doctor, consultations.plan(doctor, made))
    series = Series.objects.create(
        plan_version=version, patient=patient, site=site, booked_at=clock.now(), booked_by=doctor
    )
    session = TreatmentSession.objects.create(series=series, ordinal=1, state=TreatmentSession.State.UNPLACED)
    correct(doctor, made, value="bacterial")
    session.refresh_from_db()
    assert "SC-01" in session.flag
    correct(doctor, made)
    session.refresh_from_db()
    assert session.flag == ""


def test_an_answer_is_corrected_to_none_and_corrected_again(doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    correct(doctor, made, value=None)
    assert "scalp_infection" not in current_facts(patient)
    correct(doctor, made, value="fungal")
    marks = [(each.old and each.old["value"], each.new and each.new["value"]) for each in Correction.objects.all()]
    assert marks == [("bacterial", None), (None, "fungal")]


def test_a_newer_answer_is_not_overwritten(doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    consultations.learned(doctor, patient, scalp_infection="viral")
    with pytest.raises(Conflict, match="anew"):
        correct(doctor, made)
    assert value(current_facts(patient), "scalp_infection") == "viral"
    assert not Correction.objects.exists()


def test_what_a_rescreen_only_repeated_is_corrected_with_what_else_is_new(doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    consultations.learned(doctor, patient, **DEFER, herpes="active")
    correct(doctor, made)
    facts = current_facts(patient)
    assert (value(facts, "scalp_infection"), value(facts, "herpes")) == ("none", "active")


def test_refuses_without_a_reason_a_difference_or_a_signature(doctor, patient):
    made = consultations.signed(doctor, patient)
    stands = signed_facts(made)["scalp_infection"]
    with pytest.raises(ClinicError) as refusal:
        correct(doctor, made, value="bacterial", reason="  ")
    assert refusal.value.field == "reason"
    with pytest.raises(ClinicError, match="already"):
        correct_answer(doctor, consultation_id=made.pk, field="scalp_infection", entry=stands, reason=REASON)
    draft = start_consultation(doctor, patient_id=patient.pk)
    for act in (correct, void):
        with pytest.raises(ClinicError, match="draft"):
            act(doctor, draft)
    assert not Correction.objects.exists()


@pytest.mark.parametrize("act", [correct, void])
def test_refuses_other_roles_and_other_sites_without_writing(doctor, patient, site, act):
    made = consultations.signed(doctor, patient, **DEFER)
    for role in (Role.NURSE, Role.FRONT_DESK, Role.DIRECTOR):
        with pytest.raises(NotAllowed):
            act(clinic.staff(role, at=site), made)
    with pytest.raises(OutOfScope):
        act(clinic.dermatologist(), made)
    assert FactSheet.objects.count() == 1


def test_a_correction_is_never_changed_or_erased(doctor, patient):
    mark = correct(doctor, consultations.signed(doctor, patient, **DEFER))
    found = Correction.objects.filter(pk=mark.pk)
    for write in (lambda: found.update(reason="Another."), found.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_a_void_consultation_counts_no_more_and_what_was_known_before_counts_again(doctor, patient):
    first = consultations.signed(doctor, patient, herpes="active")
    wrong = consultations.signed(doctor, patient, **DEFER, herpes="none")
    void(doctor, wrong)
    wrong.refresh_from_db()
    assert wrong.state == Consultation.State.VOIDED
    facts, before = current_facts(patient), signed_facts(first)
    assert facts == before
    assert (AuditEvent.objects.get(action="consultation.voided").reason, Addendum.objects.get().text) == (
        "Written for another patient.",
        "Written for another patient.",
    )
    assert Candidacy.objects.first().cause == "correction"


def test_nothing_is_known_once_the_only_consultation_is_void(doctor, patient):
    void(doctor, consultations.signed(doctor, patient))
    assert set(current_facts(patient)) == {"date_of_birth"}
    assert Candidacy.objects.first().verdict == "cannot_conclude"


def test_what_was_learned_after_a_void_consultation_stays(doctor, patient):
    wrong = consultations.signed(doctor, patient, **DEFER)
    consultations.learned(doctor, patient, **DEFER, herpes="active")
    void(doctor, wrong)
    facts = current_facts(patient)
    assert value(facts, "herpes") == "active"
    assert "scalp_infection" not in facts


def test_voiding_one_after_the_other_brings_neither_back(doctor, patient):
    first = consultations.signed(doctor, patient, herpes="active")
    second = consultations.signed(doctor, patient, **DEFER)
    correct(doctor, second, value="viral")
    void(doctor, second)
    assert value(current_facts(patient), "herpes") == "active"
    void(doctor, first)
    assert set(current_facts(patient)) == {"date_of_birth"}


def test_no_plan_comes_from_a_void_consultation(doctor, patient):
    wrong = consultations.signed(doctor, patient)
    plan = consultations.plan(doctor, wrong)
    void(doctor, wrong)
    consultations.signed(doctor, patient)
    with pytest.raises(RuleBroken, match="void"):
        consultations.signed_version(doctor, plan)
    with pytest.raises(ClinicError):
        draft_plan(doctor, consultation_id=wrong.pk)
    for act in (correct, void):
        with pytest.raises(Conflict):
            act(doctor, wrong)
