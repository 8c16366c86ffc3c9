"""An intake by link: one link that dies with the next, answers that are proposals, taken over field by field."""

from datetime import date, timedelta

import pytest

from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, StaleRecord
from mesoclinic.outbox import Message, Skip
from patients.documents.intake import compose
from patients.models import Consultation, FactSheet, IntakeDraft, Notice, PatientLink, Proposal, Todo
from patients.queries.intake import page_for, waiting_intakes_for
from patients.queries.links import opened_by
from patients.services import intake as services
from patients.services.links import TRIES, Known, confirm_birth_date
from tests.builders import clinic, intake, people

BORN, OTHER_DAY = date(1992, 3, 14), date(1992, 3, 15)


@pytest.fixture
def here():
    site = clinic.site()
    return site, clinic.dermatologist(at=site), people.patient(site=site)


def test_only_the_mail_carries_the_token_and_a_new_link_ends_the_old_one_with_its_mail(here):
    site, _doctor, patient = here
    first = services.send_intake_link(clinic.desk(at=site), patient_id=patient.pk)
    notice = Notice.objects.get()
    mail = compose(notice.message.subject_key)
    token = intake.token(first)
    assert f"/l/{token}/" in mail.text
    assert token not in mail.subject
    assert patient.family_name not in mail.subject
    assert token not in str([list(model.objects.values()) for model in (PatientLink, Message, Notice, AuditEvent)])
    second = services.send_intake_link(clinic.desk(at=site), patient_id=patient.pk)
    assert opened_by(token, "intake") is None
    assert opened_by(intake.token(second), "intake") == second
    assert isinstance(compose(notice.message.subject_key), Skip)
    assert [each.state for each in Notice.objects.order_by("pk")] == ["skipped", "waiting"]


def test_another_secret_key_opens_no_old_link_and_mails_none(here, settings):
    site, _doctor, patient = here
    made = services.send_intake_link(clinic.desk(at=site), patient_id=patient.pk)
    settings.SECRET_KEY = "another-" + "k" * 64
    assert isinstance(compose(Notice.objects.get().message.subject_key), Skip)
    assert opened_by(intake.token(made), "intake") is None


def test_who_may_not_be_mailed_is_shown_the_address_instead(here):
    site, _doctor, patient = here
    type(patient).objects.filter(pk=patient.pk).update(contact_by_email=False)
    with pytest.raises(ClinicError, match="No permission"):
        services.send_intake_link(clinic.desk(at=site), patient_id=patient.pk)
    assert not PatientLink.objects.exists()
    services.show_intake_link(clinic.desk(at=site), patient_id=patient.pk)
    assert [(each.channel, each.state) for each in Notice.objects.all()] == [("desk", "sent")]


def test_another_site_and_a_nurse_make_no_link(here):
    _site, _doctor, patient = here
    with pytest.raises(OutOfScope):
        services.show_intake_link(clinic.desk(at=clinic.site()), patient_id=patient.pk)
    with pytest.raises(NotAllowed):
        services.show_intake_link(clinic.staff("nurse"), patient_id=patient.pk)
    assert not PatientLink.objects.exists()


def test_wrong_birth_dates_put_the_link_to_sleep_then_close_it_and_tell_the_desk(here, clock):
    _site, doctor, patient = here
    made = intake.link(patient, doctor)
    holder = intake.holder(made)
    assert [confirm_birth_date(holder, born=OTHER_DAY) for _ in range(TRIES)] == [*[Known.NO] * 4, Known.ASLEEP]
    assert confirm_birth_date(holder, born=BORN) is Known.ASLEEP
    assert Todo.objects.get().role == "front_desk"
    clock.advance(minutes=15, seconds=1)
    assert [confirm_birth_date(holder, born=OTHER_DAY) for _ in range(TRIES)][-1] is Known.CLOSED
    with pytest.raises(OutOfScope):
        confirm_birth_date(holder, born=BORN)
    assert AuditEvent.objects.filter(action="link.birth_date_wrong", actor_kind="link").count() == 2 * TRIES


def test_the_right_birth_date_opens_and_forgets_the_wrong_ones(here):
    _site, doctor, patient = here
    made = intake.link(patient, doctor)
    confirm_birth_date(intake.holder(made), born=OTHER_DAY)
    assert confirm_birth_date(intake.holder(made), born=BORN) is Known.YES
    made.refresh_from_db()
    assert made.tries == 0


def test_two_devices_do_not_overwrite_each_other(here):
    _site, doctor, patient = here
    holder = intake.holder(intake.link(patient, doctor))
    assert services.save_answers(holder, version=0, answers={"epilepsy": ["yes"]}) == 1
    assert services.save_answers(holder, version=0, answers={"epilepsy": ["yes"]}) == 1
    with pytest.raises(StaleRecord):
        services.save_answers(holder, version=0, answers={"epilepsy": ["no"]})
    assert IntakeDraft.objects.get().answers == {"epilepsy": ["yes"]}


def test_sent_answers_use_the_link_up_and_overtake_what_an_earlier_intake_left_open(here):
    _site, doctor, patient = here
    intake.sent(patient, doctor, epilepsy="no")
    second = intake.sent(patient, doctor, epilepsy="yes")
    assert [(each.value, each.accepted) for each in Proposal.objects.all()] == [("no", False), ("yes", None)]
    assert not IntakeDraft.objects.exists()
    assert opened_by(intake.token(second), "intake") is None
    with pytest.raises(OutOfScope):
        services.save_answers(intake.holder(second), version=0, answers={"epilepsy": ["no"]})
    assert [each.waiting for each in waiting_intakes_for(doctor)] == [1]
    assert not waiting_intakes_for(clinic.dermatologist(at=clinic.site()))


def test_what_is_taken_over_stands_in_the_draft_as_typed_and_no_fact_is_changed(here):
    _site, doctor, patient = here
    people.fact_sheet(patient, facts={"allergies": [{"class": "soy", "reaction": "contact"}]})
    fish = {"class": "fish", "reaction": "anaphylaxis"}
    said = {"epilepsy": "unknown", "onset_on": "2024-05-01", "notes__complaint": "Itchy", "allergies": [fish]}
    intake.sent(patient, doctor, **said)
    for field in said:
        services.take_over(doctor, patient_id=patient.pk, fields=[field], seen=intake.seen(doctor, patient))
    answers = Consultation.objects.get().answers
    assert answers["epilepsy"] == ["unknown"]
    assert answers["onset_on"] == ["2024-05-01"]
    assert answers["notes__complaint"] == ["The patient writes: Itchy"]
    assert [answers[f"allergy__{number}__class"] for number in (0, 1)] == [["fish"], [""]]
    assert answers["allergy__0__reaction"] == ["anaphylaxis"]
    assert "allergies_reviewed" not in answers
    assert FactSheet.objects.get().facts["allergies"]["value"][0]["class"] == "soy"
    assert not waiting_intakes_for(doctor)
    assert AuditEvent.objects.filter(action="intake.taken_over", patient_id=patient.pk).count() == len(said)


def test_together_go_only_answers_that_are_new_or_the_same(here):
    _site, doctor, patient = here
    people.fact_sheet(patient, facts={"anticoagulant": "warfarin", "epilepsy": "no"})
    intake.sent(patient, doctor, anticoagulant="none", epilepsy="no", keloid="none")
    page = page_for(doctor, patient.pk)
    assert [line.field for line in page.plain] == ["epilepsy", "keloid"]
    assert page.open[0].field == "anticoagulant"
    assert page.open[0].standing == "milder"
    with pytest.raises(ClinicError, match="one by one"):
        services.take_over(doctor, patient_id=patient.pk, fields=["anticoagulant", "keloid"], seen=page.seen)
    assert not Consultation.objects.exists()
    assert not Proposal.objects.exclude(accepted=None).exists()
    services.take_over(doctor, patient_id=patient.pk, fields=["epilepsy", "keloid"], seen=page.seen)
    services.take_over(doctor, patient_id=patient.pk, fields=["anticoagulant"], seen=intake.seen(doctor, patient))
    answers = Consultation.objects.get().answers
    assert answers == {"epilepsy": ["no"], "keloid": ["none"], "anticoagulant": ["none"]}


def test_what_a_draft_says_is_compared_too(here):
    _site, doctor, patient = here
    typed = {"cv_event_on": ["1 5 2026"], "weight_kg": ["61,0"], "allergy__0__class": [""]}
    people.draft_consultation(patient, by=doctor, answers=typed)
    intake.sent(patient, doctor, cv_event_on="2020-05-01", weight_kg="61.0", allergies=[])
    # A list that stands empty in a draft says nothing before allergies were discussed.
    assert [line.standing for line in page_for(doctor, patient.pk).lines] == ["milder", "same", "new"]


def test_the_same_decision_again_is_no_news_and_a_colleague_gets_a_conflict(here):
    site, doctor, patient = here
    intake.sent(patient, doctor, epilepsy="no", keloid="none")
    seen = intake.seen(doctor, patient)
    taken = {"patient_id": patient.pk, "fields": ["epilepsy"], "seen": seen}
    assert services.take_over(doctor, **taken) == services.take_over(doctor, **taken)
    version = Consultation.objects.get().version
    colleague = clinic.dermatologist(at=site)
    with pytest.raises(StaleRecord, match="decided meanwhile"):
        services.take_over(colleague, **taken)
    with pytest.raises(StaleRecord, match="decided meanwhile"):
        services.leave(colleague, patient_id=patient.pk, fields=["epilepsy"])
    with pytest.raises(StaleRecord, match="changed meanwhile"):
        services.take_over(doctor, patient_id=patient.pk, fields=["keloid"], seen=seen)
    assert Consultation.objects.get().version == version
    services.leave(colleague, patient_id=patient.pk, fields=["keloid"])
    assert [each.accepted for each in Proposal.objects.all()] == [True, False]


def test_what_the_patient_does_not_know_is_not_taken_over_where_there_is_no_place_for_it(here):
    _site, doctor, patient = here
    intake.sent(patient, doctor, cardiac="unknown")
    with pytest.raises(ClinicError, match="Ask the patient"):
        services.take_over(doctor, patient_id=patient.pk, fields=["cardiac"], seen=intake.seen(doctor, patient))


def test_answers_that_were_never_sent_are_forgotten_and_an_expired_link_stays_closed(here, clock, settings):
    site, doctor, patient = here
    made, other = intake.link(patient, doctor), intake.link(people.patient(site=site), doctor)
    for link in (made, other):
        services.save_answers(intake.holder(link), version=0, answers={"epilepsy": ["yes"]})
    PatientLink.objects.filter(pk=made.pk).update(expires_at=made.made_at + timedelta(days=1))
    clock.advance(days=2)
    assert services.forget_unsent(System("intake")) == 1
    assert [each.link for each in IntakeDraft.objects.all()] == [other]
    clock.advance(days=-2)
    assert opened_by(intake.token(made), "intake") is None
    assert opened_by(intake.token(other), "intake") is not None
