"""Products recorded and goods booked in: once, whole or not at all, and nothing that was signed ever changes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.edits import version_of
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord
from protocols.models import Lot, Movement, OpenedVial, Product, ProductCode
from protocols.queries import products as queries
from protocols.queries import stock as stock_queries
from protocols.services import products, stock
from tests.builders import catalogue, clinic, consents, consultations, people, plans

GTIN, PACK = "09506000134352", "04006381333931"
LABEL: dict[str, Any] = {
    "name": "Biotin 0.5 %",
    "ingredient": "VIT_BIOTIN",
    "manufacturer": "Laboratorios Alcor",
    "strength": Decimal("0.5"),
    "strength_as": "percent",
    "vehicle": ["water"],
    "excipients": "Sodium chloride, benzyl alcohol",
    "label_allergens": ["benzyl_alcohol"],
    "composition_known": True,
    "cross_linked": None,
    "container": "single_dose",
    "container_ml": Decimal(2),
    "open_limit_days": None,
    "routes": ["intradermal", "intramuscular"],
    "sterile": True,
    "cosmetic": False,
    "injectable_proof": True,
    "authorisation": "MA 12345",
    "storage": "2 to 8 °C",
    "codes": GTIN,
    "approved": True,
}
IN_TIME = date(2027, 10, 31)


@pytest.fixture(autouse=True)
def _day(clock):
    clock.set(datetime(2026, 11, 26, 9, tzinfo=UTC))
    catalogue.release()


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def director(site):
    return clinic.staff(Role.DIRECTOR, at=site)


@pytest.fixture
def nurse(site):
    return clinic.staff(Role.NURSE, at=site)


def edited(director, product, **over):
    facts = queries.product_facts(product)
    return products.update_product(
        director, product_id=product.pk, version=version_of(facts), **({**facts, "another": False} | over)
    )


def received(actor, site, product, **over):
    fields = {"number": "L1", "expires_on": IN_TIME, "quantity_ml": Decimal(10), "key": f"key {over}"}
    return stock.receive_lot(actor, site=site, product=product, **(fields | over))


def used_in_a_plan(product, site):
    version = plans.signed_plan(people.patient(site=site), clinic.dermatologist(at=site))
    part = consents.component(version, product.ingredient, name="made for the plan", mg_per_ml=product.mg_per_ml)
    type(part).objects.filter(pk=part.pk).update(product=product)
    return type(part).objects.get(pk=part.pk)


def test_a_product_is_kept_as_its_label_states_it(director):
    added = Product.objects.get(pk=products.add_product(director, **LABEL).pk)
    assert queries.product_facts(added) == LABEL
    assert (added.mg_per_ml, added.for_injection, added.version) == (Decimal(5), True, 1)
    assert (added.director_approved_by, added.active) == (director, True)
    assert AuditEvent.objects.get(action="product.added").object_id == str(added.pk)
    assert stock_queries.read_code(f"(01){GTIN}").product == added


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.DERMATOLOGIST])
def test_only_the_director_records_products(role, site, director):
    product = products.add_product(director, **LABEL)
    for call in (
        lambda who: products.add_product(who, **LABEL | {"name": "Another"}),
        lambda who: edited(who, product, storage="cold"),
        lambda who: products.retire_product(who, product_id=product.pk, active=False, reason="x"),
    ):
        with pytest.raises(NotAllowed):
            call(clinic.staff(role, at=site))
    product.refresh_from_db()
    assert (Product.objects.count(), product.storage, product.active) == (1, "2 to 8 °C", True)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"ingredient": "NO_SUCH"}, "ingredient"),
        ({"label_allergens": ["moonlight"]}, "label_allergens"),
        ({"label_allergens": ["latex"]}, "label_allergens"),
        ({"vehicle": []}, "vehicle"),
        ({"vehicle": ["blood"]}, "vehicle"),
        ({"routes": []}, "routes"),
        ({"routes": ["by magic"]}, "routes"),
        ({"strength": None}, "strength"),
        ({"strength_as": "not_stated"}, "strength"),
        ({"strength": Decimal(0)}, "strength"),
        ({"container_ml": Decimal(0)}, "container_ml"),
        ({"authorisation": ""}, "authorisation"),
        ({"cosmetic": True}, "routes"),
        ({"composition_known": False}, "approved"),
        ({"codes": "4006381333932"}, "codes"),
    ],
)
def test_what_a_record_may_not_say_is_named_and_nothing_is_written(director, over, field):
    with pytest.raises(ClinicError) as refusal:
        products.add_product(director, **LABEL | over)
    assert refusal.value.field == field
    assert not Product.objects.exists()
    assert not ProductCode.objects.exists()


def test_a_product_for_the_skin_alone_is_not_for_injection(director):
    cream = LABEL | {"routes": ["on_skin"], "cosmetic": True, "injectable_proof": False, "authorisation": ""}
    assert products.add_product(director, **cream).for_injection is False


@pytest.mark.parametrize(
    "over", [{"name": "  BIOTIN 0.5 % "}, {"name": "Vitamin H", "manufacturer": "LABORATORIOS ÁLCOR", "codes": ""}]
)
def test_a_product_like_another_is_asked_about_first(director, over):
    first = products.add_product(director, **LABEL)
    with pytest.raises(products.Alike) as question:
        products.add_product(director, **LABEL | {"codes": ""} | over)
    assert (question.value.found, question.value.field) == ([first], "another")
    added = products.add_product(director, another=True, **LABEL | {"codes": ""} | over)
    assert added.pk != first.pk


def test_two_products_never_have_one_name(director):
    products.add_product(director, **LABEL)
    with pytest.raises(ClinicError) as refusal:
        products.add_product(director, another=True, **LABEL | {"codes": ""})
    assert refusal.value.field == "name"


def test_a_label_that_no_plan_refers_to_is_corrected_in_place_and_approved_anew(director, site, clock):
    product = products.add_product(director, **LABEL)
    received(director, site, product)
    before = Product.objects.get(pk=product.pk).director_approved_at
    clock.advance(days=1)
    kept = edited(director, product, vehicle=["saline"])
    assert (kept.pk, Product.objects.get().vehicle) == (product.pk, ["saline"])
    assert Product.objects.get().director_approved_at > before
    assert AuditEvent.objects.get(action="product.changed").changed == ["vehicle"]


def test_what_a_signed_plan_refers_to_never_changes_and_what_the_label_says_now_is_the_next_version(director, site):
    product = products.add_product(director, **LABEL)
    part = used_in_a_plan(product, site)
    before = Product.objects.filter(pk=product.pk).values().get()
    new = edited(director, product, strength=Decimal(1), name="Biotin 1 %", approved=False)
    old = Product.objects.get(pk=product.pk)
    after = Product.objects.filter(pk=product.pk).values().get()
    assert {name for name, value in after.items() if before.get(name) != value} == {"active", "replaced_at"}
    assert (old.active, new.active, new.version, new.replaces) == (False, True, 2, old)
    assert (new.mg_per_ml, new.director_approved_at) == (Decimal(10), None)
    part.refresh_from_db()
    assert (part.product, part.mg_per_ml) == (old, Decimal(5))
    assert stock_queries.read_code(f"(01){GTIN}").product == new
    assert {event.action for event in AuditEvent.objects.filter(action__startswith="product.")} >= {"product.replaced"}
    with pytest.raises(Conflict):
        edited(director, old, vehicle=["saline"])
    with pytest.raises(Conflict):
        products.retire_product(director, product_id=old.pk, active=True, reason="I want the old one.")


def test_the_next_version_may_keep_its_name(director, site):
    product = products.add_product(director, **LABEL)
    used_in_a_plan(product, site)
    assert edited(director, product, vehicle=["saline"]).name == product.name


@pytest.mark.parametrize(
    ("over", "column", "value"),
    [
        ({"storage": "Frozen"}, "storage", "Frozen"),
        ({"container_ml": Decimal(5)}, "container_ml", Decimal(5)),
        ({"approved": False}, "director_approved_at", None),
    ],
)
def test_what_says_nothing_about_the_contents_changes_in_place(director, site, over, column, value):
    product = products.add_product(director, **LABEL)
    used_in_a_plan(product, site)
    assert edited(director, product, **over).pk == product.pk
    assert getattr(Product.objects.get(pk=product.pk), column) == value


def test_the_second_of_two_editors_overwrites_nothing(director):
    product = products.add_product(director, **LABEL)
    seen = queries.product_facts(product)
    edited(director, product, storage="Frozen")
    with pytest.raises(StaleRecord):
        products.update_product(
            director, product_id=product.pk, version=version_of(seen), **seen | {"manufacturer": "Other"}
        )
    assert Product.objects.get().manufacturer == "Laboratorios Alcor"


def test_a_retired_product_is_offered_no_more_and_comes_back_with_a_reason(director):
    product = products.add_product(director, **LABEL)
    assert (
        products.retire_product(director, product_id=product.pk, active=False, reason="Off the market.").active is False
    )
    assert "biotin 0.5 %" not in stock_queries.products_by_word()
    assert AuditEvent.objects.get(action="product.retired").reason == "Off the market."
    with pytest.raises(ClinicError):
        products.retire_product(director, product_id=product.pk, active=True, reason=" ")
    assert products.retire_product(director, product_id=product.pk, active=True, reason="Again.").active is True


def test_a_code_belongs_to_one_product(director):
    products.add_product(director, **LABEL)
    other = {"name": "Zinc", "ingredient": "MIN_ZINC"}
    with pytest.raises(ClinicError) as refusal:
        products.add_product(director, **LABEL | other)
    assert refusal.value.field == "codes"
    assert "Biotin 0.5 %" in refusal.value.message
    zinc = products.add_product(director, **LABEL | other | {"codes": PACK})
    assert edited(director, zinc, codes="").codes.count() == 0
    assert stock_queries.read_code(PACK).product is None


def test_goods_come_in_once_with_their_paper(nurse, site):
    product = consultations.product("VIT_BIOTIN")
    for _again in range(2):
        lot = received(nurse, site, product, document="DN-77", key="one page")
    moved = Movement.objects.get()
    assert (lot.on_hand_ml, moved.document, moved.quantity_ml) == (Decimal(10), "DN-77", Decimal(10))
    assert received(nurse, site, product, document="DN-78", key="next page").pk == lot.pk
    assert Lot.objects.get().on_hand_ml == Decimal(20)


def test_one_number_of_a_product_at_a_site_has_one_day(nurse, site):
    product = consultations.product("VIT_BIOTIN")
    received(nurse, site, product)
    with pytest.raises(ClinicError, match="another expiry date"):
        received(nurse, site, product, expires_on=date(2027, 11, 30))
    assert (Lot.objects.count(), Movement.objects.count()) == (1, 1)


def test_an_expired_lot_does_not_come_in_and_one_of_today_does(nurse, site):
    product = consultations.product("VIT_BIOTIN")
    with pytest.raises(ClinicError) as refusal:
        received(nurse, site, product, expires_on=date(2026, 11, 25))
    assert refusal.value.field == "expires_on"
    assert not Lot.objects.exists()
    assert received(nurse, site, product, expires_on=date(2026, 11, 26)).on_hand_ml == 10


def test_a_scanned_code_is_remembered_with_what_was_received(nurse, site):
    product, other = consultations.product("VIT_BIOTIN"), consultations.product("MIN_ZINC")
    received(nurse, site, product, gtin=GTIN)
    assert stock_queries.read_code(f"(01){GTIN}").product == product
    with pytest.raises(ClinicError) as refusal:
        received(nurse, site, other, gtin=GTIN)
    assert product.name in refusal.value.message
    assert Movement.objects.count() == 1


def arrivals(product, *numbers):
    return [stock.Arrival(line, product, number, IN_TIME, Decimal(5), "DN-1") for line, number in enumerate(numbers, 2)]


def test_a_delivery_is_booked_whole_once(nurse, site):
    lines = arrivals(consultations.product("VIT_BIOTIN"), "A", "B", "A")
    for _again in range(2):
        assert stock.receive_delivery(nurse, site=site, arrivals=lines, key="sheet") == 3
    assert dict(Lot.objects.values_list("number", "on_hand_ml")) == {"A": Decimal(10), "B": Decimal(5)}
    assert Movement.objects.count() == 3


def test_one_wrong_line_books_nothing_of_a_delivery(nurse, site):
    product = consultations.product("VIT_BIOTIN")
    late = stock.Arrival(9, product, "C", date(2026, 1, 1), Decimal(5))
    with pytest.raises(ClinicError, match="Line 9"):
        stock.receive_delivery(nurse, site=site, arrivals=[*arrivals(product, "A"), late], key="sheet")
    assert not Lot.objects.exists()
    assert not Movement.objects.exists()
    with pytest.raises(ClinicError):
        stock.receive_delivery(nurse, site=site, arrivals=[], key="sheet")


def test_stock_is_handled_at_ones_own_sites_by_those_who_may(nurse, site):
    product = consultations.product("VIT_BIOTIN")
    lot = received(nurse, site, product)
    stranger, desk = clinic.staff(Role.NURSE, at=clinic.site()), clinic.desk(site)
    calls = [
        lambda who: received(who, site, product, number="L2"),
        lambda who: stock.receive_delivery(who, site=site, arrivals=arrivals(product, "Z"), key="k"),
        lambda who: counted(who, lot, 5),
        lambda who: stock.open_vial(who, lot_id=lot.pk, opened_on=date(2026, 11, 26)),
        lambda who: stock.discard_vial(who, lot_id=lot.pk, vial_id=1),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call(desk)
        with pytest.raises(ClinicError):
            call(stranger)
    assert (Lot.objects.get().on_hand_ml, OpenedVial.objects.count()) == (Decimal(10), 0)


def counted(actor, lot, ml, **over):
    fields = {"counted_ml": Decimal(ml), "seen_ml": Decimal(10), "note": "Stock-taking", "key": "count"}
    return stock.count_lot(actor, lot_id=lot.pk, **(fields | over))


def test_a_count_is_a_movement_with_its_reason(nurse, site):
    lot = received(nurse, site, consultations.product("VIT_BIOTIN"))
    for _again in range(2):
        assert counted(nurse, lot, "7.5").on_hand_ml == Decimal("7.5")
    moved = Movement.objects.get(reason="counted")
    assert (moved.quantity_ml, moved.note) == (Decimal("-2.5"), "Stock-taking")
    assert sum(Movement.objects.values_list("quantity_ml", flat=True)) == Decimal("7.5")


def test_a_count_that_agrees_moves_nothing_and_one_of_an_older_stock_is_refused(nurse, site):
    lot = received(nurse, site, consultations.product("VIT_BIOTIN"))
    assert counted(nurse, lot, 10).on_hand_ml == 10
    with pytest.raises(Conflict):
        counted(nurse, lot, 5, seen_ml=Decimal(11))
    for wrong in ({"counted_ml": Decimal(-1)}, {"note": " "}):
        with pytest.raises(ClinicError):
            counted(nurse, lot, 5, **wrong)
    assert Movement.objects.count() == 1


def test_an_opened_vial_is_good_for_the_days_of_its_label_or_of_the_rule(nurse, site):
    lot = received(nurse, site, consultations.product("LA_LIDOCAINE", container="multi_dose"))
    stock.open_vial(nurse, lot_id=lot.pk, opened_on=date(2026, 10, 28))
    vial = stock.open_vial(nurse, lot_id=lot.pk, opened_on=date(2026, 10, 29))
    assert [(each.until, each.over) for each in stock_queries.opened_vials(lot)] == [
        (date(2026, 11, 25), True),
        (date(2026, 11, 26), False),
    ]
    Product.objects.update(open_limit_days=500)
    lot = stock_queries.lot_for(nurse, lot.pk)
    assert {each.until for each in stock_queries.opened_vials(lot)} == {IN_TIME}
    for _again in range(2):
        stock.discard_vial(nurse, lot_id=lot.pk, vial_id=vial.pk)
    assert len(stock_queries.opened_vials(lot)) == 1
    assert AuditEvent.objects.filter(action="lot.vial_discarded").count() == 1
    with pytest.raises(OutOfScope):
        stock.discard_vial(nurse, lot_id=lot.pk, vial_id=10**6)


@pytest.mark.parametrize("day", [date(2026, 11, 27), date(2028, 1, 1)])
def test_a_vial_is_not_opened_tomorrow(nurse, site, day):
    lot = received(nurse, site, consultations.product("LA_LIDOCAINE", container="multi_dose"))
    with pytest.raises(ClinicError):
        stock.open_vial(nurse, lot_id=lot.pk, opened_on=day)


def test_a_single_dose_container_is_never_kept_open(nurse, site):
    lot = received(nurse, site, consultations.product("VIT_BIOTIN"))
    with pytest.raises(ClinicError):
        stock.open_vial(nurse, lot_id=lot.pk, opened_on=date(2026, 11, 26))
