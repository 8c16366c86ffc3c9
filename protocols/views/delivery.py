"""Goods in by file: a template, a preview of every line, and all lines booked or none."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.errors import ClinicError
from protocols.forms.delivery import BookForm, Checked, DeliveryForm, check_lines
from protocols.queries import stock as queries
from protocols.rules.delivery import COLUMNS, write_sheet
from protocols.services.stock import Arrival, receive_delivery

UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_STOCK)
def delivery(request: StaffRequest) -> HttpResponse:
    """Choose a file, look at its lines, book them; a file that was looked at comes back as text."""
    if request.method == "POST" and "text" in request.POST:
        return _book(request)
    sites = request.actor.sites.all()
    form = DeliveryForm(*((request.POST, request.FILES) if request.method == "POST" else ()), sites=sites)
    if form.is_valid():
        site, text = form.cleaned_data["site"], form.cleaned_data["file"]
        lines = check_lines(text, site)
        return _preview(request, BookForm(sites=sites, read={"site": site.pk, "text": text}), lines, site.name)
    return render(request, "protocols/delivery.html", {"form": form, "columns": COLUMNS}, status=form.status)


@require_GET
@needs(Can.MANAGE_STOCK)
def delivery_template(request: StaffRequest) -> HttpResponse:
    """A file with the columns and a line for every product in use."""
    names = (product.name for product in queries.products_for(request.actor) if product.active)
    text = write_sheet([COLUMNS, *((name, *[""] * (len(COLUMNS) - 1)) for name in names)])
    answer = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="delivery.csv"'
    return answer


def _book(request: StaffRequest) -> HttpResponse:
    sites = request.actor.sites.all()
    form = BookForm(request.POST, sites=sites)
    if not form.is_valid():
        again = DeliveryForm(sites=sites)
        context = {"form": again, "book": form, "columns": COLUMNS}
        return render(request, "protocols/delivery.html", context, status=form.status)
    site, lines = form.cleaned_data["site"], check_lines(form.cleaned_data["text"], form.cleaned_data["site"])
    if any(line.problems for line in lines):
        return _preview(request, form, lines, site.name)
    try:
        booked = receive_delivery(
            request.actor, site=site, arrivals=[_arrival(line) for line in lines], key=form.cleaned_data["key"]
        )
    except ClinicError as error:
        form.refuse(error)
        return _preview(request, form, lines, site.name)
    words = ngettext("%(lines)d lot received.", "%(lines)d lots received.", booked)
    messages.success(request, words % {"lines": booked})
    return redirect("protocols:products")


def _preview(request: StaffRequest, form: BookForm, lines: list[Checked], site: str) -> HttpResponse:
    wrong = sum(bool(line.problems) for line in lines)
    context = {"book": form, "lines": lines, "wrong": wrong, "site": site}
    status = UNPROCESSABLE if wrong else form.status
    return render(request, "protocols/delivery_lines.html", context, status=status)


def _arrival(checked: Checked) -> Arrival:
    if checked.product is None or checked.arrival is None:
        raise ClinicError(_("Line %(line)d cannot be booked.") % {"line": checked.line.number})
    return Arrival(line=checked.line.number, product=checked.product, **checked.arrival)


urls = [
    path("products/delivery/", delivery, name="delivery"),
    path("products/delivery/template.csv", delivery_template, name="delivery_template"),
]
