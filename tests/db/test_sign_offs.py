"""Sign-offs: asked for with a reason, decided once by the director, good for one version and one mixture."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, RuleBroken, StaleRecord
from patients.models import SignOff, Todo
from patients.queries.plans import granted, version_of
from patients.queries.sign_offs import waiting_for
from patients.services import plans as services
from patients.services.sign_offs import ask_sign_off, decide_sign_off
from tests.builders import clinic, consultations, people


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site)


@pytest.fixture
def director(site):
    return clinic.staff(Role.DIRECTOR, at=site)


@pytest.fixture
def plan(site, doctor):
    made = consultations.plan(doctor, consultations.signed(doctor, people.patient(site=site)))
    save(doctor, made, {"PEP_GHKCU": "1"})
    return made


def save(by, plan, volumes, **over):
    seen, parts = version_of(plan).version, consultations.parts(volumes)
    return services.save_plan(by, plan_id=plan.pk, version=seen, parts=parts, **consultations.wishes(**over))


def ask(by, plan, *, reason="Nothing else helped.", version=None):
    seen = version_of(plan).version if version is None else version
    return ask_sign_off(by, plan_id=plan.pk, version=seen, reason=reason)


def decide(by, asked, *, granted=True, reason="Once, under my eyes."):
    return decide_sign_off(by, sign_off_id=asked.pk, granted=granted, reason=reason)


def sign(by, plan):
    return services.sign_plan(by, plan_id=plan.pk, version=version_of(plan).version)


def told(action):
    return list(AuditEvent.objects.filter(action=action).values_list("actor_id", "patient_id", "reason"))


def test_is_asked_for_every_ingredient_once_and_audited(doctor, plan):
    save(doctor, plan, {"PEP_GHKCU": "1", "PEP_BIOMIMETIC": "1", "VIT_BIOTIN": "1"})
    made = ask(doctor, plan)
    assert {each.ingredient for each in made} == {"PEP_GHKCU", "PEP_BIOMIMETIC"}
    assert told("sign_off.asked") == [(doctor.pk, plan.patient_id, "Nothing else helped.")] * 2
    with pytest.raises(ClinicError, match="Nothing in this mixture"):
        ask(doctor, plan)


@pytest.mark.parametrize("reason", ["", "  "])
def test_neither_request_nor_decision_is_without_a_reason(doctor, director, plan, reason):
    with pytest.raises(ClinicError, match="why"):
        ask(doctor, plan, reason=reason)
    (asked,) = ask(doctor, plan)
    with pytest.raises(ClinicError, match="reason"):
        decide(director, asked, reason=reason)
    asked.refresh_from_db()
    assert asked.state == SignOff.State.ASKED


def test_nothing_is_asked_where_nothing_needs_it(doctor, plan):
    save(doctor, plan, {"VIT_BIOTIN": "1"})
    with pytest.raises(ClinicError, match="Nothing in this mixture"):
        ask(doctor, plan)


def test_an_approval_lets_this_mixture_of_this_version_through_and_the_doctor_is_told(doctor, director, plan):
    (asked,) = ask(doctor, plan)
    with pytest.raises(RuleBroken, match="safety check"):
        sign(doctor, plan)
    decide(director, asked)
    assert granted(version_of(plan)) == {"PEP_GHKCU"}
    assert told("sign_off.granted") == [(director.pk, plan.patient_id, "Once, under my eyes.")]
    assert Todo.objects.get(user=doctor).text == "The director has approved PEP_GHKCU."
    assert sign(doctor, plan).state == "signed"


def test_a_refusal_keeps_the_stop_and_can_be_followed_by_another_request(doctor, director, plan):
    (asked,) = ask(doctor, plan)
    decide(director, asked, granted=False)
    assert granted(version_of(plan)) == frozenset()
    with pytest.raises(RuleBroken, match="safety check"):
        sign(doctor, plan)
    (again,) = ask(doctor, plan, reason="Now with a letter.")
    decide(director, again)
    assert sign(doctor, plan).state == "signed"


@pytest.mark.parametrize(
    ("volumes", "over"),
    [
        ({"PEP_GHKCU": "1.001"}, {}),
        ({"PEP_GHKCU": "1", "VIT_BIOTIN": "0.1"}, {}),
        ({"PEP_GHKCU": "1"}, {"anaesthetic_cream": "lidocaine"}),
    ],
)
def test_an_approval_does_not_hold_for_another_mixture(doctor, director, plan, volumes, over):
    (asked,) = ask(doctor, plan)
    decide(director, asked)
    save(doctor, plan, volumes, **over)
    assert granted(version_of(plan)) == frozenset()
    with pytest.raises(RuleBroken, match="safety check"):
        sign(doctor, plan)


def test_an_approval_is_used_up_with_its_version(doctor, director, plan):
    (asked,) = ask(doctor, plan)
    decide(director, asked)
    sign(doctor, plan)
    services.revise_plan(doctor, plan_id=plan.pk)
    assert granted(version_of(plan)) == frozenset()
    with pytest.raises(RuleBroken, match="safety check"):
        sign(doctor, plan)


def test_saving_the_same_mixture_again_keeps_an_approval(doctor, director, plan):
    (asked,) = ask(doctor, plan)
    decide(director, asked)
    save(doctor, plan, {"PEP_GHKCU": "1.000"}, goals="Another goal.")
    assert granted(version_of(plan)) == {"PEP_GHKCU"}


def test_what_was_asked_of_another_mixture_is_not_decided(doctor, director, plan):
    (asked,) = ask(doctor, plan)
    assert [each.sign_off for each in waiting_for(director)] == [asked]
    save(doctor, plan, {"PEP_GHKCU": "2"})
    assert waiting_for(director) == []
    with pytest.raises(StaleRecord, match="has changed"):
        decide(director, asked)
    assert SignOff.objects.get().state == SignOff.State.ASKED


def test_is_decided_once_and_frozen(doctor, director, plan):
    (asked,) = ask(doctor, plan)
    decide(director, asked, granted=False)
    with pytest.raises(StaleRecord, match="already decided"):
        decide(director, asked)
    for change in ({"state": "granted"}, {"reason": "Other."}, {"formulation_sha256": "1" * 64}):
        with pytest.raises(DatabaseError), transaction.atomic():
            SignOff.objects.filter(pk=asked.pk).update(**change)


def test_the_database_keeps_one_request_that_holds(doctor, plan):
    (asked,) = ask(doctor, plan)
    asked.pk, asked._state.adding = None, True
    with pytest.raises(IntegrityError), transaction.atomic():
        asked.save()


def test_nobody_decides_their_own_request_while_another_director_can(site, director):
    both = clinic.staff(Role.DERMATOLOGIST, at=site, roles=[Role.DERMATOLOGIST, Role.DIRECTOR])
    plan = consultations.plan(both, consultations.signed(both, people.patient(site=site)))
    save(both, plan, {"PEP_GHKCU": "1"})
    (asked,) = ask(both, plan)
    with pytest.raises(ClinicError, match="Another director"):
        decide(both, asked)
    director.is_active = False
    director.save()
    assert decide(both, asked).state == SignOff.State.GRANTED


def test_only_the_doctor_asks_and_only_the_director_decides(site, doctor, director, plan):
    for role in (Role.FRONT_DESK, Role.NURSE, Role.DIRECTOR):
        with pytest.raises(NotAllowed):
            ask(clinic.staff(role, at=site), plan)
    (asked,) = ask(doctor, plan)
    for role in (Role.FRONT_DESK, Role.NURSE, Role.DERMATOLOGIST):
        with pytest.raises(NotAllowed):
            decide(clinic.staff(role, at=site), asked)
    assert SignOff.objects.get().state == SignOff.State.ASKED


def test_another_sites_request_is_not_found(doctor, plan):
    elsewhere = clinic.site()
    with pytest.raises(OutOfScope):
        ask(clinic.dermatologist(at=elsewhere), plan)
    (asked,) = ask(doctor, plan)
    with pytest.raises(OutOfScope):
        decide(clinic.staff(Role.DIRECTOR, at=elsewhere), asked)


def test_a_plan_that_was_changed_meanwhile_is_not_asked_about(doctor, plan):
    seen = version_of(plan).version
    save(doctor, plan, {"PEP_GHKCU": "2"})
    with pytest.raises(StaleRecord, match="changed"):
        ask(doctor, plan, version=seen)
