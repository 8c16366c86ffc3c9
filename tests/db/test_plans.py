"""Plans: drafted, checked, signed only where nothing stops them, frozen by the database, followed by new versions."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, transaction

from mesoclinic import clock as clinic_clock
from mesoclinic.accounts import Role
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, RuleBroken, StaleRecord
from patients.models import (
    Acknowledgement,
    Candidacy,
    Component,
    FormulationCheck,
    PlanVersion,
    TreatmentPlan,
)
from patients.queries.acknowledgements import stored
from patients.queries.plans import mixture_of, technique_of, version_of
from patients.services import plans as services
from patients.services.sign_offs import ask_sign_off, decide_sign_off
from protocols.models import RowDecision
from protocols.queries.catalogue import catalogue_of, read_shipped
from protocols.rules.facts import from_sheet
from protocols.rules.formulation import check_mixture
from protocols.services.catalogue import activate_release, load_release
from tests.builders import clinic, consultations, people

LIDOCAINE = {"LA_LIDOCAINE": "60"}


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site)


@pytest.fixture
def patient(site):
    return people.patient(site=site)


@pytest.fixture
def consultation(doctor, patient):
    return consultations.signed(doctor, patient)


@pytest.fixture
def plan(doctor, consultation):
    return consultations.plan(doctor, consultation)


def sign(by, plan, **over):
    return services.sign_plan(by, **{"plan_id": plan.pk, "version": version_of(plan).version, **over})


def save(by, plan, volumes=None, *, version=None, **over):
    seen = version_of(plan).version if version is None else version
    made = consultations.parts(volumes)
    return services.save_plan(by, plan_id=plan.pk, version=seen, parts=made, **consultations.wishes(**over))


def rows():
    """How many rows there are that a signature writes, and where each version stands."""
    counts = [kind.objects.count() for kind in (Candidacy, Acknowledgement, FormulationCheck, Component, AuditEvent)]
    return counts, list(PlanVersion.objects.order_by("pk").values_list("number", "state", "version", "signed_by"))


def mixed(version):
    return {part.ingredient: part.volume_ml for part in version.components.all()}


def test_a_plan_comes_out_of_a_signed_consultation_once(doctor, patient, consultation):
    made = services.draft_plan(doctor, consultation_id=consultation.pk)
    again = services.draft_plan(doctor, consultation_id=consultation.pk)
    assert (made.pk, made.patient, made.site) == (again.pk, patient, consultation.site)
    assert (version_of(made).number, version_of(made).state) == (1, PlanVersion.State.DRAFT)
    assert AuditEvent.objects.filter(action="plan.drafted", patient_id=patient.pk).count() == 1


def test_a_draft_consultation_has_no_plan(doctor, patient):
    draft = consultations.draft(doctor, patient)
    with pytest.raises(ClinicError, match="Sign the consultation first"):
        services.draft_plan(doctor, consultation_id=draft.pk)
    assert not TreatmentPlan.objects.exists()


def test_a_draft_is_kept_whole_and_its_mixture_replaced(doctor, plan):
    first = version_of(plan)
    kept = save(doctor, plan, {"VIT_BIOTIN": "0.125"}, spacing_cm=None, session_count=4)
    assert (kept.version, kept.session_count, kept.spacing_cm) == (first.version + 1, 4, None)
    assert (kept.zones, kept.goals) == (consultations.wishes()["zones"], "A fuller parting.")
    assert mixed(kept) == {"VIT_BIOTIN": Decimal("0.125")}
    assert Component.objects.get().mg_per_ml == 5
    assert AuditEvent.objects.filter(action="plan.saved").last().changed == sorted(consultations.wishes())


def test_a_signature_keeps_the_verdict_and_the_check_that_it_rests_on(doctor, consultation, plan):
    signed = sign(doctor, plan)
    check, verdict = FormulationCheck.objects.get(), Candidacy.objects.get()
    assert (signed.state, signed.signed_by, signed.candidacy) == (PlanVersion.State.SIGNED, doctor, verdict)
    assert (check.plan_version, check.result) == (signed, "ok")
    assert (check.fact_sheet.consultation, check.release) == (consultation, signed.release)
    assert check.evaluated_on.isoformat() == consultations.today(consultation)
    assert {part["ingredient"] for part in check.mixture["components"]} == set(consultations.NUTRIENTS)
    told = AuditEvent.objects.filter(patient_id=plan.patient_id).values_list("action", flat=True)
    assert {"formulation.checked", "plan.signed"} <= set(told)


def test_the_kept_check_gives_the_same_findings_again(doctor, patient, plan):
    save(doctor, plan, consultations.NUTRIENTS | {"PLT_GINKGO": "0.5", "AOX_VITE": "0.5"}, zones=[])
    version = version_of(plan)
    sheet = consultations.learned(doctor, patient, anticoagulant="warfarin")
    kept = services.check_version(doctor, version=version, sheet=sheet, cause="test")
    known = catalogue_of(kept.release)
    facts = from_sheet(kept.fact_sheet.facts, evaluated_on=kept.evaluated_on, catalogue=known)
    mixture, technique = mixture_of(version), technique_of(version)
    again = check_mixture(mixture, technique, facts=facts, evaluated_on=kept.evaluated_on, catalogue=known)
    assert kept.result == "blocked"
    assert len(kept.findings) > 2
    assert stored(again.findings) == kept.findings
    assert (again.result, list(again.missing)) == (kept.result, kept.missing)
    frozen = json.loads(json.dumps(asdict(replace(mixture, director_sign_off=())), cls=DjangoJSONEncoder))
    assert frozen == kept.mixture


def test_the_database_freezes_a_signed_version_and_its_check(doctor, plan):
    signed = sign(doctor, plan)
    frozen = [
        (PlanVersion.objects.filter(pk=signed.pk), {"session_count": 1}),
        (PlanVersion.objects.filter(pk=signed.pk), {"zones": []}),
        (PlanVersion.objects.filter(pk=signed.pk), {"state": PlanVersion.State.DRAFT}),
        (FormulationCheck.objects.all(), {"result": "blocked"}),
    ]
    for found, change in frozen:
        with pytest.raises(DatabaseError), transaction.atomic():
            found.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            found.delete()


def test_a_new_version_starts_from_the_signed_one_and_supersedes_it_when_signed(doctor, plan):
    first = sign(doctor, plan)
    fresh = services.revise_plan(doctor, plan_id=plan.pk)
    assert services.revise_plan(doctor, plan_id=plan.pk).pk == fresh.pk
    assert (fresh.number, fresh.state, mixed(fresh)) == (2, PlanVersion.State.DRAFT, mixed(first))
    assert (fresh.zones, fresh.session_count, fresh.goals) == (first.zones, first.session_count, first.goals)
    first.refresh_from_db()
    assert first.state == PlanVersion.State.SIGNED
    save(doctor, plan, session_count=6)
    second = sign(doctor, plan)
    first.refresh_from_db()
    assert (second.state, first.state) == (PlanVersion.State.SIGNED, PlanVersion.State.SUPERSEDED)
    assert (second.session_count, first.session_count) == (6, 10)


def test_a_plan_keeps_the_release_it_was_made_with(site, doctor, plan):
    made_with = version_of(plan).release
    other = load_release(System("test"), catalogue=replace(read_shipped("2026.1"), release="2026.1-clinic"))
    activate_release(clinic.staff(Role.DIRECTOR, at=site), release=other)
    signed = sign(doctor, plan)
    assert (signed.release, FormulationCheck.objects.get().release) == (made_with, made_with)
    assert signed.candidacy.release == other
    assert services.revise_plan(doctor, plan_id=plan.pk).release == other


# What the plan asks for besides its usual mixture, and what the refusal says.
UNSAFE = {
    "too much anaesthetic": (LIDOCAINE, {}, "safety check"),
    "excluded for this patient": ({"DRG_DUTASTERIDE": "1"}, {"protocol": "P4"}, "safety check"),
    "no zones": (None, {"zones": []}, "safety check"),
    "no spacing": (None, {"spacing_cm": None}, "safety check"),
    "too deep": (None, {"depth_mm": Decimal(6)}, "safety check"),
    "a technique of another protocol": (None, {"technique": "T-PPP"}, "safety check"),
    "more sessions than the protocol": (None, {"session_count": 11}, "at most 10"),
    "a protocol that is not offered": (None, {"protocol": "P6", "session_count": 8}, "not offered"),
}


@pytest.mark.parametrize("what", UNSAFE)
def test_what_is_unsafe_or_not_checked_is_not_signed(doctor, plan, what):
    volumes, over, words = UNSAFE[what]
    save(doctor, plan, volumes, **over)
    before = rows()
    with pytest.raises(RuleBroken, match=words):
        sign(doctor, plan)
    assert rows() == before


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"epilepsy": None}, "cannot_conclude"),
        ({"scalp_wound": "yes"}, "defer"),
        ({"dx": ["FPHL", "AA"]}, "refer"),
        ({"pregnancy_status": "pregnant"}, "contraindicated"),
    ],
)
def test_a_verdict_that_stops_treatment_stops_the_plan(doctor, patient, answers, verdict):
    plan = consultations.plan(doctor, consultations.signed(doctor, patient, **answers))
    assert Candidacy.objects.get().verdict == verdict
    before = rows()
    with pytest.raises(RuleBroken, match="does not allow treatment now"):
        sign(doctor, plan)
    assert rows() == before


def test_a_fact_learned_since_the_consultation_stops_the_plan(doctor, patient, plan):
    consultations.learned(doctor, patient, pregnancy_status="possible")
    before = rows()
    with pytest.raises(RuleBroken, match="does not allow treatment now"):
        sign(doctor, plan)
    assert rows() == before


def test_a_laboratory_value_that_grew_old_stops_the_plan(doctor, patient, clock):
    clock.set(datetime(2026, 3, 2, 9, tzinfo=UTC))
    plan = consultations.plan(doctor, consultations.signed(doctor, patient, anticoagulant="warfarin", inr="2.4"))
    clock.advance(days=8)
    with pytest.raises(RuleBroken, match="does not allow treatment now"):
        sign(doctor, plan)


def test_a_caution_read_with_the_same_facts_need_not_be_read_again_the_next_day(doctor, patient, clock):
    clock.set(datetime(2026, 3, 2, 9, tzinfo=UTC))
    plan = consultations.plan(doctor, consultations.signed(doctor, patient, anticoagulant="warfarin", inr="2.4"))
    clock.advance(days=1)
    signed = sign(doctor, plan)
    assert (signed.candidacy.cause, signed.candidacy.evaluated_on.isoformat()) == ("plan signed", "2026-03-03")


def test_a_new_caution_has_to_be_read_before_the_plan_is_signed(doctor, patient, plan):
    consultations.learned(doctor, patient, otc_bleeding_supplements="yes")
    before = rows()
    with pytest.raises(RuleBroken, match="BL-08"):
        sign(doctor, plan)
    with pytest.raises(RuleBroken, match="BL-08"):
        sign(doctor, plan, read=["DX-01"])
    assert rows() == before
    signed = sign(doctor, plan, read=["BL-08"])
    assert Acknowledgement.objects.get(candidacy=signed.candidacy).rule == "BL-08"


def test_a_site_that_forbids_draft_rows_signs_only_what_a_director_approved(site, doctor, plan):
    site.allow_draft_catalogue = False
    site.save()
    release = version_of(plan).release
    director = clinic.staff(Role.DIRECTOR, at=site)
    used = {("protocol", "P5"), ("technique", "T-PAP"), *(("ingredient", name) for name in consultations.NUTRIENTS)}
    rows_used = [row for row in release.rows.all() if (row.kind, row.code) in used]
    assert len(rows_used) == len(used)
    for row in rows_used:
        before = rows()
        with pytest.raises(RuleBroken, match="not approved"):
            sign(doctor, plan)
        assert rows() == before
        RowDecision.objects.create(
            row_sha256=row.sha256, decision=RowDecision.Decision.APPROVED, by=director, at=clinic_clock.now()
        )
    assert sign(doctor, plan).state == PlanVersion.State.SIGNED


def test_a_directors_sign_off_lets_a_director_only_ingredient_through(site, doctor, plan):
    save(doctor, plan, {"PEP_GHKCU": "1"})
    with pytest.raises(RuleBroken, match="safety check"):
        sign(doctor, plan)
    director = clinic.staff(Role.DIRECTOR, at=site)
    (asked,) = ask_sign_off(doctor, plan_id=plan.pk, version=version_of(plan).version, reason="Nothing else helped.")
    decide_sign_off(director, sign_off_id=asked.pk, granted=True, reason="Once, under my eyes.")
    assert sign(doctor, plan).state == PlanVersion.State.SIGNED
    assert FormulationCheck.objects.get().mixture["director_sign_off"] == ["PEP_GHKCU"]


def test_an_older_version_is_neither_saved_nor_signed(doctor, plan):
    seen = version_of(plan).version
    save(doctor, plan, session_count=4)
    before = rows()
    with pytest.raises(StaleRecord, match="somebody else"):
        save(doctor, plan, version=seen)
    with pytest.raises(StaleRecord, match="Read it again"):
        sign(doctor, plan, version=seen)
    assert rows() == before


def test_a_signed_version_is_neither_saved_nor_signed_again(doctor, plan):
    sign(doctor, plan)
    before = rows()
    with pytest.raises(StaleRecord, match="new version"):
        save(doctor, plan)
    with pytest.raises(StaleRecord, match="new version"):
        sign(doctor, plan)
    assert rows() == before


def attempts(by, plan):
    return (
        lambda: services.draft_plan(by, consultation_id=plan.consultation_id),
        lambda: save(by, plan),
        lambda: sign(by, plan),
        lambda: services.revise_plan(by, plan_id=plan.pk),
    )


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.DIRECTOR])
def test_refuses_other_roles_without_writing(site, plan, role):
    other, before = clinic.staff(role, at=site), rows()[1]
    for attempt in attempts(other, plan):
        with pytest.raises(NotAllowed):
            attempt()
    assert rows()[1] == before
    assert AuditEvent.objects.filter(action="denied.sign_plan", actor_id=other.pk).count() == 4


def test_another_sites_plan_is_not_found(plan):
    stranger, before = clinic.dermatologist(at=clinic.site()), rows()
    for attempt in attempts(stranger, plan):
        with pytest.raises(OutOfScope):
            attempt()
    assert rows() == before
