"""Knowledge: immutable catalogue releases, decisions on rows, products, lots and stock movements."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.sites import Site


class CatalogueRelease(models.Model):
    """One immutable release of the catalogue; its digest covers clinical content, never approval."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped", _("Shipped")
        CLINIC = "clinic", _("Clinic")

    version = models.CharField(max_length=40, unique=True)
    sha256 = models.CharField(max_length=64)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    loaded_at = models.DateTimeField()
    loaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.version


class CatalogueRow(models.Model):
    """One row of a release as it was shipped."""

    release = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="rows")
    kind = models.CharField(max_length=40)
    code = models.CharField(max_length=80)
    row_version = models.PositiveIntegerField()
    body = models.JSONField()
    sha256 = models.CharField(max_length=64, db_index=True)

    class Meta:
        ordering = ("kind", "code")
        constraints = [models.UniqueConstraint(fields=["release", "kind", "code"], name="one_row_of_a_code")]


class RowDecision(models.Model):
    """What a director decided about a row's content; the last one is its status, without one it is a draft."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("Approved")
        RETIRED = "retired", _("Retired")

    row_sha256 = models.CharField(max_length=64, db_index=True)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    demonstration = models.BooleanField(default=False)
    by_author = models.BooleanField(default=False)


class Activation(models.Model):
    """From when a release is the current one; the last activation counts."""

    release = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="activations")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")


class ReleaseDraft(models.Model):
    """A release of the clinic in the making: what it changes of its parent. Finished, it is a release of its name."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FINISHED = "finished", _("Finished")
        DISCARDED = "discarded", _("Discarded")

    name = models.CharField(max_length=40)
    parent = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="drafts")
    carried_from = models.ForeignKey(CatalogueRelease, models.PROTECT, null=True, related_name="+")
    lost = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        ordering = ("started_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(state="open"), name="one_open_draft_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class DraftRow(models.Model):
    """A row that a draft changes, as it will be; `clashes` are the fields that wait for a decision (rules/carry.py)."""

    draft = models.ForeignKey(ReleaseDraft, models.PROTECT, related_name="rows")
    kind = models.CharField(max_length=40)
    code = models.CharField(max_length=80)
    body = models.JSONField()
    clashes = models.JSONField(default=list)
    authors = models.ManyToManyField(User, related_name="+")
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("kind", "code")
        constraints = [models.UniqueConstraint(fields=["draft", "kind", "code"], name="one_change_of_a_row")]


class RowAuthor(models.Model):
    """Who wrote the content of a row of the clinic; kept by its digest, as decisions are, in whatever release it is."""

    row_sha256 = models.CharField(max_length=64, db_index=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["row_sha256", "by"], name="one_authorship_of_a_row")]


class VignetteRun(models.Model):
    """Acceptance cases that were run against a release, as they came out then; `results` has a dict for each case.

    A result: id, title, problem, and differences, each with field, expected and actual as texts.
    """

    release = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="vignette_runs")
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    cases = models.PositiveIntegerField()
    agreeing = models.PositiveIntegerField()
    results = models.JSONField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")

    @property
    def differing(self) -> int:
        """How many cases differ or cannot be read."""
        return self.cases - self.agreeing


class Product(models.Model):
    """A product as its label states it. Percent is g per 100 mL; null means the label does not state it.

    Once a plan refers to it, its label never changes: what the label says then is the next version, a row of its own.
    """

    class Container(models.TextChoices):
        SINGLE_DOSE = "single_dose", _("Single dose")
        MULTI_DOSE = "multi_dose", _("Multi-dose")

    class Vehicle(models.TextChoices):
        WATER = "water", _("Water")
        SALINE = "saline", _("Saline")
        ETHANOL = "ethanol", _("Ethanol")
        PROPYLENE_GLYCOL = "propylene_glycol", _("Propylene glycol")
        OIL = "oil", _("Oil")
        OTHER = "other", _("Other")

    class Strength(models.TextChoices):
        MG_PER_ML = "mg_per_ml", _("mg/mL")
        PERCENT = "percent", _("% (g in 100 mL)")
        NOT_STATED = "not_stated", _("Not on the label")

    class Route(models.TextChoices):
        INTRADERMAL = "intradermal", _("Intradermal")
        SUBCUTANEOUS = "subcutaneous", _("Subcutaneous")
        INFILTRATION = "infiltration", _("Infiltration")
        INTRAMUSCULAR = "intramuscular", _("Intramuscular")
        INTRAVENOUS = "intravenous", _("Intravenous")
        ON_SKIN = "on_skin", _("On the skin")
        BY_MOUTH = "by_mouth", _("By mouth")

    name = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField(default=1)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    replaced_at = models.DateTimeField(null=True, blank=True)
    ingredient = models.CharField(max_length=40, db_index=True)
    manufacturer = models.CharField(max_length=120)
    mg_per_ml = models.DecimalField(max_digits=12, decimal_places=5, null=True, blank=True)
    strength_as = models.CharField(max_length=12, choices=Strength.choices, default=Strength.MG_PER_ML)
    vehicle = models.JSONField(default=list)
    excipients = models.CharField(max_length=500, blank=True, default="")
    label_allergens = models.JSONField(default=list)
    container = models.CharField(max_length=16, choices=Container.choices)
    container_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    open_limit_days = models.PositiveSmallIntegerField(null=True, blank=True)
    sterile = models.BooleanField(default=False)
    routes = models.JSONField(default=list)
    for_injection = models.BooleanField(default=False)
    cosmetic = models.BooleanField(default=False)
    composition_known = models.BooleanField(default=False)
    cross_linked = models.BooleanField(null=True, blank=True)
    injectable_proof = models.BooleanField(default=False)
    authorisation = models.CharField(max_length=120, blank=True, default="")
    storage = models.CharField(max_length=200, blank=True, default="")
    director_approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    director_approved_at = models.DateTimeField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name", "version")
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(replaced_at=None), name="one_current_product_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


INJECTED = frozenset(Product.Route.values) - {Product.Route.ON_SKIN, Product.Route.BY_MOUTH}


class ProductCode(models.Model):
    """The number on a pack (GTIN, fourteen digits) that a scan finds a product by."""

    gtin = models.CharField(max_length=14, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="codes")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("gtin",)

    def __str__(self) -> str:
        return self.gtin


class Lot(models.Model):
    """A lot of a product at a site. `on_hand` (mL) is the sum of its movements, written together with them."""

    class State(models.TextChoices):
        RELEASED = "released", _("Released")
        QUARANTINED = "quarantined", _("Quarantined")
        RECALLED = "recalled", _("Recalled")

    product = models.ForeignKey(Product, models.PROTECT, related_name="lots")
    site = models.ForeignKey(Site, models.PROTECT, related_name="lots")
    number = models.CharField(max_length=60)
    expires_on = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.RELEASED)
    on_hand_ml = models.DecimalField(max_digits=12, decimal_places=3, default=0)

    class Meta:
        ordering = ("expires_on", "number")
        constraints = [
            models.UniqueConstraint(fields=["product", "site", "number"], name="one_lot_of_a_number"),
            models.CheckConstraint(condition=models.Q(on_hand_ml__gte=0), name="stock_never_below_zero"),
        ]

    def __str__(self) -> str:
        return self.number


class OpenedVial(models.Model):
    """A multi-dose vial that was opened."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="opened_vials")
    opened_on = models.DateField()
    discarded_at = models.DateTimeField(null=True)


class Movement(models.Model):
    """Stock that came or went; the unique key keeps a repeated request from counting twice."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="movements")
    quantity_ml = models.DecimalField(max_digits=12, decimal_places=3)
    reason = models.CharField(max_length=40)
    document = models.CharField(max_length=80, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    key = models.CharField(max_length=120, unique=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
