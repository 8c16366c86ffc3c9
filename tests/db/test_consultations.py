"""Consultations: kept as typed, signed once and whole, frozen by the database, completed only by addenda."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.http import QueryDict

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, RuleBroken, StaleRecord
from patients.forms.consultation import ConsultationForm
from patients.models import Acknowledgement, Addendum, Candidacy, Consultation, FactSheet, FormulationCheck
from patients.queries.acknowledgements import cautions, stored
from patients.queries.consultations import today_at
from patients.rules.candidacy import evaluate
from patients.services import consultations as services
from protocols.queries.catalogue import catalogue_of
from protocols.rules.facts import from_sheet
from protocols.rules.kinds.inputs import Input
from tests.builders import catalogue, clinic, consultations, people, plans
from tests.builders.facts import TODAY, shipped

TYPED = {"weight_kg": ["62,5"], "dx": ["FPHL", "TE"], "notes__complaint": ["  Ça pique.\n\nDeux ans "], "inr": ["x"]}
WRITTEN = (FactSheet, Candidacy, Acknowledgement, Addendum)
SILENT_CAUTION = {"otc_bleeding_supplements": "yes"}


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site, name="Dr Elif Aydın")


@pytest.fixture
def patient(site):
    return people.patient(site=site)


def rows():
    """How many rows of each kind there are, and how far each consultation has come."""
    return [kind.objects.count() for kind in WRITTEN] + [
        list(Consultation.objects.order_by("pk").values_list("state", "version", "signed_by"))
    ]


def actions(patient):
    events = AuditEvent.objects.filter(patient_id=patient.pk).order_by("number")
    return [event.action for event in events]


def sign(by, made, **over):
    return services.sign_consultation(by, **consultations.signature(made, **over))


def as_posted(answers):
    """Answers as a browser sends them."""
    sent = QueryDict(mutable=True)
    for name, texts in answers.items():
        sent.setlist(name, texts)
    return sent


def save(by, made, answers=TYPED, version=None):
    seen = made.version if version is None else version
    return services.save_draft(by, consultation_id=made.pk, version=seen, answers=answers).version


def test_a_draft_is_kept_exactly_as_typed_and_resumed(doctor, patient):
    made = services.start_consultation(doctor, patient_id=patient.pk)
    assert save(doctor, made) == made.version + 1
    resumed = services.start_consultation(doctor, patient_id=patient.pk)
    assert (resumed.pk, resumed.answers) == (made.pk, TYPED)
    assert actions(patient) == ["consultation.started", "consultation.saved"]
    assert AuditEvent.objects.get(action="consultation.saved").changed == sorted(TYPED)
    assert not FactSheet.objects.exists()


def test_saving_the_same_again_changes_nothing(doctor, patient):
    made = services.start_consultation(doctor, patient_id=patient.pk)
    version = save(doctor, made)
    assert save(doctor, made, version=version) == version
    assert actions(patient).count("consultation.saved") == 1


def test_a_draft_longer_than_can_be_kept_is_refused(doctor, patient):
    made = services.start_consultation(doctor, patient_id=patient.pk)
    with pytest.raises(ClinicError, match="Shorten"):
        save(doctor, made, {"notes__complaint": ["x" * services.DRAFT_BYTES + "x"]})
    assert Consultation.objects.get().answers == {}


def test_two_doctors_each_have_a_draft_of_their_own(site, doctor, patient):
    mine = services.start_consultation(doctor, patient_id=patient.pk)
    theirs = services.start_consultation(clinic.dermatologist(at=site), patient_id=patient.pk)
    assert mine.pk != theirs.pk


def test_signing_writes_the_sheet_the_verdict_and_each_acknowledgement_and_locks(doctor, patient):
    release = catalogue.release()
    earlier = people.fact_sheet(patient, by=doctor)
    made = consultations.draft(doctor, patient, **SILENT_CAUTION)
    facts = consultations.sheet(consultations.known(patient, **SILENT_CAUTION), consultations.today(made))
    signed = sign(doctor, made, facts=facts)

    sheet = FactSheet.objects.get(consultation=signed)
    assert (sheet.number, sheet.source, sheet.by) == (earlier.number + 1, "consultation", doctor)
    assert sheet.facts["weight_kg"] == {"value": "62", "observed_on": consultations.today(made)}
    assert sheet.facts["date_of_birth"]["value"] == "1992-03-14"
    verdict = Candidacy.objects.get(fact_sheet=sheet)
    assert (verdict.release, verdict.evaluated_on, verdict.verdict) == (release, today_at(made.site), "caution")
    assert [each["rule"] for each in cautions(verdict)] == ["BL-08"]
    assert [(each.rule, each.by) for each in verdict.acknowledgements.all()] == [("BL-08", doctor)]
    assert (signed.state, signed.signed_by, signed.version) == (Consultation.State.SIGNED, doctor, made.version + 1)
    assert signed.narrative == {"notes__complaint": "Thinner for two years."}
    assert signed.answers == made.answers
    assert {"facts.written", "candidacy.judged", "caution.acknowledged", "consultation.signed"} <= set(actions(patient))
    assert "62" not in str(AuditEvent.objects.get(action="facts.written").changed)


def test_the_database_freezes_what_was_signed(doctor, patient):
    signed = consultations.signed(doctor, patient, **SILENT_CAUTION)
    frozen = [
        (Consultation.objects.filter(pk=signed.pk), {"narrative": {}}),
        (Consultation.objects.filter(pk=signed.pk), {"answers": {}}),
        (Consultation.objects.filter(pk=signed.pk), {"state": Consultation.State.DRAFT}),
        (FactSheet.objects.filter(consultation=signed), {"facts": {}}),
        (Candidacy.objects.filter(patient=patient), {"verdict": "proceed"}),
        (Acknowledgement.objects.all(), {"rule": "XX-01"}),
    ]
    for found, change in frozen:
        assert found.exists()
        with pytest.raises(DatabaseError), transaction.atomic():
            found.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            found.delete()


def test_the_same_sheet_release_and_day_give_the_same_verdict_again(doctor, patient):
    consultations.signed(doctor, patient, **SILENT_CAUTION)
    kept = Candidacy.objects.get()
    known = catalogue_of(kept.release)
    again = evaluate(from_sheet(kept.fact_sheet.facts, evaluated_on=kept.evaluated_on, catalogue=known), known)
    assert stored(again.fired) == kept.findings
    assert (list(again.missing), again.verdict, again.provisional) == (kept.missing, kept.verdict, kept.provisional)


def test_the_day_of_the_verdict_is_the_clinics_own(doctor, patient, clock):
    clock.set(datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    consultations.signed(doctor, patient)
    assert Candidacy.objects.get().evaluated_on.isoformat() == "2026-04-01"


def test_what_is_not_answered_stays_unknown_and_is_never_no(doctor, patient):
    made = consultations.draft(doctor, patient)
    answers = consultations.known(patient, epilepsy=None, bleeding_disorder="unknown")
    sign(doctor, made, facts=consultations.sheet(answers, consultations.today(made)))
    sheet, verdict = FactSheet.objects.get(), Candidacy.objects.get()
    assert "epilepsy" not in sheet.facts
    assert sheet.facts["bleeding_disorder"]["value"] == "unknown"
    assert set(verdict.missing) == {"MI-01:epilepsy", "MI-01:bleeding_disorder"}
    assert verdict.verdict == "cannot_conclude"


def test_dates_are_stored_and_day_counts_never(doctor, patient, clock):
    clock.set(datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC))
    dates = {row.stored_as: "1.2.2026" for row in shipped().of(Input) if row.stored_as and row.id != "age_years"}
    samples = {"inr": "2,4", "inr__observed_on": "27.2.2026", "hba1c": "6.1", "hba1c__observed_on": "27.2.2026"}
    form = ConsultationForm(dates | samples, catalogue=shipped(), today=TODAY)
    assert form.is_valid(), form.errors
    made = consultations.draft(doctor, patient)
    sign(doctor, made, facts=consultations.sheet(consultations.known(patient)) | form.facts())
    kept = FactSheet.objects.get().facts
    assert {name: kept[name]["value"] for name in dates} == dict.fromkeys(dates, "2026-02-01")
    assert kept["inr"] == {"value": "2.4", "observed_on": "2026-02-27"}
    assert not {row.id for row in shipped().of(Input) if row.counted} & set(kept)
    days = [from_sheet(kept, evaluated_on=TODAY + timedelta(later), catalogue=shipped()) for later in (0, 5)]
    assert [facts.get("inr_age_days") for facts in days] == [3, 8]
    assert [facts.get("days_since_transplant") for facts in days] == [29, 34]


# Who signs a draft, with what that differs, and the refusal.
WAYS = {
    "a caution is not acknowledged": ("doctor", {"acknowledged": ["DX-01"]}, RuleBroken),
    "an older version was read": ("doctor", {"version": 1}, StaleRecord),
    "a version that does not exist": ("doctor", {"version": 10**6}, StaleRecord),
    "the draft is a colleague's": ("colleague", {}, StaleRecord),
    "the patient is at another site": ("stranger", {}, OutOfScope),
    "there is no such consultation": ("doctor", {"consultation_id": 10**6}, OutOfScope),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_refused_signature_writes_nothing(site, doctor, patient, way):
    made = consultations.draft(doctor, patient, **SILENT_CAUTION)
    facts = consultations.sheet(consultations.known(patient, **SILENT_CAUTION), consultations.today(made))
    signers = {
        "doctor": doctor,
        "colleague": clinic.dermatologist(at=site),
        "stranger": clinic.dermatologist(at=clinic.site()),
    }
    who, over, refusal = WAYS[way]
    before, told = rows(), AuditEvent.objects.count()
    with pytest.raises(refusal):
        sign(signers[who], made, **{"facts": facts, **over})
    assert (rows(), AuditEvent.objects.count()) == (before, told)


def test_nothing_that_was_known_leaves_the_record_in_silence(doctor, patient):
    people.fact_sheet(patient, by=doctor, facts={"wilson": "yes", "keloid": "none", "temperature_c": "36.6"})
    made = consultations.draft(doctor, patient)
    before = rows()
    with pytest.raises(RuleBroken, match="Wilson disease") as told:
        sign(doctor, made)
    assert "keloid" not in told.value.message.lower()
    assert rows() == before
    answers = consultations.known(patient, wilson="unknown")
    sign(doctor, made, facts=consultations.sheet(answers, consultations.today(made)))
    assert FactSheet.objects.latest("number").facts["wilson"]["value"] == "unknown"


def test_a_result_and_an_allergy_nobody_asked_about_keep_their_day(doctor, patient):
    allergies = [{"class": "fish", "reaction": "urticaria"}]
    old = {"platelets": "210", "fitzpatrick": "III", "allergies": allergies, "keloid": "none"}
    known = consultations.sheet(old, "2026-01-05")
    typed = consultations.typed(old) | {"allergies_reviewed": ["no"]}
    form = ConsultationForm(as_posted(typed), catalogue=shipped(), today=TODAY, known=known)
    assert form.is_valid()
    days = {name: entry["observed_on"] for name, entry in form.facts().items()}
    assert {days[name] for name in ("platelets", "fitzpatrick", "allergies")} == {"2026-01-05"}
    assert days["keloid"] == TODAY.isoformat()
    changed = as_posted(typed | {"platelets": ["180"], "allergies_reviewed": ["yes"]})
    form = ConsultationForm(changed, catalogue=shipped(), today=TODAY, known=known)
    assert form.is_valid()
    assert {form.facts()[name]["observed_on"] for name in ("platelets", "allergies")} == {TODAY.isoformat()}


def test_the_refusal_names_each_caution_that_is_left(doctor, patient):
    made = consultations.draft(doctor, patient)
    answers = consultations.known(patient, fitzpatrick="V", needle="phobia")
    with pytest.raises(RuleBroken, match="PT-01, PS-03") as told:
        sign(doctor, made, facts=consultations.sheet(answers), acknowledged=[])
    assert told.value.field == "acknowledged"


def test_a_signed_consultation_is_not_signed_or_saved_again(doctor, patient):
    signed = consultations.signed(doctor, patient)
    before = rows()
    with pytest.raises(StaleRecord, match="addendum"):
        sign(doctor, signed)
    with pytest.raises(StaleRecord, match="addendum"):
        save(doctor, signed)
    assert rows() == before


def test_an_older_version_is_told_and_writes_nothing(doctor, patient):
    made = services.start_consultation(doctor, patient_id=patient.pk)
    save(doctor, made, {"weight_kg": ["60"]})
    with pytest.raises(StaleRecord, match="another window"):
        save(doctor, made, {"weight_kg": ["70"]})
    assert Consultation.objects.get().answers == {"weight_kg": ["60"]}


def test_a_colleague_cannot_write_into_a_draft(site, doctor, patient):
    made = consultations.draft(doctor, patient)
    with pytest.raises(StaleRecord, match="Dr Elif Aydın"):
        save(clinic.dermatologist(at=site), made)
    assert Consultation.objects.get().answers == made.answers


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.DIRECTOR])
def test_refuses_other_roles_without_writing(site, doctor, patient, role):
    made, other = consultations.draft(doctor, patient), clinic.staff(role, at=site)
    signed = people.signed_consultation(people.patient(site=site), by=doctor)
    before = rows()
    for attempt in (
        lambda: services.start_consultation(other, patient_id=patient.pk),
        lambda: save(other, made),
        lambda: sign(other, made),
        lambda: services.add_addendum(other, consultation_id=signed.pk, text="More."),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert rows() == before

    assert AuditEvent.objects.filter(action="denied.write_consultation", actor_id=other.pk).count() == 4


def test_another_sites_patient_is_not_found(doctor, patient):
    made, stranger = consultations.draft(doctor, patient), clinic.dermatologist(at=clinic.site())
    before = rows()
    for attempt in (
        lambda: services.start_consultation(stranger, patient_id=patient.pk),
        lambda: save(stranger, made),
        lambda: services.add_addendum(stranger, consultation_id=made.pk, text="More."),
    ):
        with pytest.raises(OutOfScope):
            attempt()
    assert rows() == before


def test_an_addendum_completes_a_signed_record_and_is_itself_final(doctor, patient):
    signed = consultations.signed(doctor, patient)
    added = services.add_addendum(doctor, consultation_id=signed.pk, text="She called: no itching.")
    assert (added.subject, added.patient, added.by) == (f"consultation:{signed.pk}", patient, doctor)
    assert actions(patient)[-1] == "addendum.added"
    with pytest.raises(DatabaseError), transaction.atomic():
        Addendum.objects.update(text="Nothing.")
    with pytest.raises(DatabaseError), transaction.atomic():
        added.delete()


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_addendum_without_text_is_refused(doctor, patient, text):
    signed = consultations.signed(doctor, patient)
    with pytest.raises(ClinicError) as told:
        services.add_addendum(doctor, consultation_id=signed.pk, text=text)
    assert told.value.field == "text"
    assert not Addendum.objects.exists()


def test_a_draft_takes_no_addendum(doctor, patient):
    with pytest.raises(ClinicError, match="still a draft"):
        services.add_addendum(doctor, consultation_id=consultations.draft(doctor, patient).pk, text="More.")


def test_new_facts_are_news_that_judges_the_open_plan_again(doctor, patient):
    version = plans.signed_plan(patient, doctor)
    signed = consultations.signed(doctor, patient)
    sheet = FactSheet.objects.get(consultation=signed)
    assert FormulationCheck.objects.get(fact_sheet=sheet).plan_version == version
    assert set(Candidacy.objects.filter(fact_sheet=sheet).values_list("cause", flat=True)) == {
        "facts changed",
        "consultation",
    }
