"""What the demo clinic knows and holds: the shipped catalogue, approved for demonstration, products and lots."""

from datetime import date, timedelta
from decimal import Decimal

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.sites import Site
from protocols.models import CatalogueRelease, Lot, Product, RowDecision
from protocols.queries.catalogue import read_shipped, shipped_versions
from protocols.services.catalogue import activate_release, decide_rows, load_release
from protocols.services.stock import receive_lot, set_lot_state

# What a reviewer of the demo finds undecided, as a real clinic would for a while.
UNDECIDED = ("P2", "P3", "P6")
REASON = "Demonstration approval"
# name, ingredient, maker, mg in 1 mL, container
PRODUCTS = (
    ("Biotin 5 mg/mL", "VIT_BIOTIN", "Laboratorios Alcor", "5", "single_dose"),
    ("Dexpanthenol 250 mg/mL", "DEXPANTHENOL", "Laboratorios Alcor", "250", "single_dose"),
    ("Zinc gluconate 1 mg/mL", "MIN_ZINC", "Oligomed", "1", "single_dose"),
    ("Arginine 100 mg/mL", "AA_ARGININE", "Oligomed", "100", "single_dose"),
    ("Hyaluronic acid 10 mg/mL, not cross-linked", "HA_NCL", "Dermavia", "10", "single_dose"),
    ("Minoxidil 0.5 %", "DRG_MINOXIDIL", "Farmacia Magistral Serrano", "5", "single_dose"),
    ("Dutasteride 0.01 %", "DRG_DUTASTERIDE", "Farmacia Magistral Serrano", "0.1", "single_dose"),
    ("Polynucleotide 7.5 mg/mL", "NUC_PDRN", "Salmona Biotech", "7.5", "single_dose"),
    ("Lidocaine 1 %", "LA_LIDOCAINE", "Anestia", "10", "multi_dose"),
    ("Lidocaine 2 %", "LA_LIDOCAINE", "Anestia", "20", "multi_dose"),
)


def make_catalogue(director: User) -> CatalogueRelease:
    """The newest shipped release, active, every row but the undecided ones approved for demonstration."""
    release = load_release(director, catalogue=read_shipped(shipped_versions()[-1]))
    activate_release(director, release=release)
    rows = release.rows.exclude(kind="protocol", code__in=UNDECIDED)
    decide_rows(director, rows=rows, decision=RowDecision.Decision.APPROVED, reason=REASON, demonstration=True)
    return release


def make_stock(director: User, sites: tuple[Site, ...], day: date) -> None:
    """Every product with a complete record; a good lot at each site, and lots that somebody has to look at."""
    products = make_products(director)
    for site in sites:
        for number, product in enumerate(products):
            code = f"{product.ingredient[-3:]}{site.country}{26100 + number * 7}"
            _lot(director, site, product, code, day + timedelta(days=200 + 11 * number))
    madrid = sites[0]
    _lot(director, madrid, products[0], "TINES26007", day + timedelta(days=9))
    late = _lot(director, madrid, products[2], "INCES26031", day + timedelta(days=120))
    set_lot_state(director, lot_id=late.pk, state=Lot.State.QUARANTINED, reason="Cold chain not proven on delivery.")
    bad = _lot(director, madrid, products[7], "DRNES25990", day + timedelta(days=60))
    set_lot_state(director, lot_id=bad.pk, state=Lot.State.RECALLED, reason="Recalled by its maker.")


def make_products(director: User) -> list[Product]:
    """Every product of the demo with a complete record."""
    return [_product(director, *row) for row in PRODUCTS]


def _product(director: User, name: str, ingredient: str, maker: str, strength: str, container: str) -> Product:
    return Product.objects.create(
        name=name,
        ingredient=ingredient,
        manufacturer=maker,
        mg_per_ml=Decimal(strength),
        vehicle=["water"],
        label_allergens=["fish"] if ingredient == "NUC_PDRN" else [],
        container=container,
        container_ml=Decimal(20 if container == "multi_dose" else 5),
        storage="Below 25 °C, away from light",
        open_limit_days=28 if container == "multi_dose" else None,
        sterile=True,
        routes=["intradermal", "infiltration" if container == "multi_dose" else "subcutaneous"],
        for_injection=True,
        composition_known=True,
        cross_linked=False,
        injectable_proof=True,
        authorisation="Demonstration",
        director_approved_by=director,
        director_approved_at=clock.now(),
    )


def _lot(by: User, site: Site, product: Product, number: str, expires_on: date) -> Lot:
    return receive_lot(
        by,
        site=site,
        product=product,
        number=number,
        expires_on=expires_on,
        quantity_ml=Decimal(300),
        key=f"demo:{site.pk}:{number}",
    )
