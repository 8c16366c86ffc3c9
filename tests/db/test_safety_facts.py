"""What was learnt of a patient is not lost by a later answer, an older draft or a call told about the wrong event."""

from datetime import timedelta

import pytest

from mesoclinic import clock as time
from mesoclinic.accounts import Role
from mesoclinic.errors import ClinicError, NotAllowed
from mesoclinic.rules.tri import Tri
from patients.queries.banner import current_facts
from patients.queries.intake import page_for
from patients.services.consultations import save_draft, sign_consultation
from sessions.models import Series
from sessions.queries.stops import booking_stops
from sessions.rules.adverse_told import Call, Report
from sessions.services import adverse
from sessions.services.adverse_triage import answer_call
from sessions.services.treatment import preparation
from tests.builders import clinic, consultations, intake, people, treatments

SENTINEL = "AE-12"


@pytest.fixture
def scene():
    return treatments.scene()


def reported(scene, code, grade, *, by=None, **over):
    told = Report(code, grade, time.now() - timedelta(hours=1), description="Reported by phone.", **over)
    return adverse.record_adverse_event(by or scene.nurse, patient_id=scene.patient.pk, report=told)


def settled_sentinel(scene):
    director = clinic.staff(Role.DIRECTOR, at=scene.site)
    event = reported(scene, SENTINEL, 3, by=director)
    ended = {"outcome": "sequelae", "resolved_on": time.now().date(), "reason": "Scar, no treatment."}
    return adverse.close_adverse_event(director, event_id=event.pk, version=event.version, **ended)


def reaction(scene):
    return current_facts(scene.patient)["prior_meso_reaction"]["value"]


def test_a_consultation_cannot_make_a_reaction_milder_than_its_event(scene):
    settled_sentinel(scene)
    draft = consultations.draft(scene.doctor, scene.patient)
    with pytest.raises(ClinicError, match="Change the event first"):
        sign_consultation(scene.doctor, **consultations.signature(draft))
    assert reaction(scene) == "sentinel"


def test_nor_can_the_re_screen(scene):
    settled_sentinel(scene)
    record = preparation.open_treatment(scene.nurse, session_id=scene.session.pk)
    said = {"prior_meso_reaction": {"value": "none", "observed_on": "2026-03-02"}}
    with pytest.raises(ClinicError) as refused:
        preparation.rescreen(scene.nurse, record_id=record.pk, version=record.version, facts=said, asked=said)
    assert (refused.value.field, reaction(scene)) == ("prior_meso_reaction", "sentinel")


def test_a_draft_does_not_overwrite_what_was_recorded_after_it(scene, clock):
    draft = consultations.draft(scene.doctor, scene.patient)
    clock.advance(minutes=5)
    consultations.learned(scene.nurse, scene.patient, anticoagulant="warfarin")
    signature = consultations.signature(draft)
    with pytest.raises(ClinicError, match="Recorded by others"):
        sign_consultation(scene.doctor, **signature)
    clock.advance(minutes=5)
    looked = save_draft(scene.doctor, consultation_id=draft.pk, version=draft.version, answers=draft.answers)
    sign_consultation(scene.doctor, **signature | {"version": looked.version})
    assert current_facts(scene.patient)["anticoagulant"]["value"] == "none"


def test_a_draft_of_an_earlier_day_is_saved_again_before_it_is_signed(scene, clock):
    draft = consultations.draft(scene.doctor, scene.patient)
    clock.advance(days=1)
    with pytest.raises(ClinicError, match="earlier day"):
        sign_consultation(scene.doctor, **consultations.signature(draft))
    looked = save_draft(scene.doctor, consultation_id=draft.pk, version=draft.version, answers=draft.answers)
    sign_consultation(scene.doctor, **consultations.signature(draft, version=looked.version))


def test_a_red_flag_about_a_judged_event_is_judged_anew(scene):
    mild = reported(scene, "AE-01", 1)
    assert booking_stops(scene.version) == []
    call = Call({"airway_sign": Tri.YES}, None, "Tight throat.", mild.pk)
    answered = answer_call(clinic.desk(at=scene.site), patient_id=scene.patient.pk, call=call)
    assert answered.event != mild
    assert [finding.rule for finding in booking_stops(scene.version)] == ["SD-05"]


def test_a_doctor_alone_does_not_take_a_sentinel_event_off_the_patient(scene):
    event = reported(scene, SENTINEL, 3, by=scene.doctor)
    judged = {"code": SENTINEL, "grade": 3, "causality": "unrelated", "seriousness": "", "action": "", "lots": []}
    with pytest.raises(NotAllowed):
        adverse.assess_adverse_event(
            scene.doctor, event_id=event.pk, version=event.version, reason="Unrelated.", **judged
        )
    assert reaction(scene) == "sentinel"


def test_an_event_that_nobody_assessed_is_not_excluded(scene):
    call = Call({"airway_sign": Tri.YES}, None, "Tight throat.", None)
    event = answer_call(clinic.desk(at=scene.site), patient_id=scene.patient.pk, call=call).event
    ended = {"outcome": "excluded", "resolved_on": None, "reason": "Nothing found."}
    with pytest.raises(ClinicError, match="Assess the event first"):
        adverse.close_adverse_event(scene.doctor, event_id=event.pk, version=event.version, **ended)


def test_an_unsettled_event_holds_a_course_up_and_does_not_end_it(scene):
    event = reported(scene, "AE-09", 2)
    with pytest.raises(ClinicError, match="No course is stopped"):
        adverse.stop_course(scene.doctor, event_id=event.pk, version=event.version, reason="Necrosis feared.")
    assert set(Series.objects.values_list("state", flat=True)) == {Series.State.OPEN}


def test_an_old_answer_about_pregnancy_is_not_taken_over_in_bulk(clock):
    site = clinic.site()
    doctor, patient = clinic.dermatologist(at=site), people.patient(site=site)
    intake.sent(patient, doctor, pregnancy_status="not_pregnant", childbearing_potential="yes")
    assert "pregnancy_status" in {line.field for line in page_for(doctor, patient.pk).plain}
    clock.advance(days=30)
    assert "pregnancy_status" not in {line.field for line in page_for(doctor, patient.pk).plain}
