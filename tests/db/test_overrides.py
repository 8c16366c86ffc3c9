"""Overrides: who, with what reason, for how long; the finding stays, and plans, flags and sessions follow."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from mesoclinic import clock
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, RuleBroken, StaleRecord
from patients.models import Acknowledgement, Candidacy, Consultation, Override, PlanVersion
from patients.queries.overrides import overridable, overridden_in, verdict_after
from patients.services import consultations as services
from patients.services.attachments import set_attachment_aside
from patients.services.candidacy import judge
from patients.services.overrides import Grounds, override_finding
from protocols.queries.catalogue import current_release
from sessions.models import Series, TreatmentSession
from sessions.queries.today import home_for
from tests.builders import clinic, consultations, papers, people
from tests.conftest import ORDINARY_DAY

# PS-02: the screen for body dysmorphic disorder is positive. SC-01: an infection of the scalp.
REFERRAL = {"bdd_screen": "positive"}
DEFER = {"scalp_infection": "bacterial"}
CAUTION = {"otc_bleeding_supplements": "yes"}
STOPPED = {"pregnancy_status": "pregnant"}
WHY = "Seen with the patient today, no risk at this dose."
EXAMINED = Grounds("examined", WHY)


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site, name="Dr Elif Aydın")


@pytest.fixture
def patient(site):
    return people.patient(site=site)


def today():
    return clock.now().date()


def cleared(patient, by, **over):
    letter = papers.attachment(patient, by=by)
    fields = {"letter_id": letter.paper.document_id, "valid_until": today() + timedelta(days=90)} | over
    return Grounds("specialist", WHY, **fields)


def verdict(doctor, patient, **over):
    made = consultations.signed(doctor, patient, **over)
    return Candidacy.objects.get(fact_sheet__consultation=made, cause="consultation")


def override(by, given, rule, grounds=EXAMINED):
    return override_finding(by, candidacy_id=given.pk, rule=rule, grounds=grounds)


def after(given):
    return verdict_after(given, on=given.evaluated_on)


def again(doctor, patient, **over):
    """The verdict on the next sheet of the same answers."""
    sheet = consultations.learned(doctor, patient, **over)
    return judge(doctor, sheet=sheet, release=current_release(), on=today(), cause="session day")


def test_an_override_lets_treatment_go_on_and_the_finding_stays(doctor, patient):
    given = verdict(doctor, patient, **DEFER)
    assert (given.verdict, after(given)) == ("defer", "defer")
    made = override(doctor, given, "SC-01")
    given.refresh_from_db()
    assert (given.verdict, after(given)) == ("defer", "caution")
    assert "SC-01" in {found["rule"] for found in given.findings}
    assert overridden_in(given, on=given.evaluated_on)["SC-01"].override == made
    assert (made.by, made.ground, made.reason) == (doctor, "examined", WHY)
    event = AuditEvent.objects.get(action="finding.overridden")
    assert (event.patient_id, event.reason) == (patient.pk, f"SC-01: {WHY}")


def test_nobody_overrides_a_contraindication(doctor, patient):
    given = verdict(doctor, patient, **STOPPED, **DEFER)
    stop = next(found["rule"] for found in given.findings if found["level"] == "contraindicated")
    with pytest.raises(RuleBroken, match="cannot be overridden"):
        override(doctor, given, stop)
    assert not Override.objects.exists()
    override(doctor, given, "SC-01")
    assert after(given) == "contraindicated"


def test_nobody_overrides_what_is_missing(doctor, patient):
    given = verdict(doctor, patient, **DEFER, anticoagulant=None)
    override(doctor, given, "SC-01")
    assert (given.verdict, after(given)) == ("cannot_conclude", "cannot_conclude")
    with pytest.raises(OutOfScope):
        override(doctor, given, "MI-01")


@pytest.mark.parametrize(
    ("grounds", "field"),
    [
        (Grounds("examined", ""), "reason"),
        (Grounds("examined", "x" * 14 + " " * 9), "reason"),
        (Grounds("", WHY), "ground"),
        (Grounds("whim", WHY), "ground"),
    ],
)
def test_refuses_a_thin_reason_without_writing(doctor, patient, grounds, field):
    given = verdict(doctor, patient, **DEFER)
    with pytest.raises(ClinicError) as refusal:
        override(doctor, given, "SC-01", grounds)
    assert refusal.value.field == field
    assert not Override.objects.exists()


def test_refuses_other_roles_and_other_sites_without_writing(doctor, patient, site):
    given = verdict(doctor, patient, **DEFER)
    for other in (clinic.staff("nurse", at=site), clinic.desk(at=site)):
        with pytest.raises(NotAllowed):
            override(other, given, "SC-01")
    with pytest.raises(OutOfScope):
        override(clinic.dermatologist(), given, "SC-01")
    with pytest.raises(OutOfScope):
        override(doctor, given, "BL-01")
    assert not Override.objects.exists()


def test_an_override_is_never_changed_or_erased(doctor, patient):
    made = override(doctor, verdict(doctor, patient, **DEFER), "SC-01")
    found = Override.objects.filter(pk=made.pk)
    for write in (lambda: found.update(reason="Another."), found.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_an_override_without_a_letter_holds_for_its_own_facts_only(doctor, patient):
    override(doctor, verdict(doctor, patient, **DEFER), "SC-01")
    later = again(doctor, patient, **DEFER)
    assert (later.verdict, after(later)) == ("defer", "defer")


def test_only_the_newest_facts_are_overridden(doctor, patient):
    given = verdict(doctor, patient, **DEFER)
    again(doctor, patient, **DEFER)
    assert overridable(given) == ()
    with pytest.raises(StaleRecord):
        override(doctor, given, "SC-01")


def test_a_referral_is_cleared_by_a_letter_until_its_date(doctor, patient):
    given = verdict(doctor, patient, **REFERRAL)
    assert given.verdict == "refer"
    made = override(doctor, given, "PS-02", cleared(patient, doctor))
    until = made.valid_until
    assert (made.ground, made.letter.kind, after(given)) == ("specialist", "letter", "caution")
    assert verdict_after(given, on=until) == "caution"
    assert verdict_after(given, on=until + timedelta(days=1)) == "refer"


def test_a_cleared_referral_holds_for_later_facts_while_its_answers_stay(doctor, patient):
    override(doctor, verdict(doctor, patient, **REFERRAL), "PS-02", cleared(patient, doctor))
    assert after(again(doctor, patient, **REFERRAL)) == "caution"
    assert after(again(doctor, patient, **REFERRAL, **DEFER)) == "defer"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"letter_id": None}, "letter_id"),
        ({"letter_id": 2**40}, "letter_id"),
        ({"valid_until": None}, "valid_until"),
        ({"valid_until": ORDINARY_DAY.date() - timedelta(days=1)}, "valid_until"),
    ],
)
def test_a_referral_needs_a_letter_and_a_date_ahead(doctor, patient, wrong, field):
    given = verdict(doctor, patient, **REFERRAL)
    with pytest.raises(ClinicError) as refusal:
        override(doctor, given, "PS-02", cleared(patient, doctor, **wrong))
    assert refusal.value.field == field
    assert not Override.objects.exists()


def test_neither_anothers_letter_nor_a_laboratory_result_clears(doctor, patient, site):
    given = verdict(doctor, patient, **REFERRAL)
    other = people.patient(site=site)
    theirs = papers.attachment(other, by=doctor).paper.document_id
    result = papers.attachment(patient, by=doctor, kind="laboratory").paper.document_id
    for letter in (theirs, result):
        with pytest.raises(ClinicError, match="letter"):
            override(doctor, given, "PS-02", Grounds("specialist", WHY, letter, today()))


def test_a_letter_that_is_set_aside_clears_nothing_any_more(doctor, patient):
    given = verdict(doctor, patient, **REFERRAL)
    made = override(doctor, given, "PS-02", cleared(patient, doctor))
    letter = made.letter.patient_document.attachment
    set_attachment_aside(doctor, attachment_id=letter.pk, reason="Letter of another patient.")
    assert after(given) == "refer"


def test_an_overridden_caution_needs_no_tick(doctor, patient):
    made = consultations.draft(doctor, patient, **CAUTION)
    facts = consultations.sheet(consultations.known(patient, **CAUTION), consultations.today(made))
    signing = consultations.signature(made, facts=facts, acknowledged=[])
    with pytest.raises(RuleBroken):
        services.sign_consultation(doctor, **signing)
    services.sign_consultation(doctor, **signing, overrides={"BL-08": EXAMINED})
    assert Override.objects.get().rule == "BL-08"
    assert not Acknowledgement.objects.exists()


def test_signing_with_an_override_is_whole_or_nothing(doctor, patient):
    made = consultations.draft(doctor, patient, **DEFER)
    facts = consultations.sheet(consultations.known(patient, **DEFER), consultations.today(made))
    with pytest.raises(ClinicError):
        services.sign_consultation(
            doctor, **consultations.signature(made, facts=facts), overrides={"SC-01": Grounds("examined", "")}
        )
    made.refresh_from_db()
    assert made.state == Consultation.State.DRAFT
    assert not Candidacy.objects.exists()


def test_a_plan_is_signed_on_an_overridden_verdict_only(doctor, patient):
    made = consultations.signed(doctor, patient, **DEFER)
    plan = consultations.plan(doctor, made)
    with pytest.raises(RuleBroken, match="verdict"):
        consultations.signed_version(doctor, plan)
    override(doctor, Candidacy.objects.get(), "SC-01")
    assert consultations.signed_version(doctor, plan).state == PlanVersion.State.SIGNED


def test_an_override_takes_the_flag_of_coming_sessions_away(doctor, patient, site):
    made = consultations.signed(doctor, patient)
    version = consultations.signed_version(doctor, consultations.plan(doctor, made))
    series = Series.objects.create(
        plan_version=version, patient=patient, site=site, booked_at=clock.now(), booked_by=doctor
    )
    session = TreatmentSession.objects.create(series=series, ordinal=1, state=TreatmentSession.State.UNPLACED)
    consultations.learned(doctor, patient, **DEFER)
    session.refresh_from_db()
    assert "SC-01" in session.flag
    override(doctor, Candidacy.objects.first(), "SC-01")
    session.refresh_from_db()
    assert session.flag == ""


def test_the_director_sees_the_overrides_of_the_week_and_another_sites_does_not(doctor, patient, site):
    override(doctor, verdict(doctor, patient, **DEFER), "SC-01")

    def listed(at, later=0):
        home = home_for(clinic.staff("director", at=at), now=clock.now() + timedelta(days=later))
        return [row.detail for queue in home.queues if queue.name == "overrides" for row in queue.rows]

    assert listed(site) == [WHY]
    assert listed(site, later=8) == []
    assert listed(clinic.site()) == []
