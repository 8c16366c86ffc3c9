"""What the director reads before approving: what a release leaves open, what changed, and which plans it touches."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from mesoclinic import clock
from mesoclinic.accounts import Role
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from protocols.models import Product
from protocols.rules.catalogue import build
from protocols.services.catalogue import decide_rows, load_release
from sessions.models import Booking, Series, TreatmentSession
from tests.builders import catalogue, clinic, consents, people, plans
from tests.builders.facts import shipped
from tests.web.pages import Page

pytestmark = pytest.mark.once

NEXT = "2026.9"


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def director(client, site):
    somebody = clinic.staff(Role.DIRECTOR, at=site)
    client.force_login(somebody)
    return somebody


@pytest.fixture
def current():
    return catalogue.release()


@pytest.fixture
def version(site, current):
    """A signed plan for the vertex by P5, with biotin, and one booked session of two."""
    doctor = clinic.dermatologist(at=site)
    made = plans.signed_plan(people.patient(site=site), doctor, site, session_count=2)
    consents.component(made, ingredient="VIT_BIOTIN")
    patient = made.plan.patient
    series = Series.objects.create(
        plan_version=made, patient=patient, site=site, booked_at=clock.now(), booked_by=doctor
    )
    session = TreatmentSession.objects.create(series=series, ordinal=1, state=TreatmentSession.State.BOOKED)
    TreatmentSession.objects.create(series=series, ordinal=2)
    starts = clock.now() + timedelta(days=3)
    Booking.objects.create(
        site=site,
        kind="treatment",
        patient=patient,
        clinician=doctor,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        treatment_session=session,
        calendar_uid=f"review-{made.pk}",
        booked_by=doctor,
        booked_at=clock.now(),
    )
    return made


def following(without=(), also=(), **changed):
    """The shipped release with what differs, loaded by nobody: `code={field: value}`."""
    rows = []
    for entry in shipped().entries:
        if (entry.kind, entry.id) not in without:
            over = changed.get(entry.id.replace("-", "_"), {})
            rows.append(replace(entry, body=entry.body | over))
    return load_release(System("test"), catalogue=build(NEXT, [*rows, *also]))


def text(client, name, release):
    """What a page says, without its tags."""
    page = client.get(reverse(name, args=[release.version]))
    assert page.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def row(kind, code):
    return next(entry for entry in shipped().entries if (entry.kind, entry.id) == (kind, code))


def test_what_a_release_leaves_open_stands_in_sentences(client, director, current):
    bodies = [entry.body for entry in shipped().entries if entry.kind == "ingredient"]
    limits = ("max_percent", "max_session_mg", "max_session_ml")
    unlimited = sum(1 for body in bodies if not any(limit in body for limit in limits))
    rows = len(shipped().entries)
    bare = sum(1 for entry in shipped().entries if entry.kind != "source" and not entry.body["sources"])
    sources = sum(1 for entry in shipped().entries if entry.kind == "source")
    page = text(client, "protocols:release", current)
    assert f"{unlimited} of {len(bodies)} ingredients have no maximum dose." in page
    assert f"0 of {rows} rows are approved." in page
    assert f"{rows} of {rows} rows are drafts" in page
    assert f"{bare} of {rows - sources} rows name no source." in page
    assert "rows are retired" not in page


def test_an_ingredient_wants_a_product_until_the_director_has_approved_one_that_is_in_use(client, director, current):
    wanted = f"No approved product for {row('ingredient', 'VIT_BIOTIN').body['name']}."
    made = Product.objects.create(name="B7", ingredient="VIT_BIOTIN", manufacturer="Maker", container="single_dose")
    assert wanted in text(client, "protocols:release", current)
    Product.objects.filter(pk=made.pk).update(director_approved_at=clock.now())
    assert wanted not in text(client, "protocols:release", current)
    Product.objects.filter(pk=made.pk).update(active=False)
    assert wanted in text(client, "protocols:release", current)


def test_approved_and_withdrawn_rows_are_counted_by_kind(client, director, current):
    for decision, rows in (("approved", current.rows.filter(kind="zone")), ("retired", current.rows.filter(code="P1"))):
        decide_rows(director, rows=rows, decision=decision, reason="Read.")
    page, rows = text(client, "protocols:release", current), len(shipped().entries)
    assert f"{current.rows.filter(kind='zone').count()} of {rows} rows are approved." in page
    assert f"1 of {rows} rows are retired. protocol 1" in page


def test_the_first_release_is_compared_with_none(client, director, current):
    assert "This is the first release" in text(client, "protocols:release", current)
    assert "This is the first release" in text(client, "sessions:touched_plans", current)


def test_rows_added_removed_and_changed_are_shown_with_both_values(client, director, current):
    gone, zone = row("advantage", shipped_ids("advantage")[0]), row("zone", "vertex")
    made = following(
        without=[("advantage", gone.id)],
        also=[replace(zone, body=zone.body | {"id": "crown", "name": "Crown"})],
        vertex={"area_cm2": "71", "note": "Measured again."},
    )
    page = text(client, "protocols:release", made)
    assert f"What changed since {current.version}" in page
    assert "Rows added: 1. Removed: 1. Changed: 1." in page
    assert "Added Zone crown" in page
    assert f"Removed Advantage {gone.id}" in page
    assert "Area cm2 70 71 Note Not stated Measured again." in page


def test_an_equal_release_says_that_nothing_changed(client, director, current):
    assert "Nothing: every row is the same." in text(client, "protocols:release", following())


def test_only_the_director_reads_the_review(client, director, current):
    client.force_login(clinic.staff(Role.NURSE))
    assert "What this release leaves open" not in text(client, "protocols:release", current)


CHANGES = {
    "its protocol": ({"P5": {"note": "Read again."}}, "Protocol P5"),
    "its technique": ({"T_PAP": {"note": "Read again."}}, "Technique T-PAP"),
    "its zone": ({"vertex": {"area_cm2": "71"}}, "Zone vertex"),
    "its ingredient": ({"VIT_BIOTIN": {"storage": "Dark."}}, "Ingredient VIT_BIOTIN"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_plan_that_names_a_changed_row_is_touched_and_its_reading_is_logged(client, director, version, current, what):
    changed, words = CHANGES[what]
    page = text(client, "sessions:touched_plans", following(**changed))
    assert "Open plans touched: 1 of 1. Booked sessions: 1." in page
    assert version.plan.patient.full_name in page
    assert words in page
    told = AuditEvent.objects.get(action="patient.disclosed", reason="plans touched by a release")
    assert (told.patient_id, told.actor_id) == (version.plan.patient_id, director.pk)


def test_a_changed_rule_touches_every_open_plan(client, director, version, current):
    rule = shipped_ids("candidacy_rule")[0]
    page = text(client, "sessions:touched_plans", following(**{rule.replace("-", "_"): {"note": "Read again."}}))
    assert f"Every plan is judged by these changed rows: Candidacy rule {rule}" in page
    assert "Open plans touched: 1 of 1." in page
    assert "None, only rules of every plan" in page


def test_a_plan_that_names_nothing_changed_is_not_touched_and_nobody_is_disclosed(client, director, version, current):
    page = text(client, "sessions:touched_plans", following(occipital={"area_cm2": "121"}))
    assert "Open plans touched: 0 of 1. Booked sessions: 0." in page
    assert version.plan.patient.full_name not in page
    assert not AuditEvent.objects.filter(action="patient.disclosed").exists()


def test_plans_of_other_sites_and_plans_that_are_over_are_not_counted(client, director, version, current):
    made = following(vertex={"area_cm2": "71"})
    elsewhere = clinic.site()
    plans.signed_plan(people.patient(site=elsewhere), clinic.dermatologist(at=elsewhere), elsewhere)
    assert "Open plans touched: 1 of 1." in text(client, "sessions:touched_plans", made)
    TreatmentSession.objects.update(state=TreatmentSession.State.PERFORMED)
    assert "Open plans touched: 0 of 0." in text(client, "sessions:touched_plans", made)


def test_a_release_that_became_current_is_compared_with_the_one_before(client, director, current):
    made = following(vertex={"area_cm2": "71"})
    client.post(reverse("protocols:activate", args=[made.version]))
    assert f"What changed since {current.version}" in text(client, "protocols:release", made)


def test_an_author_is_told_before_deciding_and_the_approval_says_by_whom(client, director):
    zone = row("zone", "vertex")
    made = load_release(director, catalogue=build(NEXT, [zone]))
    sent = {"decision": "approved", "scope": "all", "reason": "Read."}
    address = reverse("protocols:decide", args=[NEXT])
    other = clinic.staff(Role.DIRECTOR)
    assert "Another director approves it; you can retire rows." in text(client, "protocols:decide", made)
    answer = client.post(address, sent)
    assert answer.status_code == 422
    assert "You loaded this release yourself. Another director approves it." in answer.content.decode()
    other.is_active = False
    other.save()
    assert "an approval will say “approved by its author”" in text(client, "protocols:decide", made)
    assert client.post(address, sent).status_code == 302
    rows = client.get(reverse("protocols:release", args=[NEXT]), {"kind": "zone"}).content.decode()
    assert "Approved by its author" in rows


def test_a_site_says_whether_the_author_may_approve(client, director, site):
    address, home = reverse("mesoclinic:edit_site", args=[site.pk]), reverse("mesoclinic:site_settings")
    assert "approved by another director than loaded it" in client.get(home).content.decode()
    form = next(form for form in Page(client.get(address).content).posting() if "approver_differs" in form.names)
    kept = {name: value for name, value in form.sends if name != "approver_differs"}
    assert client.post(address, kept).status_code == 302
    site.refresh_from_db()
    assert not site.approver_differs
    assert "Whoever loads a release may approve it" in client.get(home).content.decode()
    assert AuditEvent.objects.get(action="site.changed").changed == ["approver_differs"]


def shipped_ids(kind):
    return [entry.id for entry in shipped().entries if entry.kind == kind]
