"""The treatment plan: protocol, technique, zones, mixture, number of sessions."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import AmountField
from mesoclinic.forms import LONG_TEXT, VersionedForm
from patients.models import PlanVersion
from patients.queries.plans import Ingredient
from protocols.models import Product
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.ingredients import Ingredient as Row
from protocols.rules.kinds.schedule import Protocol
from protocols.rules.kinds.technique import Technique, Zone
from protocols.rules.technique import FIXED, TechniquePlan, ZoneArea

MIXED, NUMBING = range(10), range(10, 12)
ROWS = (*MIXED, *NUMBING)
# LA is the anaesthetic's own.
SYRINGES = [("1", "1"), ("2", "2"), ("3", "3"), ("LA", "LA")]
CREAMS = [("none", _("None")), ("lidocaine", _("Lidocaine")), ("lidocaine_prilocaine", _("Lidocaine and prilocaine"))]


def amount(label: Any, *, digits: int, places: int, highest: str, lowest: str = "0.001") -> AmountField:
    """A measured amount above 0, typed with point or comma."""
    words = _("Enter a number from %(low)s to %(high)s.") % {"low": lowest, "high": highest}
    return AmountField(
        label=label,
        required=False,
        max_digits=digits,
        decimal_places=places,
        min_value=Decimal(lowest),
        max_value=Decimal(highest),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_digits", "max_whole_digits"), words),
    )


class PlanForm(VersionedForm):
    """Everything a plan version keeps; empty measures are allowed in a draft, the check names them."""

    def __init__(self, data: Any = None, *, catalogue: Catalogue, plan_version: PlanVersion) -> None:
        super().__init__(data, initial=_initial(plan_version, catalogue), label_suffix="")
        self.catalogue, self.plan_version = catalogue, plan_version
        protocols = [row for row in catalogue.of(Protocol) if not row.maintenance]
        names = [(row.id, f"{row.id} {row.name}" + ("" if row.offered else _(" (not offered)"))) for row in protocols]
        techniques = [(row.id, f"{row.id} {row.name}") for row in catalogue.of(Technique)]
        self.zones = [row for row in catalogue.of(Zone) if not row.parts]
        self.fields |= {
            "protocol": forms.ChoiceField(label=_("Protocol"), choices=names),
            "session_count": forms.IntegerField(label=_("Number of sessions"), min_value=1, max_value=99),
            "technique": forms.ChoiceField(label=_("Technique"), choices=techniques),
            "spacing_cm": amount(_("Spacing in cm"), digits=4, places=2, highest="9", lowest="0.01"),
            "ml_per_point": amount(_("mL per point"), digits=5, places=3, highest="9"),
            "depth_mm": amount(_("Depth in mm"), digits=4, places=2, highest="20", lowest="0.01"),
            "volume_ml": amount(_("Set volume in mL"), digits=6, places=3, highest="99"),
            "anaesthetic_cream": forms.ChoiceField(label=_("Anaesthetic cream"), choices=CREAMS),
            "la_soft_limit_reason": forms.CharField(
                label=_("Reason for anaesthetic above the soft limit"), required=False, max_length=500
            ),
            "goals": forms.CharField(
                label=_("Goals"), required=False, max_length=LONG_TEXT, widget=forms.Textarea({"rows": 1})
            ),
            "sign_off_reason": forms.CharField(
                label=_("Why the director should sign it off"), required=False, max_length=500
            ),
            "compatible_syringes": forms.MultipleChoiceField(
                label=_("Mixing is compatible by label or compounder"),
                required=False,
                choices=[(name, _("Syringe %(name)s") % {"name": name}) for name, _words in SYRINGES[:-1]],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": _("Tick the syringes that are listed.")},
            ),
        }
        for zone in self.zones:
            self.fields[f"zone__{zone.id}"] = amount(zone.name, digits=5, places=1, highest="500", lowest="0.1")
        self.products = {str(each.pk): each for each in Product.objects.filter(active=True)}
        for number in ROWS:
            self._place_row(number)

    def carrying(self, version: int) -> "PlanForm":
        """The same answers over a newer version: the draft was kept, only its signature may be refused."""
        return self._with(version=str(version))

    def taking(self, wish: str) -> "PlanForm":
        """The same answers with a suggestion (`field=value`) in place of what stands there; nothing is kept yet."""
        name, _equals, value = wish.partition("=")
        taken = {name: value} if name in self.fields else {}
        if name == "protocol" and self.catalogue.has(Protocol, value):
            taken |= self._usual_of(self.catalogue.row(Protocol, value))
        if name == "technique" and self.catalogue.has(Technique, value):
            taken |= _usual_by(self.catalogue.row(Technique, value))
        return self._with(**taken)

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        protocol = self.catalogue.row(Protocol, clean["protocol"]) if "protocol" in clean else None
        count = clean.get("session_count")
        if protocol is not None and count is not None and count > protocol.sessions:
            words = _("%(name)s has at most %(most)d sessions.") % {"name": protocol.id, "most": protocol.sessions}
            self.add_error("session_count", words)
        for number in ROWS:
            product, volume = clean.get(f"part__{number}__product"), clean.get(f"part__{number}__volume")
            if product and volume is None and f"part__{number}__volume" not in self.errors:
                self.add_error(f"part__{number}__volume", _("Enter the volume in mL."))
            if volume is not None and not product:
                self.add_error(f"part__{number}__product", _("Choose the product for this volume."))
        return clean

    def parts(self) -> list[Ingredient]:
        """The mixture as far as it can be read."""
        clean = self.cleaned_data
        found = []
        for number in ROWS:
            product = self.products.get(clean.get(f"part__{number}__product", ""))
            volume = clean.get(f"part__{number}__volume")
            if product is not None and volume is not None:
                syringe = clean.get(f"part__{number}__syringe") or _usual_syringe(number)
                found.append(Ingredient(product, volume, syringe, product.mg_per_ml))
        return found

    def wishes(self) -> dict[str, Any]:
        """The service's keyword arguments besides the mixture."""
        clean = self.cleaned_data
        names = ("protocol", "technique", "spacing_cm", "ml_per_point", "depth_mm", "volume_ml", "session_count")
        texts = ("anaesthetic_cream", "la_soft_limit_reason", "goals")
        return {name: clean.get(name) for name in (*names, *texts)} | {
            "zones": [{"zone": zone, "area_cm2": str(area)} for zone, area in self._areas()],
            "volume_mode": self._volume_mode(),
            "compatible_syringes": clean.get("compatible_syringes", []),
        }

    def technique_plan(self) -> TechniquePlan:
        """The technique as the rules read it, as far as it can be read."""
        clean = self.cleaned_data
        return TechniquePlan(
            technique=clean.get("technique", ""),
            zones=tuple(ZoneArea(zone, area) for zone, area in self._areas()),
            spacing_cm=clean.get("spacing_cm"),
            ml_per_point=clean.get("ml_per_point"),
            depth_mm=clean.get("depth_mm"),
            protocol=clean.get("protocol", ""),
            volume_mode=self._volume_mode(),
            volume_ml=clean.get("volume_ml"),
        )

    def _with(self, **answers: str) -> "PlanForm":
        data = cast(QueryDict, self.data).copy()
        for name, text in answers.items():
            data[name] = text
        return PlanForm(data, catalogue=self.catalogue, plan_version=self.plan_version)

    def _place_row(self, number: int) -> None:
        """Product, volume and syringe of one component; the last rows hold anaesthetics alone."""
        words = {"number": number + 1}
        usual = _usual_syringe(number)
        self.fields[f"part__{number}__product"] = forms.ChoiceField(
            label=_("Product %(number)d") % words,
            required=False,
            choices=[("", _("None")), *self._choices(anaesthetics_only=number in NUMBING)],
        )
        self.fields[f"part__{number}__volume"] = amount(
            _("Volume %(number)d in mL") % words, digits=7, places=3, highest="99"
        )
        self.fields[f"part__{number}__syringe"] = forms.ChoiceField(
            label=_("Syringe %(number)d") % words,
            choices=SYRINGES,
            required=False,
            initial=usual,
            widget=forms.Select({"data-usual": usual}),
        )

    def _choices(self, *, anaesthetics_only: bool) -> Iterable[tuple[str, list[tuple[str, str]]]]:
        """Products by what they are for."""
        groups: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for key, product in self.products.items():
            groups[numbs(product.ingredient, self.catalogue)].append((key, f"{product.name} ({product.ingredient})"))
        named = [(_("Into the mixture"), groups[False]), (_("Local anaesthetic"), groups[True])]
        return [(str(name), rows) for name, rows in named[1 if anaesthetics_only else 0 :] if rows]

    def _usual_of(self, protocol: Protocol) -> dict[str, str]:
        """What follows from a protocol; the technique stays where the protocol allows it."""
        usual = {"session_count": str(protocol.sessions)}
        usual["volume_ml"] = "" if protocol.volume_ml is None else f"{_short(protocol.volume_ml):f}"
        if protocol.techniques and self.data.get("technique") not in protocol.techniques:
            usual["technique"] = protocol.techniques[0]
            usual |= _usual_by(self.catalogue.row(Technique, protocol.techniques[0]))
        return usual

    def _areas(self) -> list[tuple[str, Decimal]]:
        areas = [(zone.id, self.cleaned_data.get(f"zone__{zone.id}")) for zone in self.zones]
        return [(zone, area) for zone, area in areas if area is not None]

    def _volume_mode(self) -> str:
        protocol = self.cleaned_data.get("protocol", "")
        fixed = self.catalogue.has(Protocol, protocol) and self.catalogue.row(Protocol, protocol).volume_mode == FIXED
        return FIXED if fixed else "by_area"


def numbs(ingredient: str, catalogue: Catalogue) -> bool:
    """Whether an ingredient is a local anaesthetic."""
    return catalogue.has(Row, ingredient) and catalogue.row(Row, ingredient).anaesthetic


def _usual_syringe(number: int) -> str:
    return SYRINGES[-1][0] if number in NUMBING else SYRINGES[0][0]


def _usual_by(technique: Technique) -> dict[str, str]:
    """The measures that a technique usually has; those that it does not know are emptied."""
    ranges = {name: getattr(technique, name) for name in ("spacing_cm", "ml_per_point", "depth_mm")}
    return {name: f"{_short(each.usual):f}" if each is not None else "" for name, each in ranges.items()}


def _initial(version: PlanVersion, catalogue: Catalogue) -> dict[str, Any]:
    names = (
        "protocol", "session_count", "technique", "spacing_cm", "ml_per_point", "depth_mm", "volume_ml",
        "anaesthetic_cream", "la_soft_limit_reason", "goals", "version", "compatible_syringes",
    )  # fmt: skip
    initial: dict[str, Any] = {name: _short(getattr(version, name)) for name in names}
    initial |= {f"zone__{zone['zone']}": Decimal(zone["area_cm2"]) for zone in version.zones}
    free = {True: [*NUMBING, *reversed(MIXED)], False: [*MIXED]}
    for part in version.components.all():
        number = free[numbs(part.ingredient, catalogue)][0]
        for places in free.values():
            places[:] = [each for each in places if each != number]
        initial[f"part__{number}__product"] = str(part.product_id)
        initial[f"part__{number}__volume"] = part.volume_ml.normalize()
        initial[f"part__{number}__syringe"] = part.syringe
    return initial


def _short(value: Any) -> Any:
    """A measure without zeros that nobody typed."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value
