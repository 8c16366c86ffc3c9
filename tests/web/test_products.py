"""Products, deliveries and lots through their pages: what is typed, scanned or sent as a file, and what comes of it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mesoclinic.accounts import Role
from protocols.forms.delivery import LARGEST, MOST_LINES
from protocols.models import Lot, Movement, OpenedVial, Product, ProductCode
from tests.builders import catalogue, clinic, consents, consultations, people, plans
from tests.web.pages import Page

PRODUCTS, NEW, DELIVERY = (reverse(f"protocols:{name}") for name in ("products", "add_product", "delivery"))
GTIN = "09506000134352"
LABEL = {
    "name": "Lidocaine 1 %",
    "ingredient": "LA_LIDOCAINE",
    "manufacturer": "Anestia",
    "strength": "1,0",
    "strength_as": "percent",
    "vehicle": ["water", "saline"],
    "excipients": "Sodium chloride,\n methylparaben",
    "label_allergens": ["methylparaben", "amide_la"],
    "composition_known": "on",
    "container": "multi_dose",
    "container_ml": "20",
    "open_limit_days": "28",
    "routes": ["infiltration", "intradermal"],
    "sterile": "on",
    "injectable_proof": "on",
    "authorisation": "MA 7",
    "storage": "Below 25 °C",
    "codes": "9506000134352",
    "approved": "on",
    "version": "0",
}


@pytest.fixture(autouse=True)
def _day(clock):
    clock.set(datetime(2026, 11, 26, 9, tzinfo=UTC))
    catalogue.release()


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def director(client, site):
    director = clinic.staff(Role.DIRECTOR, at=site, name="Dr Deniz Kaya")
    client.force_login(director)
    return director


@pytest.fixture
def nurse(client, site):
    nurse = clinic.staff(Role.NURSE, at=site, name="Ana Gil")
    client.force_login(nurse)
    return nurse


def at(name, *keys):
    return reverse(f"protocols:{name}", args=[getattr(key, "pk", key) for key in keys])


def form_of(answer, field):
    return next(form for form in Page(answer.content).posting() if field in form.names)


def sends(answer, field):
    sent = {}
    for name, value in form_of(answer, field).sends:
        sent.setdefault(name, []).append(value)
    return sent


def text(answer):
    return answer.content.decode()


def test_a_product_is_recorded_as_typed_and_read_again_on_its_page(client, director):
    answer = client.post(NEW, LABEL)
    product = Product.objects.get()
    assert answer.url == at("product", product)
    assert (product.mg_per_ml, product.vehicle, product.container_ml) == (Decimal(10), ["water", "saline"], Decimal(20))
    assert (product.excipients, product.codes.get().gtin) == ("Sodium chloride, methylparaben", GTIN)
    page = text(client.get(answer.url))
    words = ("Amide anaesthetic", "Infiltration", "MA 7", "Below 25 °C", GTIN, "Dr Deniz Kaya", "Lidocaine 1 % added.")
    assert [each for each in words if each not in page] == []
    shown = sends(client.get(at("edit_product", product)), "manufacturer")
    assert shown["strength"] == ["1"]
    assert client.post(at("edit_product", product), shown).status_code == 302
    assert Product.objects.get().mg_per_ml == Decimal(10)


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"name": ""}, "name", "Name the product."),
        ({"ingredient": "GOLD"}, "ingredient", "Select a valid choice"),
        ({"strength": ""}, "strength", "Enter the strength"),
        ({"strength": "1.234,5"}, "strength", "Enter a number"),
        ({"strength_as": "not_stated"}, "strength", "Enter the strength"),
        ({"vehicle": []}, "vehicle", "dissolved in"),
        ({"routes": []}, "routes", "every route"),
        ({"authorisation": ""}, "authorisation", "Enter the number of the authorisation"),
        ({"codes": "9506000134353"}, "codes", "is no GTIN"),
        ({"container": ""}, "container", "single dose or multi-dose"),
        ({"composition_known": ""}, "approved", "Record every content"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_recorded(client, director, over, field, words):
    answer = client.post(NEW, LABEL | over)
    assert answer.status_code == 422
    page = Page(answer.content)
    target = next(target for target, _message in page.summary if target.startswith(f"id_{field}"))
    assert words in page.described(target)
    assert form_of(answer, "manufacturer").typed()["storage"] == "Below 25 °C"
    assert not Product.objects.exists()


def test_a_product_like_another_is_asked_about_and_added_when_it_is_another(client, director):
    client.post(NEW, LABEL)
    twin = LABEL | {"name": "Lidocaine ten", "codes": ""}
    answer = client.post(NEW, twin)
    assert answer.status_code == 422
    assert "recorded already" in Page(answer.content).described("id_another")
    assert at("product", Product.objects.get()) in text(answer)
    assert client.post(NEW, twin | {"another": "on"}).status_code == 302
    assert Product.objects.count() == 2


def test_the_second_of_two_editors_sees_both_versions(client, director):
    client.post(NEW, LABEL)
    product = Product.objects.get()
    shown = sends(client.get(at("edit_product", product)), "manufacturer")
    client.post(at("edit_product", product), shown | {"storage": "Frozen"})
    answer = client.post(at("edit_product", product), shown | {"manufacturer": "Another"})
    assert answer.status_code == 409
    assert "Changed by Dr Deniz Kaya while you were typing" in text(answer)
    assert "Frozen" in text(answer)


def test_what_a_plan_refers_to_becomes_the_version_before(client, director, site):
    client.post(NEW, LABEL)
    product = Product.objects.get()
    version = plans.signed_plan(people.patient(site=site), clinic.dermatologist(at=site))
    part = consents.component(version, product.ingredient, name="made for the plan")
    type(part).objects.filter(pk=part.pk).update(product=product)
    page = client.get(at("edit_product", product))
    assert "Plans refer to this product." in text(page)
    answer = client.post(at("edit_product", product), sends(page, "manufacturer") | {"strength": "2"})
    new = Product.objects.get(replaces=product)
    assert answer.url == at("product", new)
    assert "version 2. Plans keep the version" in text(client.get(answer.url))
    assert "Replaced" in text(client.get(at("product", product)))
    assert client.post(at("edit_product", product), sends(page, "manufacturer")).status_code == 409


def test_a_product_is_retired_and_taken_back_with_a_reason_and_twice_is_once(client, director):
    client.post(NEW, LABEL)
    product = Product.objects.get()
    shown = sends(client.get(at("retire_product", product)), "reason")
    assert client.post(at("retire_product", product), shown | {"reason": " "}).status_code == 422
    for _again in range(2):
        assert client.post(at("retire_product", product), shown | {"reason": "Off the market."}).status_code == 302
    assert Product.objects.get().active is False
    assert "1 retired product" in text(client.get(PRODUCTS))
    offered = next(each for each in form_of(client.get(PRODUCTS), "key").controls if each.name == "product")
    assert offered.options == [""]
    shown = sends(client.get(at("retire_product", product)), "reason")
    client.post(at("retire_product", product), shown | {"reason": "Back."})
    assert Product.objects.get().active is True


def test_only_the_director_is_led_to_the_forms(client, nurse):
    product = consultations.product("VIT_BIOTIN")
    assert NEW not in text(client.get(PRODUCTS))
    assert at("edit_product", product) not in text(client.get(at("product", product)))


def test_a_scan_fills_the_form_and_books_nothing(client, nurse):
    product = consultations.product("VIT_BIOTIN", container_ml=Decimal(2))
    ProductCode.objects.create(gtin=GTIN, product=product, by=nurse, at=datetime(2026, 1, 1, tzinfo=UTC))
    answer = client.get(PRODUCTS, {"scan": f"]d201{GTIN}10AB-1\x1d1727100021S9\x1d305"})
    filled = sends(answer, "quantity_ml")
    assert answer.status_code == 200
    assert (filled["product"], filled["number"], filled["expires_on"]) == ([str(product.pk)], ["AB-1"], ["31 Oct 2027"])
    assert (filled["containers"], filled["gtin"]) == (["5"], [GTIN])
    assert "S9" in text(answer)
    assert not Lot.objects.exists()
    client.post(PRODUCTS, filled)
    lot = Lot.objects.get()
    assert (lot.number, lot.expires_on, lot.on_hand_ml) == ("AB-1", date(2027, 10, 31), Decimal(10))


def test_an_unknown_code_is_chosen_once_and_remembered(client, nurse):
    product, other = consultations.product("VIT_BIOTIN"), consultations.product("MIN_ZINC")
    code = f"(01){GTIN}(17)271031(10)A1"
    answer = client.get(PRODUCTS, {"scan": code})
    assert "is new here" in text(answer)
    client.post(PRODUCTS, sends(answer, "quantity_ml") | {"product": product.pk, "quantity_ml": "5"})
    again = client.get(PRODUCTS, {"scan": code})
    assert sends(again, "quantity_ml")["product"] == [str(product.pk)]
    answer = client.post(PRODUCTS, sends(again, "quantity_ml") | {"product": other.pk, "quantity_ml": "5"})
    assert answer.status_code == 422
    assert product.name in Page(answer.content).described("id_product")


def test_a_retired_product_is_named_and_not_filled_in(client, nurse):
    product = consultations.product("VIT_BIOTIN", active=False)
    ProductCode.objects.create(gtin=GTIN, product=product, by=nurse, at=datetime(2026, 1, 1, tzinfo=UTC))
    answer = client.get(PRODUCTS, {"scan": f"(01){GTIN}"})
    assert "is retired" in text(answer)
    assert sends(answer, "quantity_ml")["product"] == [""]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "Nothing was read"),
        ("hello", "no GS1 code"),
        ("(01)09506000134353", "check digit"),
        (f"01{GTIN}10ABC17271031", "leaves out the separator"),
        ("x" * 501, "at most 500"),
    ],
)
def test_a_code_that_cannot_be_read_says_why(client, nurse, code, words):
    answer = client.get(PRODUCTS, {"scan": code})
    assert answer.status_code == 422
    assert words in Page(answer.content).described("scan_scan")


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"containers": "", "quantity_ml": ""}, "containers", "how many containers came"),
        ({"containers": "3", "quantity_ml": "5"}, "quantity_ml", "do not agree"),
        ({"containers": "0", "quantity_ml": ""}, "containers", "greater than or equal to 1"),
        ({"containers": "9999", "quantity_ml": ""}, "containers", "more than can be received"),
        ({"expires_on": "10/2026"}, "expires_on", "Expired 31 Oct 2026."),
        ({"expires_on": "13/2027"}, "expires_on", "Enter the expiry date"),
        ({"gtin": "123"}, "", "Scan the code again."),
    ],
)
def test_a_delivery_says_what_came_in_one_way(client, nurse, site, over, field, words):
    product = consultations.product("VIT_BIOTIN", container_ml=Decimal(20))
    sent = {"site": site.pk, "product": product.pk, "number": "L1", "expires_on": "10/2027", "containers": "2"}
    answer = client.post(PRODUCTS, sent | {"key": "k"} | over)
    assert answer.status_code == 422
    assert words in (Page(answer.content).described(f"id_{field}") if field else text(answer))
    assert not Lot.objects.exists()


def test_containers_need_a_record_of_what_one_holds(client, nurse, site):
    product = consultations.product("VIT_BIOTIN")
    sent = {
        "site": site.pk,
        "product": product.pk,
        "number": "L1",
        "expires_on": "10/2027",
        "containers": "2",
        "key": "k",
    }
    answer = client.post(PRODUCTS, sent)
    assert "Enter the quantity in mL." in Page(answer.content).described("id_quantity_ml")


def uploaded(client, site, content, name="delivery.csv"):
    return client.post(DELIVERY, {"site": site.pk, "file": SimpleUploadedFile(name, content)})


HEAD = "product;lot;expires;containers;ml;document\r\n"


@pytest.mark.parametrize(
    "content",
    [
        (HEAD + "Zinc;A;31.10.2027;;12,5;Albarán 7\r\n\r\nBiotin;B;2027-10-31;2;;\r\n").encode("cp1252"),
        ("\ufeff" + HEAD + "zinc;A;10/2027;;12.5;Albarán 7\r\nBIOTIN;B;10/2027;2;;\r\n").encode(),
        (
            'lot,ml,containers,product,expires,document\nA,"12,5",,Zinc,2027-10-31,Albarán 7\n'
            "B,,2,Biotin,31 Oct 2027,\n"
        ).encode(),
        "sep=\t\r\nproduct\tlot\texpires\tml\tcontainers\tdocument\r\nZinc\tA\t10.2027\t12.5\t\tAlbarán 7\r\n"
        "09506000134352\tB\t10-2027\t\t2\t\r\n".encode(),
    ],
    ids=["Windows", "UTF-8 with a mark", "commas", "tabs"],
)
def test_a_list_is_shown_first_and_then_booked_once_whatever_wrote_it(client, nurse, site, content):
    biotin = consultations.product("VIT_BIOTIN", name="Biotin", container_ml=Decimal(5))
    consultations.product("MIN_ZINC", name="Zinc")
    ProductCode.objects.create(gtin=GTIN, product=biotin, by=nurse, at=datetime(2026, 1, 1, tzinfo=UTC))
    answer = uploaded(client, site, content)
    assert answer.status_code == 200, text(answer)
    assert not Lot.objects.exists()
    for _again in range(2):
        assert client.post(DELIVERY, sends(answer, "text")).url == PRODUCTS
    booked = {lot.number: (lot.product.name, lot.expires_on, lot.on_hand_ml) for lot in Lot.objects.all()}
    day = date(2027, 10, 31)
    assert booked == {"A": ("Zinc", day, Decimal("12.5")), "B": ("Biotin", day, Decimal(10))}
    assert set(Movement.objects.values_list("document", flat=True)) == {"Albarán 7", ""}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Gold;A;10/2027;;5;", "No product in use"),
        (";A;10/2027;;5;", "Name the product"),
        ("Zinc;;10/2027;;5;", "lot: This field is required."),
        (f"Zinc;{'x' * 61};10/2027;;5;", "lot: Use up to 60 letters."),
        ("Zinc;A;31.02.2027;;5;", "expires: Enter the expiry date"),
        ("Zinc;A;10/2026;;5;", "expires: Expired 31 Oct 2026."),
        ("Zinc;A;10/2027;;-5;", "ml: The quantity must be more than 0 mL."),
        ("Zinc;A;10/2027;;a few;", "ml: Enter a number."),
        ("Zinc;A;10/2027;1.5;;", "containers: Enter a whole number."),
        ("Zinc;A;10/2027;2;;", "ml: The record does not say what one container holds."),
        ("Zinc;A;10/2027;;;", "containers: Enter how many containers came"),
        ("Zinc;A;10/2027;;5;x;y", "more cells than columns"),
        ("Zinc;GOOD;11/2027;;5;", "Lot GOOD is recorded with another expiry date."),
        ("Zinc;HERE;11/2027;;5;", "Lot HERE is recorded with another expiry date."),
        ("Zinc;A\x07;10/2027;;5;", "without control characters"),
    ],
)
def test_one_wrong_line_is_named_and_nothing_is_booked(client, nurse, site, line, words):
    zinc = consultations.product("MIN_ZINC", name="Zinc")
    Lot.objects.create(product=zinc, site=site, number="HERE", expires_on=date(2027, 10, 31))
    content = f"{HEAD}Zinc;GOOD;10/2027;;5;\r\n{line}\r\n"
    answer = uploaded(client, site, content.encode())
    assert answer.status_code == 422
    assert words in text(answer)
    assert "1 line cannot be booked" in text(answer)
    assert client.post(DELIVERY, {"site": site.pk, "text": content, "key": "k"}).status_code == 422
    assert not Movement.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04 a workbook", "no CSV file"),
        ("product;lot".encode("utf-16"), "no CSV file"),
        (b"\x81\x8d\x8f", "no CSV file"),
        (b"\r\n \r\n", "no line with a lot"),
        (HEAD.encode(), "no line with a lot"),
        (f"{HEAD}Zinc;;;;;\r\n".encode(), "no line with a lot"),
        (b"name;number\r\nx;y\r\n", "must name the columns"),
        (b"product;lot;lot;expires\r\nx;y;y;z\r\n", "must name the columns"),
        (f'{HEAD}"Zinc;A;10/2027;;5;\r\n'.encode(), "quotation mark"),
        (f"{HEAD}Zinc;A;10/2027;;5;{chr(34)}{'x' * 140_000}{chr(34)}\r\n".encode(), "quotation mark"),
        ((HEAD + "Zinc;A;10/2027;;5;\r\n" * (MOST_LINES + 1)).encode(), "more than 500 lines"),
        (b"x" * (LARGEST + 1), "at most"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_bad_file_is_refused_in_words(client, nurse, site, content, words):
    answer = uploaded(client, site, content)
    assert answer.status_code == 422
    assert words in Page(answer.content).described("id_file")
    assert not Lot.objects.exists()


def test_a_delivery_without_a_file_or_for_another_site_is_refused(client, nurse, site):
    assert "Choose a CSV file." in Page(client.post(DELIVERY, {"site": site.pk}).content).described("id_file")
    sent = {"site": clinic.site().pk, "text": f"{HEAD}Zinc;A;10/2027;;5;\r\n", "key": "k"}
    consultations.product("MIN_ZINC", name="Zinc")
    assert client.post(DELIVERY, sent).status_code == 422
    assert not Lot.objects.exists()


def test_what_looks_like_a_formula_is_text_in_both_directions(client, nurse, site):
    consultations.product("MIN_ZINC", name='=HYPERLINK("x")')
    answer = client.get(at("delivery_template"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "'=HYPERLINK" in answer.content.decode("utf-8-sig")
    filled = answer.content.decode("utf-8-sig").replace(";;;;;\r\n", ";=1+1;10/2027;;5;@x\r\n")
    preview = uploaded(client, site, filled.encode())
    assert preview.status_code == 200, text(preview)
    client.post(DELIVERY, sends(preview, "text"))
    assert (Lot.objects.get().number, Movement.objects.get().document) == ("=1+1", "@x")


def test_the_template_names_every_product_in_use_and_its_empty_lines_did_not_come(client, nurse, site):
    consultations.product("MIN_ZINC", name="Zinc")
    consultations.product("VIT_BIOTIN", name="Biotin", active=False)
    content = client.get(at("delivery_template")).content
    assert content.decode("utf-8-sig").splitlines() == [HEAD.strip(), "Zinc;;;;;"]
    assert uploaded(client, site, content).status_code == 422


@pytest.fixture
def lot(site):
    product = consultations.product("LA_LIDOCAINE", container="multi_dose", storage="Below 25 °C")
    return Lot.objects.create(product=product, site=site, number="L1", expires_on=date(2026, 12, 20), on_hand_ml=10)


def test_a_lot_that_expires_soon_or_has_expired_is_marked(client, nurse, lot):
    assert "Expires soon" in text(client.get(PRODUCTS))
    Lot.objects.update(expires_on=date(2026, 11, 25))
    assert "Expired" in text(client.get(PRODUCTS))
    assert "Expired" in text(client.get(at("lot", lot)))
    Lot.objects.update(expires_on=date(2026, 12, 27))
    assert "Expire" not in text(client.get(PRODUCTS)).replace("Expires on", "")


def test_a_lot_is_counted_on_its_page(client, nurse, lot):
    shown = sends(client.get(at("lot", lot)), "counted_ml")
    wrong = client.post(at("count_lot", lot), shown | {"counted_ml": "-1", "note": ""})
    assert wrong.status_code == 422
    assert "greater than or equal to 0" in Page(wrong.content).described("count_counted_ml")
    assert client.post(at("count_lot", lot), shown | {"counted_ml": "7,5", "note": "Spilled"}).url == at("lot", lot)
    page = text(client.get(at("lot", lot)))
    assert "Spilled" in page
    assert Lot.objects.get().on_hand_ml == Decimal("7.5")
    late = client.post(at("count_lot", lot), shown | {"counted_ml": "3", "note": "Again", "key": "another"})
    assert late.status_code == 409
    assert "Count again." in Page(late.content).described("count_counted_ml")


def test_an_opened_vial_is_shown_with_its_last_day_until_it_is_thrown_away(client, nurse, lot):
    assert client.post(at("open_vial", lot), {"opened_on": "2026-11-20"}).url == at("lot", lot)
    page = text(client.get(at("lot", lot)))
    assert "Opened 20 Nov 2026" in page
    assert "good to 18 Dec 2026" in page
    wrong = client.post(at("open_vial", lot), {"opened_on": "2026-11-27"})
    assert (wrong.status_code, OpenedVial.objects.count()) == (422, 1)
    assert "today or earlier" in Page(wrong.content).described("vial_opened_on")
    assert client.post(at("discard_vial", lot, OpenedVial.objects.get())).status_code == 302
    assert "No opened vial is kept." in text(client.get(at("lot", lot)))


def test_a_lot_says_why_it_was_withheld(client, nurse, lot):
    client.post(at("lot", lot), {"state": "quarantined", "reason": "Cold chain not proven."})
    page = text(client.get(at("lot", lot)))
    assert page.index("Quarantined") < page.index("Cold chain not proven.")
    assert "Ana Gil" in page
