"""The builder: every figure beside its limit, live, suggestions offered and never imposed, the director asked."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from mesoclinic.accounts import Role
from patients.models import PlanVersion, SignOff
from patients.queries.plans import version_of
from protocols.models import Product
from tests.builders import clinic, consultations, people
from tests.web.pages import Page

pytestmark = pytest.mark.once

LIVE = {"HX-Request": "true"}
LIDOCAINE = {"mg_per_ml": Decimal(20)}


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site, client):
    doctor = clinic.dermatologist(at=site, name="Dr Elif Aydın")
    client.force_login(doctor)
    return doctor


@pytest.fixture
def plan(site, doctor):
    return consultations.plan(doctor, consultations.signed(doctor, people.patient(site=site), weight_kg=48))


def at(plan):
    return reverse("patients:plan", args=[plan.pk])


def form_of(answer):
    """The builder's own form as a browser would send it."""
    return next(form for form in Page(answer.content).posting() if "zone__vertex" in form.names)


def typed(client, plan, **over):
    """What the page would send with these answers in place of its own."""
    sent = {}
    for name, value in form_of(client.get(at(plan))).sends:
        sent.setdefault(name, []).append(value)
    return sent | over


def live(client, plan, **over):
    return client.post(at(plan), typed(client, plan, **over), headers=LIVE).content.decode()


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace("\N{NO-BREAK SPACE}", " ")


def piece(html, id):
    """The words of the element with this id, up to the next one that has an id of its own."""
    return words(html.partition(f'id="{id}"')[2].partition(">")[2].partition(' id="')[0].rpartition("<")[0])


def limit(html, name):
    return re.search(rf"{name}</b><span>(.*?)</div>", html.partition('id="plan-limits"')[2], re.DOTALL)[1]


def anaesthetic(volume, row=10):
    made = consultations.product("LA_LIDOCAINE", **LIDOCAINE)
    return {f"part__{row}__product": str(made.pk), f"part__{row}__volume": volume, f"part__{row}__syringe": "LA"}


def test_the_stored_draft_stands_in_the_form_and_is_checked(client, plan):
    page = client.get(at(plan))
    sent = dict(form_of(page).sends)
    assert (sent["protocol"], sent["technique"], sent["zone__vertex"]) == ("P5", "T-PAP", "40")
    chosen = [Product.objects.get(pk=sent[f"part__{row}__product"]).ingredient for row in range(5)]
    assert sorted(chosen) == sorted(consultations.NUTRIENTS)
    assert "80 points" in piece(page.content.decode(), "plan-points")
    assert "Safe as checked" in page.content.decode()


def test_points_and_volumes_follow_what_is_typed(client, plan):
    html = live(client, plan, zone__vertex="25", zone__mid_scalp="25", zone__frontal="30,5")
    assert piece(html, "points-frontal") == "31"
    assert piece(html, "plan-points").startswith("81 points 80.5 cm² ÷ ( 1 cm )² 4.05 mL 81 × 0.05 mL")
    assert "technique places 4.05 mL , mixture has 4 mL" in piece(html, "plan-syringes")


def test_each_limit_stands_beside_what_is_planned(client, plan):
    html = live(client, plan)
    assert words(limit(html, "Solution")).startswith("4 of 10 mL")
    assert words(limit(html, "Points")).startswith("80 of 400")
    assert words(limit(html, "Different actives")).startswith("5 , warning above 5")
    assert words(limit(html, "Anaesthetic ratio")).startswith("0 of 1")


def test_a_dose_stands_beside_its_limit_and_says_when_it_has_none(client, plan):
    product = consultations.product("DRG_MINOXIDIL", mg_per_ml=Decimal(4))
    html = live(client, plan, part__1__product=str(product.pk), part__1__volume="1,5", part__1__syringe="2")
    assert piece(html, "line-1-dose") == "6 mg"
    assert piece(html, "line-1-bar") == "above 5 mg"
    assert piece(html, "line-0-bar") == "no dose limit set"
    assert "<b>Syringe 2</b>" in html


def test_too_much_anaesthetic_is_a_stop_with_a_lower_volume_to_take_over(client, plan):
    html = live(client, plan, **anaesthetic("12"))
    assert piece(html, "line-10-bar") == "above 216 mg"
    assert "1.111 of the limit" in piece(html, "plan-ratio")
    assert "FX-10" in html
    assert "1 stop left" in piece(html, "plan-left")
    (take,) = set(re.findall(r'name="take" value="([^"]+)"', html))
    assert take == "part__10__volume=7.2"
    taken = client.post(at(plan), typed(client, plan, take=take, **anaesthetic("12")))
    assert taken.status_code == 200
    assert dict(form_of(taken).sends)["part__10__volume"] == "7.2"
    assert "Nothing is saved yet" in taken.content.decode()
    assert not version_of(plan).components.filter(ingredient="LA_LIDOCAINE").exists()


def test_a_suggested_protocol_is_taken_over_with_what_follows_and_nothing_is_kept(client, plan):
    page = client.get(at(plan))
    offered = re.findall(r'name="take" value="protocol=(P\d)"', page.content.decode())
    assert offered == ["P4", "P1", "P5", "P1", "P4", "P5", "P5", "P7"]
    before = PlanVersion.objects.values().get(plan=plan)
    taken = dict(form_of(client.post(at(plan), typed(client, plan, take="protocol=P4"))).sends)
    assert (taken["protocol"], taken["session_count"], taken["technique"]) == ("P4", "3", "T-PAP")
    assert PlanVersion.objects.values().get(plan=plan) == before


@pytest.mark.parametrize("wish", ["", "=", "nothing=1", "protocol=P99", "version=9", "part__99__volume=1"])
def test_what_nobody_offers_changes_nothing_that_is_kept(client, plan, wish):
    before = PlanVersion.objects.values().get(plan=plan)
    answer = client.post(at(plan), typed(client, plan, take=wish) | {"action": "look"}, headers=LIVE)
    assert answer.status_code == 200
    assert PlanVersion.objects.values().get(plan=plan) == before


def test_a_suggestion_says_which_agents_this_patient_may_not_have(client, plan):
    html = client.get(at(plan)).content.decode()
    assert "Excluded for this patient: dutasteride" in html


def test_what_cannot_be_added_stands_with_its_reason(client, plan):
    html = live(client, plan).partition('id="plan-excluded"')[2].partition("</section>")[0]
    for rule in ("RP-04", "FX-04", "FX-14", "FX-06b", "FX-06a"):
        assert rule in html


def test_a_drug_needs_a_syringe_of_its_own_or_a_record_that_it_may_be_mixed(client, plan):
    drug = consultations.product("DRG_MINOXIDIL", mg_per_ml=Decimal(4))
    mixed = {"part__1__product": str(drug.pk), "part__1__volume": "0.5"}
    assert "FX-06e" in live(client, plan, **mixed, part__1__syringe="1")
    assert "FX-06e" not in live(client, plan, **mixed, part__1__syringe="2")
    assert "FX-06e" not in live(client, plan, **mixed, part__1__syringe="1", compatible_syringes=["1"])
    client.post(at(plan), typed(client, plan, **mixed, part__1__syringe="1", compatible_syringes=["1"]))
    assert version_of(plan).compatible_syringes == ["1"]
    assert dict(form_of(client.get(at(plan))).sends)["compatible_syringes"] == "1"


def test_an_anaesthetic_comes_back_into_its_own_rows(client, plan):
    client.post(at(plan), typed(client, plan, **anaesthetic("2", row=5)))
    sent = dict(form_of(client.get(at(plan))).sends)
    assert (sent["part__10__volume"], sent["part__10__syringe"], sent["part__5__volume"]) == ("2", "LA", "")


def test_the_live_check_says_what_is_wrong_beside_the_field(client, plan):
    html = live(client, plan, spacing_cm="wide")
    assert "spacing_cm" in html.partition('data-live="')[2].partition('"')[0]
    assert 'href="#id_spacing_cm"' in html


def test_the_director_is_asked_from_the_plan_with_a_reason(client, plan):
    peptide = consultations.product("PEP_GHKCU")
    row = {"part__1__product": str(peptide.pk), "part__1__volume": "0.5", "part__1__syringe": "2", "action": "ask"}
    refused = client.post(at(plan), typed(client, plan, **row))
    assert refused.status_code == 422
    assert not SignOff.objects.exists()
    client.post(at(plan), typed(client, plan, **row, sign_off_reason="Nothing else helped."))
    asked = SignOff.objects.get()
    assert (asked.ingredient, asked.asked_reason, asked.state) == ("PEP_GHKCU", "Nothing else helped.", "asked")
    assert "Asked for" in client.get(at(plan)).content.decode()


class TestTheDirector:
    """The director reads and decides on a page of their own."""

    @pytest.fixture
    def asked(self, client, plan):
        peptide = consultations.product("PEP_GHKCU")
        row = {"part__1__product": str(peptide.pk), "part__1__volume": "0.5", "part__1__syringe": "2"}
        client.post(at(plan), typed(client, plan, **row, action="ask", sign_off_reason="Nothing else helped."))
        return SignOff.objects.get()

    @pytest.fixture
    def director(self, site, client, asked):
        director = clinic.staff(Role.DIRECTOR, at=site)
        client.force_login(director)
        return director

    def decide(self, client, asked, **over):
        sent = {"decision": "grant", "reason": "Once, under my eyes."} | over
        return client.post(reverse("patients:sign_off", args=[asked.pk]), sent)

    def test_finds_the_request_at_home(self, client, director, asked):
        home = client.get(reverse("sessions:today")).content.decode()
        assert reverse("patients:sign_off", args=[asked.pk]) in home
        self.decide(client, asked)
        assert (
            reverse("patients:sign_off", args=[asked.pk]) not in client.get(reverse("sessions:today")).content.decode()
        )

    def test_reads_the_request_with_the_mixture_and_its_check(self, client, director, asked):
        html = client.get(reverse("patients:sign_off", args=[asked.pk])).content.decode()
        for text in ("Nothing else helped.", "Pep_Ghkcu ampoule", "FX-14"):
            assert text in html

    def test_decides_once_with_a_reason(self, client, director, asked):
        assert self.decide(client, asked, reason=" ").status_code == 422
        assert self.decide(client, asked, decision="").status_code == 422
        assert self.decide(client, asked).status_code == 302
        assert self.decide(client, asked).status_code == 409
        asked.refresh_from_db()
        assert (asked.state, asked.reason, asked.decided_by) == ("granted", "Once, under my eyes.", director)

    def test_the_doctor_sees_the_decision_and_the_check_without_the_stop(self, client, doctor, director, asked, plan):
        self.decide(client, asked)
        client.force_login(doctor)
        html = client.get(at(plan)).content.decode()
        assert "Once, under my eyes." in html
        assert ">FX-14</span>" not in html.partition('id="check"')[2].partition("</section>")[0]
        assert ">FX-14</span>" in live(client, plan, part__1__volume="0.6")
