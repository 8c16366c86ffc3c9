"""Pages of stock: products with their lots, goods in by form and by scan, and one lot."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.templatetags.components import birth_date
from protocols.forms.stock import CountForm, ReceiveForm, ScanForm, StateForm, VialForm
from protocols.models import Lot, Product
from protocols.queries import products as product_queries
from protocols.queries import stock as queries
from protocols.services import stock


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_STOCK)
def products(request: StaffRequest) -> HttpResponse:
    """Products with the lots of the actor's sites, and goods in; a scan fills the form and books nothing."""
    code = ScanForm(request.GET if "scan" in request.GET and request.method == "GET" else None)
    read = _read(code)
    form = ReceiveForm(
        request.POST if request.method == "POST" else None,
        sites=request.actor.sites.all(),
        scanned=_filled(read) if read else None,
    )
    if form.is_valid():
        try:
            lot = stock.receive_lot(request.actor, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Lot received."))
            return redirect("protocols:lot", lot.pk)
    context = {
        "products": queries.products_for(request.actor),
        "retired": product_queries.retired(),
        "form": form,
        "code": code,
        "read": read,
        "may_edit": may(request.actor, Can.APPROVE_CATALOGUE),
    }
    return render(request, "protocols/products.html", context, status=max(form.status, code.status))


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_STOCK)
def lot(request: StaffRequest, lot_id: int) -> HttpResponse:
    """One lot: its stock, its movements, its opened vials, its state."""
    found = queries.lot_for(request.actor, lot_id)
    form = StateForm(request.POST if request.method == "POST" else None, initial={"state": found.state})
    if form.accepted_by(stock.set_lot_state, request.actor, lot_id=lot_id):
        messages.success(request, _("State of the lot changed."))
        return redirect("protocols:lot", lot_id)
    return _lot_page(request, found, form=form, status=form.status)


@require_POST
@needs(Can.MANAGE_STOCK)
def count_lot(request: StaffRequest, lot_id: int) -> HttpResponse:
    """Set a lot to what was counted."""
    found = queries.lot_for(request.actor, lot_id)
    form = CountForm(request.POST, lot=found)
    if form.accepted_by(stock.count_lot, request.actor, lot_id=lot_id):
        messages.success(request, _("Count recorded."))
        return redirect("protocols:lot", lot_id)
    return _lot_page(request, found, count=form, status=form.status)


@require_POST
@needs(Can.MANAGE_STOCK)
def open_vial(request: StaffRequest, lot_id: int) -> HttpResponse:
    """Record that a multi-dose vial was opened."""
    found = queries.lot_for(request.actor, lot_id)
    form = VialForm(request.POST, today=queries.today_at(found.site))
    if form.accepted_by(stock.open_vial, request.actor, lot_id=lot_id):
        messages.success(request, _("Opened vial recorded."))
        return redirect("protocols:lot", lot_id)
    return _lot_page(request, found, vial=form, status=form.status)


@require_POST
@needs(Can.MANAGE_STOCK)
def discard_vial(request: StaffRequest, lot_id: int, vial_id: int) -> HttpResponse:
    """Record that an opened vial was thrown away."""
    stock.discard_vial(request.actor, lot_id=lot_id, vial_id=vial_id)
    messages.success(request, _("Vial thrown away."))
    return redirect("protocols:lot", lot_id)


def _lot_page(request: StaffRequest, found: Lot, *, status: int, **forms: Any) -> HttpResponse:
    context = {
        "lot": found,
        "movements": found.movements.select_related("by").order_by("-pk"),
        "history": queries.history_of(found),
        "vials": queries.opened_vials(found),
        "multi_dose": found.product.container == Product.Container.MULTI_DOSE,
        "form": StateForm(initial={"state": found.state}),
        "count": CountForm(lot=found),
        "vial": VialForm(today=queries.today_at(found.site)),
    }
    return render(request, "protocols/lot.html", context | forms, status=status)


def _read(code: ScanForm) -> queries.Read | None:
    """What the scan says, when it says something."""
    if not code.is_valid():
        return None
    read = queries.read_code(code.cleaned_data["scan"])
    if read.scan.problem:
        code.refuse_code(read.scan.problem)
        return None
    return read


def _filled(read: queries.Read) -> dict[str, Any]:
    """The form's fields out of a scan; what the code does not say stays empty."""
    scan = read.scan
    return {
        "product": read.product.pk if read.product and read.product.active else None,
        "number": scan.lot,
        "expires_on": birth_date(scan.expires_on),
        "containers": scan.count or None,
        "gtin": scan.gtin,
    }


urls = [
    path("products/", products, name="products"),
    path("lots/<id:lot_id>/", lot, name="lot"),
    path("lots/<id:lot_id>/count/", count_lot, name="count_lot"),
    path("lots/<id:lot_id>/vials/", open_vial, name="open_vial"),
    path("lots/<id:lot_id>/vials/<id:vial_id>/discard/", discard_vial, name="discard_vial"),
]
