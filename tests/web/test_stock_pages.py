"""Products and lots through HTTP: goods in, lots withheld with a reason, and what was prepared with them."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from protocols.models import Lot, Movement
from sessions.models import TreatmentSession
from sessions.services import treatment as services
from tests.builders import clinic, consultations, treatments
from tests.web.pages import Page

PRODUCTS = reverse("protocols:products")


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def nurse(client, site):
    nurse = clinic.staff(Role.NURSE, at=site, name="Ana Gil")
    client.force_login(nurse)
    return nurse


@pytest.fixture
def delivery(site):
    product = consultations.product("VIT_BIOTIN", name="Biotin 5 mg/mL")
    return {
        "site": site.pk,
        "product": product.pk,
        "number": " L77 ",
        "expires_on": "31.10.2027",
        "quantity_ml": "50.5",
        "key": "key of this page",
    }


def form_of(answer, field):
    return next(form for form in Page(answer.content).posting() if field in form.names)


def at(lot):
    return reverse("protocols:lot", args=[lot.pk])


def test_goods_come_in_with_a_movement_and_stand_in_the_list(client, nurse, site, delivery):
    answer = client.post(PRODUCTS, delivery)
    lot, movement = Lot.objects.get(), Movement.objects.get()
    assert answer.url == at(lot)
    assert (lot.site, lot.number, lot.expires_on, lot.state) == (site, "L77", date(2027, 10, 31), "released")
    assert (lot.on_hand_ml, movement.lot, movement.quantity_ml) == (Decimal("50.5"), lot, Decimal("50.5"))
    assert (movement.by, movement.reason) == (nurse, "received")
    assert AuditEvent.objects.get(action="lot.received").object_id == str(lot.pk)
    page = client.get(answer.url).content.decode()
    assert all(words in page for words in ("Biotin 5 mg/mL", "Ana Gil", "Lot received."))
    listed = client.get(PRODUCTS).content.decode()
    assert f'href="{at(lot)}">L77</a>' in listed
    assert re.search(r"50\.5\D{1,8}mL", listed)


def test_the_form_of_each_page_counts_once_and_the_next_one_again(client, nurse, delivery):
    fresh = [form_of(client.get(PRODUCTS), "quantity_ml").sends for _page in range(2)]
    keys = [dict(sends)["key"] for sends in fresh]
    for key in (keys[0], keys[0], keys[1]):
        assert client.post(PRODUCTS, delivery | {"key": key}).status_code == 302
    assert Lot.objects.get().on_hand_ml == Decimal(101)
    assert Movement.objects.count() == 2


WRONG = {
    "number": ("", "required"),
    "expires_on": ("31 2 2027", "Enter the expiry date with day, month and year"),
    "quantity_ml": ("a few", "Enter a number"),
}


def test_a_wrong_delivery_is_told_beside_each_field_and_what_was_typed_stays(client, nurse, delivery):
    answer = client.post(PRODUCTS, delivery | {name: text for name, (text, _words) in WRONG.items()})
    assert answer.status_code == 422
    page, form = Page(answer.content), form_of(answer, "quantity_ml")
    for name, (text, words) in WRONG.items():
        assert words in page.described(f"id_{name}"), name
        assert form.typed()[name] == text
    assert {target for target, _words in page.summary} == {f"id_{name}" for name in WRONG}
    assert dict(form.sends)["key"] == "key of this page"
    assert (dict(form.sends)["product"], dict(form.sends)["site"]) == (str(delivery["product"]), str(delivery["site"]))
    assert not Lot.objects.exists()


@pytest.mark.parametrize("quantity", ["0", "-5"])
def test_nothing_and_less_is_no_delivery(client, nurse, delivery, quantity):
    answer = client.post(PRODUCTS, delivery | {"quantity_ml": quantity})
    assert answer.status_code == 422
    assert "must be more than 0 mL" in Page(answer.content).described("id_quantity_ml")
    assert form_of(answer, "key").typed()["quantity_ml"] == quantity
    assert not Lot.objects.exists()


def test_one_number_has_one_expiry_date(client, nurse, delivery):
    client.post(PRODUCTS, delivery)
    answer = client.post(PRODUCTS, delivery | {"expires_on": "30.11.2027", "key": "another page"})
    assert answer.status_code == 422
    assert "Lot L77 is recorded with another expiry date." in Page(answer.content).described("id_expires_on")
    assert form_of(answer, "key").typed()["expires_on"] == "30.11.2027"
    assert (Lot.objects.get().on_hand_ml, Movement.objects.count()) == (Decimal("50.5"), 1)


def test_goods_come_in_at_ones_own_sites_only_and_others_are_not_listed(client, nurse, delivery):
    elsewhere = clinic.site()
    answer = client.post(PRODUCTS, delivery | {"site": elsewhere.pk})
    assert answer.status_code == 422
    assert "Select a valid choice" in Page(answer.content).described("id_site")
    other = Lot.objects.create(
        product_id=delivery["product"], site=elsewhere, number="THEIRS", expires_on=date(2027, 1, 1)
    )
    assert "THEIRS" not in client.get(PRODUCTS).content.decode()
    assert client.post(at(other), {"state": "recalled", "reason": "x"}).status_code == 404
    other.refresh_from_db()
    assert other.state == "released"


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"state": "recalled", "reason": ""}, "reason", "required"),
        ({"state": "recalled", "reason": "  "}, "reason", "required"),
        ({"state": "recalled", "reason": "x" * 301}, "reason", "at most 300"),
        ({"state": "lost", "reason": "Nobody finds it."}, "state", "Select a valid choice"),
    ],
)
def test_a_lot_is_withheld_for_a_reason_only(client, nurse, site, delivery, sent, field, words):
    client.post(PRODUCTS, delivery)
    lot = Lot.objects.get()
    answer = client.post(at(lot), sent)
    assert answer.status_code == 422
    assert words in Page(answer.content).described(f"id_{field}")
    assert form_of(answer, "state").typed()["reason"] == sent["reason"]
    lot.refresh_from_db()
    assert lot.state == "released"


@pytest.fixture
def prepared(client, clock):
    """A session that is drawn up with two lots, and its nurse at the lots' pages."""
    clock.set(treatments.TODAY)
    made = treatments.scene()
    record = treatments.prepared(made)
    client.force_login(made.nurse)
    return made, record


def flag(made):
    return TreatmentSession.objects.get(pk=made.session.pk).flag


def test_a_recalled_lot_flags_what_was_prepared_with_it_and_its_stock_stays(client, prepared):
    made, record = prepared
    lot = made.lots["HA_NCL"]
    answer = client.post(at(lot), {"state": "recalled", "reason": "Recalled by its maker."})
    assert answer.url == at(lot)
    lot.refresh_from_db()
    assert (lot.state, lot.on_hand_ml, lot.movements.count()) == ("recalled", Decimal(9), 2)
    told = AuditEvent.objects.get(action="lot.recalled")
    assert (told.actor_name, told.reason) == ("Ana Gil", "Recalled by its maker.")
    assert "LOT-HA_ is recalled" in flag(made)
    assert "Recalled" in client.get(answer.url).content.decode()
    assert "Recalled" in client.get(PRODUCTS).content.decode()
    client.force_login(made.doctor)
    room = client.get(reverse("sessions:treatment", args=[made.session.pk])).content.decode()
    assert "This lot is “Recalled”. Take another." in room
    start = {"action": "start", "version": record.version}
    assert client.post(reverse("sessions:treatment", args=[made.session.pk]), start).status_code in (409, 422)


def test_what_has_begun_with_a_lot_is_not_flagged_any_more(client, prepared):
    made, record = prepared
    fresh = type(record).objects.get(pk=record.pk)
    services.start_treatment(made.doctor, record_id=fresh.pk, version=fresh.version)
    client.post(at(made.lots["HA_NCL"]), {"state": "quarantined", "reason": "Cold chain not proven."})
    assert flag(made) == ""


def test_a_lot_is_released_again_with_a_reason(client, prepared):
    made, _record = prepared
    lot = made.lots["VIT_BIOTIN"]
    client.post(at(lot), {"state": "quarantined", "reason": "Cold chain not proven."})
    page = client.get(at(lot))
    assert dict(form_of(page, "reason").sends)["state"] == "quarantined"
    assert client.post(at(lot), {"state": "released", "reason": "Logger read: 2 to 8 °C."}).url == at(lot)
    lot.refresh_from_db()
    assert lot.state == "released"
    told = AuditEvent.objects.filter(object_kind="protocols.lot", action__in=["lot.quarantined", "lot.released"])
    assert [event.reason for event in told.order_by("number")] == ["Cold chain not proven.", "Logger read: 2 to 8 °C."]
