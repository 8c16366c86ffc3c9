"""The treatment plan through HTTP: the check follows each answer, what it blocks is not signed, and nothing is lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from mesoclinic.accounts import Role, User
from mesoclinic.audit import AuditEvent
from mesoclinic.sites import Site
from patients.models import Component, FormulationCheck, TreatmentPlan
from patients.services.plans import draft_plan
from tests.builders import clinic, consultations, people
from tests.web.pages import Page

pytestmark = pytest.mark.once

LIVE = {"HX-Request": "true"}
COURSE = {
    "protocol": "P5",
    "session_count": "8",
    "technique": "T-PAP",
    "spacing_cm": "1",
    "ml_per_point": "0,05",
    "depth_mm": "1.0",
    "zone__mid_scalp": "40",
    "zone__vertex": "40",
    "goals": "A fuller parting.",
}


@dataclass(frozen=True)
class Scene:
    """A clinic with a doctor, a signed consultation of a healthy woman, and the plan that was opened out of it."""

    site: Site
    doctor: User
    plan: TreatmentPlan


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker) -> Iterator[Scene]:
    """One clinic for all tests here: whatever they write is rolled back at once."""
    with django_db_blocker.unblock(), transaction.atomic():
        site = clinic.site()
        doctor = clinic.dermatologist(at=site, name="Dr Elif Aydın")
        for name in (*consultations.NUTRIENTS, "DRG_DUTASTERIDE"):
            consultations.product(name)
        signed = consultations.signed(doctor, people.patient(site=site))
        yield Scene(site, doctor, draft_plan(doctor, consultation_id=signed.pk))
        transaction.set_rollback(True)


@pytest.fixture
def site(scene):
    return Site.objects.get(pk=scene.site.pk)


@pytest.fixture
def doctor(client, scene):
    client.force_login(scene.doctor)
    return scene.doctor


@pytest.fixture
def plan(doctor, scene):
    return scene.plan


def at(plan, name="plan"):
    return reverse(f"patients:{name}", args=[plan.pk])


def mixture(volumes=consultations.NUTRIENTS):
    """The rows of the form for these millilitres by ingredient."""
    sent = {}
    for number, (ingredient, volume) in enumerate(volumes.items()):
        row = {"product": consultations.product(ingredient).pk, "volume": volume, "syringe": "1"}
        sent |= {f"part__{number}__{name}": str(value) for name, value in row.items()}
    return sent


def form_of(answer):
    return next(form for form in Page(answer.content).posting() if "protocol" in form.names)


def version_of(plan):
    return plan.versions.order_by("-number").first()


def post(client, plan, answers, action="save"):
    """Posts the builder as it stands with what differs, and presses a button."""
    sent = sends(form_of(client.get(at(plan)))) | answers
    return client.post(at(plan), sent | {"action": action})


def live(client, plan, answers):
    return client.post(at(plan), sends(form_of(client.get(at(plan)))) | answers, headers=LIVE)


def sends(form):
    """What a browser would send of the form as it stands."""
    sent = {}
    for name, value in form.sends:
        sent.setdefault(name, []).append(value)
    return sent


def result(answer):
    """The headline of the safety check."""
    page = answer.content.decode()
    return re.search(r"<h2>([^<]+)</h2>", page[page.index('class="vhead') :]).group(1)


def test_a_plan_is_opened_once_out_of_its_consultation(client, plan):
    for _twice in range(2):
        answer = client.post(reverse("patients:draft_plan", args=[plan.consultation_id]))
        assert answer.url == at(plan)
    assert (TreatmentPlan.objects.count(), version_of(plan).state) == (1, "draft")


def test_a_draft_keeps_course_technique_zones_and_mixture(client, plan, doctor):
    assert post(client, plan, COURSE | mixture()).url == at(plan)
    kept = version_of(plan)
    assert (kept.state, kept.protocol, kept.technique, kept.session_count) == ("draft", "P5", "T-PAP", 8)
    assert (kept.spacing_cm, kept.ml_per_point, kept.depth_mm) == (Decimal(1), Decimal("0.05"), Decimal(1))
    assert kept.zones == [{"zone": "mid_scalp", "area_cm2": "40"}, {"zone": "vertex", "area_cm2": "40"}]
    parts = {part.ingredient: (part.volume_ml, part.syringe, part.mg_per_ml) for part in kept.components.all()}
    assert parts == {name: (Decimal(volume), "1", Decimal(5)) for name, volume in consultations.NUTRIENTS.items()}
    shown = client.get(at(plan))
    assert "Draft saved." in shown.content.decode()
    stands = dict(form_of(shown).sends)
    assert stands["goals"] == "A fuller parting."
    assert {name: Decimal(stands[name]) for name in ("zone__vertex", "part__2__volume")} == {
        "zone__vertex": Decimal(40),
        "part__2__volume": Decimal("0.5"),
    }
    assert not FormulationCheck.objects.exists()


def test_the_check_follows_each_answer_before_anything_is_saved(client, plan):
    assert result(client.get(at(plan))) == result(live(client, plan, {}))
    safe = live(client, plan, COURSE | mixture())
    assert b"<html" not in safe.content
    blocked = live(client, plan, COURSE | mixture({"VIT_BIOTIN": "1", "DRG_DUTASTERIDE": "1"}))
    unmeasured = live(client, plan, COURSE | mixture() | {"zone__mid_scalp": "", "zone__vertex": ""})
    told = (result(safe), result(blocked), result(unmeasured))
    assert told == ("Safe as checked", "Blocked", "Not checked: something is missing")
    assert (version_of(plan).version, Component.objects.count()) == (1, 0)


def test_what_the_check_blocks_is_kept_and_not_signed_and_what_is_safe_is(client, plan, doctor):
    unsafe = mixture({"VIT_BIOTIN": "1", "DRG_DUTASTERIDE": "1"})
    answer = post(client, plan, COURSE | unsafe, "sign")
    page = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert "The safety check does not allow this mixture. Each finding says why." in page
    assert form_of(answer).typed()["goals"] == "A fuller parting."
    assert (version_of(plan).state, FormulationCheck.objects.count()) == ("draft", 0)
    assert set(version_of(plan).components.values_list("ingredient", flat=True)) == {"VIT_BIOTIN", "DRG_DUTASTERIDE"}
    sent = sends(form_of(answer)) | mixture()
    assert client.post(at(plan), sent | {"action": "sign"}).url == at(plan)
    signed, check = version_of(plan), FormulationCheck.objects.get()
    assert (signed.state, signed.signed_by, signed.session_count) == ("signed", doctor, 8)
    assert (check.plan_version, check.result in ("ok", "ok_with_warnings")) == (signed, True)
    told = AuditEvent.objects.filter(patient_id=plan.patient_id, action__startswith="plan.").order_by("number")
    assert [event.action for event in told] == ["plan.drafted", "plan.saved", "plan.saved", "plan.signed"]


def test_a_signed_plan_is_locked_shown_and_followed_by_a_new_version(client, plan):
    sent = sends(form_of(client.get(at(plan)))) | COURSE | mixture()
    client.post(at(plan), sent | {"action": "sign"})
    signed = version_of(plan)
    page = client.get(at(plan)).content.decode()
    assert "Version 1, signed by Dr Elif Aydın" in page
    assert reverse("sessions:book_series", args=[plan.pk]) in page
    assert 'name="protocol"' not in page
    late = client.post(at(plan), sent | {"action": "save", "session_count": "3", "version": str(signed.version)})
    assert version_of(plan).session_count == 8
    assert late.status_code in (200, 409)
    assert client.post(at(plan, "revise_plan")).url == at(plan)
    assert (version_of(plan).number, version_of(plan).state) == (2, "draft")
    again = form_of(client.get(at(plan)))
    assert (again.typed()["session_count"], again.typed()["goals"]) == ("8", "A fuller parting.")
    assert post(client, plan, {"session_count": "4"}, "sign").url == at(plan)
    states = plan.versions.order_by("number").values_list("state", "session_count")
    assert list(states) == [("superseded", 8), ("signed", 4)]


def test_a_change_on_its_way_while_the_plan_was_signed_is_answered_with_the_check(client, plan):
    sent = sends(form_of(client.get(at(plan)))) | COURSE | mixture()
    client.post(at(plan), sent | {"action": "sign"})
    late = client.post(at(plan), sent | {"session_count": "3"}, headers=LIVE).content.decode()
    assert late.lstrip().startswith('<div id="check"')
    assert "This plan was signed meanwhile." in late
    assert version_of(plan).session_count == 8


# What is typed, and the words beside its field.
WRONG = {
    "session_count": ("11", "P5 has at most 10 sessions."),
    "spacing_cm": ("wide", "Enter a number from 0.01 to 9."),
    "ml_per_point": ("0.0001", "decimal places"),
    "depth_mm": ("-1", "Enter a number from 0.01 to 20."),
    "zone__vertex": ("501", "Enter a number from 0.1 to 500."),
    "part__0__volume": ("a drop", "Enter a number from 0.001 to 99."),
    "part__5__volume": ("", "Enter the volume in mL."),
    "la_soft_limit_reason": ("x" * 501, "at most 500"),
}


@pytest.mark.parametrize("action", ["save", "sign"])
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(client, plan, action):
    wrong = {name: text for name, (text, _words) in WRONG.items()}
    extra = {"part__5__product": str(consultations.product("VIT_BIOTIN").pk), "part__6__volume": "1"}
    sent = COURSE | mixture() | wrong | extra
    answer = post(client, plan, sent, action)
    assert answer.status_code == 422
    page, form = Page(answer.content), form_of(answer)
    for name, (_text, words) in WRONG.items():
        assert words in page.described(f"id_{name}"), f"{name}: {page.described(f'id_{name}')}"
    assert "Choose the product for this volume." in page.described("id_part__6__product")
    assert {target for target, _words in page.summary} == {f"id_{name}" for name in (*WRONG, "part__6__product")}
    assert {name: value for name, value in form.sends if name in sent} == sent
    assert (version_of(plan).version, version_of(plan).state, Component.objects.count()) == (1, "draft", 0)


def test_a_plan_without_its_measures_is_kept_and_its_check_names_them(client, plan):
    assert post(client, plan, COURSE | mixture() | {"depth_mm": "", "zone__vertex": "", "zone__mid_scalp": ""}).url
    answer = post(client, plan, {}, "sign")
    assert answer.status_code in (409, 422)
    assert version_of(plan).state == "draft"
    assert version_of(plan).components.count() == len(consultations.NUTRIENTS)


def test_a_verdict_that_stops_treatment_is_told_in_words(client, doctor, site):
    stopped = consultations.signed(doctor, people.patient(site=site), scalp_wound="yes")
    client.post(reverse("patients:draft_plan", args=[stopped.pk]))
    plan = TreatmentPlan.objects.get(consultation=stopped)
    answer = post(client, plan, COURSE | mixture(), "sign")
    assert answer.status_code in (409, 422)
    assert "The verdict does not allow treatment now." in answer.content.decode()
    assert form_of(answer).typed()["goals"] == "A fuller parting."
    assert version_of(plan).state == "draft"


def test_a_site_that_forbids_drafts_says_who_has_to_approve_first(client, plan, site):
    site.allow_draft_catalogue = False
    site.save(update_fields=["allow_draft_catalogue"])
    answer = post(client, plan, COURSE | mixture(), "sign")
    assert answer.status_code in (409, 422)
    assert "The medical director has not approved every catalogue row that this plan uses." in answer.content.decode()
    assert version_of(plan).state == "draft"


def test_a_nurse_reads_the_plan_and_is_offered_neither_signature_nor_booking(client, plan, doctor, site):
    post(client, plan, COURSE | mixture())
    for state in ("draft", "signed"):
        if state == "signed":
            post(client, plan, {}, "sign")
        client.force_login(clinic.staff(Role.NURSE, at=site))
        page = client.get(at(plan)).content.decode()
        assert "Vit_Biotin ampoule" in page
        assert 'value="sign"' not in page
        assert reverse("sessions:book_series", args=[plan.pk]) not in page
        assert client.post(at(plan), COURSE | {"action": "save", "version": "1"}).status_code in (200, 403)
        client.force_login(doctor)
    assert version_of(plan).session_count == 8
