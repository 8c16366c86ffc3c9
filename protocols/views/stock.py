"""Pages of products and lots."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.errors import ClinicError
from protocols.forms.stock import ReceiveForm, StateForm
from protocols.queries import stock as queries
from protocols.services import stock


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_STOCK)
def products(request: StaffRequest) -> HttpResponse:
    """Products with the lots of the actor's sites, and goods in."""
    form = ReceiveForm(request.POST if request.method == "POST" else None, sites=request.actor.sites.all())
    if form.is_valid():
        try:
            lot = stock.receive_lot(request.actor, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Lot received."))
            return redirect("protocols:lot", lot.pk)
    context = {"products": queries.products_for(request.actor), "form": form}
    return render(request, "protocols/products.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_STOCK)
def lot(request: StaffRequest, lot_id: int) -> HttpResponse:
    """One lot: its stock, its movements, its state."""
    found = queries.lot_for(request.actor, lot_id)
    form = StateForm(request.POST if request.method == "POST" else None, initial={"state": found.state})
    if form.is_valid():
        try:
            stock.set_lot_state(request.actor, lot_id=lot_id, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("State of the lot changed."))
            return redirect("protocols:lot", lot_id)
    context = {"lot": found, "movements": found.movements.select_related("by").order_by("-pk"), "form": form}
    return render(request, "protocols/lot.html", context, status=form.status)


urls = [path("products/", products, name="products"), path("lots/<id:lot_id>/", lot, name="lot")]
