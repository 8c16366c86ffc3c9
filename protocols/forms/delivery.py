"""A delivery as a file: what it says line by line, and what is wrong with each line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.search import normalise
from mesoclinic.sites import Site
from mesoclinic.templatetags.components import birth_date
from protocols.forms.stock import ArrivalForm
from protocols.models import Lot, Product
from protocols.queries import stock as queries
from protocols.rules.delivery import Line, decode_sheet, read_sheet
from protocols.rules.gs1 import parse_gtin

MOST_LINES = 500
LARGEST = 256 * 1024
WORDS = {
    "not_text": _("This is no CSV file in UTF-8 or Windows-1252. Save the list as CSV and choose that file."),
    "empty": _("The file has no line with a lot. Fill in what came."),
    "head": _(
        "The first line must name the columns product, lot, expires, containers, ml and document, each once. "
        "Use the template."
    ),
    "quotes": _("A quotation mark in the file is not closed, or a cell is far too long."),
    "too_long": _("The file has more than 500 lines with a lot. Split it."),
}
FIELDS = {
    "number": "lot",
    "expires_on": "expires",
    "containers": "containers",
    "quantity_ml": "ml",
    "document": "document",
}


class LineForm(ArrivalForm):
    """One line of a delivery, whose product is known."""

    def __init__(self, data: Mapping[str, str], *, product: Product | None) -> None:
        super().__init__(data)
        self.product = product

    def product_meant(self) -> Product | None:
        return self.product


class DeliveryForm(ClinicForm):
    """A file of lines for one site."""

    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none())
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("At most 500 lines and 256 kB. Decimal point or comma; comma, semicolon or tab between cells."),
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose a CSV file."), "empty": _("This file is empty.")},
    )

    def __init__(self, data: Any = None, files: Any = None, *, sites: QuerySet[Site]) -> None:
        super().__init__(data, files)
        own = self.fields["site"]
        own.queryset = sites  # type: ignore[attr-defined]
        own.initial = sites.first()

    def clean_file(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                _("This file has %(size)s; at most %(most)s can be read."),
                params={"size": filesizeformat(file.size), "most": filesizeformat(LARGEST)},
            )
        text = decode_sheet(file.read())
        problem = "not_text" if text is None else read_sheet(text, most_lines=MOST_LINES).problem
        if text is None or problem:
            raise forms.ValidationError(WORDS[problem])
        return text


class BookForm(ClinicForm):
    """The same file again, once its lines have been looked at."""

    site = forms.ModelChoiceField(queryset=Site.objects.none(), widget=forms.HiddenInput)
    text = forms.CharField(max_length=LARGEST, strip=False, widget=forms.HiddenInput)
    key = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=token_urlsafe)

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], read: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="book_%s", initial=dict(read or {}))
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        problem = read_sheet(text, most_lines=MOST_LINES).problem
        if problem:
            raise forms.ValidationError(WORDS[problem])
        return text


@dataclass(frozen=True, slots=True)
class Checked:
    """A line beside what it means and what is wrong with it; `arrival` is None while anything is."""

    line: Line
    product: Product | None
    arrival: Mapping[str, Any] | None
    problems: tuple[str, ...]


def check_lines(text: str, site: Site) -> list[Checked]:
    """Every line of the text as it would be booked at the site, with all its problems."""
    products = queries.products_by_word()
    lines = [(line, _meant(line.cells["product"], products)) for line in read_sheet(text, most_lines=MOST_LINES).lines]
    known = dict(queries.lots_by_number(site, [product for _line, product in lines if product]))
    return [_checked(line, product, site, known) for line, product in lines]


def _meant(word: str, products: Mapping[str, Product]) -> Product | None:
    return products.get(parse_gtin(word)) or products.get(normalise(word))


def _checked(line: Line, product: Product | None, site: Site, known: dict[tuple[int, str], Lot]) -> Checked:
    form = LineForm({name: line.cells[column] for name, column in FIELDS.items()}, product=product)
    problems = [*_about_product(line, product), *_of_form(form)]
    said = form.cleaned_data
    if said.get("expires_on") and said["expires_on"] < queries.today_at(site):
        problems.append(now_("expires: Expired %(day)s. Do not receive it.") % {"day": birth_date(said["expires_on"])})
    if said.get("quantity_ml") is not None and said["quantity_ml"] <= 0:
        problems.append(now_("ml: The quantity must be more than 0 mL."))
    if product and said.get("number") and said.get("expires_on"):
        fresh = Lot(product=product, site=site, number=said["number"], expires_on=said["expires_on"])
        if known.setdefault((product.pk, fresh.number), fresh).expires_on != fresh.expires_on:
            problems.append(f"expires: {queries.other_expiry(fresh.number)}")
    return Checked(line, product, None if problems else said, tuple(problems))


def _about_product(line: Line, product: Product | None) -> Iterable[str]:
    if line.too_many:
        yield now_("There are more cells than columns.")
    if product is None:
        word = line.cells["product"]
        yield (
            now_("product: No product in use has the name or code “%(word)s”.") % {"word": word}
            if word
            else now_("product: Name the product or its code.")
        )


def _of_form(form: LineForm) -> Iterable[str]:
    for name, messages in form.errors.items():
        yield from (f"{FIELDS.get(name, name)}: {message}" for message in messages)
