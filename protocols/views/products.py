"""Pages of a product: what is recorded, and the director's forms."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, StaffRequest, may, needs
from mesoclinic.accounts import User
from mesoclinic.edits import Change, last_change_of, version_of
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.forms import Difference
from protocols.forms.products import ProductForm, RetireForm
from protocols.models import Product
from protocols.queries import products as queries
from protocols.queries import stock
from protocols.services import products as services

FORM_PAGE = "protocols/product_form.html"


@require_GET
@needs(Can.MANAGE_STOCK)
def product(request: StaffRequest, product_id: int) -> HttpResponse:
    """What is recorded of a product, and its lots at the actor's sites."""
    found = queries.product_for(request.actor, product_id)
    context = {
        "product": found,
        "strength": queries.strength_of(found),
        "ingredient": queries.names_of([found.ingredient], queries.ingredient_choices())[0],
        "allergens": queries.names_of(found.label_allergens, queries.allergen_choices()),
        "vehicles": queries.names_of(found.vehicle, Product.Vehicle.choices),
        "routes": queries.names_of(found.routes, Product.Route.choices),
        "lots": stock.lots_for(request.actor).filter(product=found),
        "zone": _zone(request.actor),
        "may_edit": may(request.actor, Can.APPROVE_CATALOGUE),
    }
    return render(request, "protocols/product.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.APPROVE_CATALOGUE)
def add_product(request: StaffRequest) -> HttpResponse:
    """Record a product; one that looks like another is asked about first."""
    form = _form(request, {})
    similar: list[Product] = []
    if form.is_valid():
        try:
            added = services.add_product(request.actor, **_facts(form))
        except services.Alike as error:
            similar = list(error.found)
            form.refuse(error)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(name)s added.") % {"name": added.name})
            return redirect("protocols:product", added.pk)
    context = {"form": form, "alike": similar}
    return render(request, FORM_PAGE, context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.APPROVE_CATALOGUE)
def edit_product(request: StaffRequest, product_id: int) -> HttpResponse:
    """Change the record, or begin the next version when a plan refers to it."""
    found = queries.product_for(request.actor, product_id)
    form = _form(request, queries.product_facts(found))
    context: dict[str, Any] = {"form": form, "product": found, "in_use": queries.in_use(found)}
    if form.is_valid():
        try:
            kept = services.update_product(
                request.actor, product_id=product_id, version=form.cleaned_data["version"], **_facts(form)
            )
        except StaleRecord as error:
            context["conflict"] = _meet(request, form, product_id)
            form.refuse(error)
        except services.Alike as error:
            context["alike"] = error.found
            form.refuse(error)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _saved(found, kept))
            return redirect("protocols:product", kept.pk)
    return render(request, FORM_PAGE, context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.APPROVE_CATALOGUE)
def retire_product(request: StaffRequest, product_id: int) -> HttpResponse:
    """Take a product out of use, or back into it, with the reason."""
    found = queries.product_for(request.actor, product_id)
    form = RetireForm(
        request.POST if request.method == "POST" else None, initial={"active": "no" if found.active else "yes"}
    )
    if form.is_valid():
        try:
            kept = services.retire_product(request.actor, product_id=product_id, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
        else:
            words = _("%(name)s is in use again.") if kept.active else _("%(name)s is retired.")
            messages.success(request, words % {"name": found.name})
            return redirect("protocols:product", product_id)
    return render(request, "protocols/retire_product.html", {"form": form, "product": found}, status=form.status)


def _form(request: StaffRequest, saved: dict[str, object]) -> ProductForm:
    return ProductForm(
        request.POST if request.method == "POST" else None,
        saved=saved,
        version=version_of(saved) if saved else 0,
        ingredients=queries.ingredient_choices(),
        allergens=queries.allergen_choices(),
    )


def _facts(form: ProductForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}


def _meet(request: StaffRequest, form: ProductForm, product_id: int) -> dict[str, Change | list[Difference] | None]:
    fresh = queries.product_for(request.actor, product_id)
    now = queries.product_facts(fresh)
    differences = form.differences(now)
    form.meet(version_of(now))
    return {"change": last_change_of(fresh, _zone(request.actor)), "differences": differences}


def _zone(actor: User) -> ZoneInfo:
    """A product belongs to no site: moments are told in the time of the actor's first one."""
    first = actor.sites.first()
    return first.zone if first else ZoneInfo("UTC")


def _saved(before: Product, after: Product) -> str:
    if after.pk == before.pk:
        return _("%(name)s saved.") % {"name": after.name}
    return _("%(name)s is recorded as version %(version)d. Plans keep the version that they were made with.") % {
        "name": after.name,
        "version": after.version,
    }


urls = [
    path("products/new/", add_product, name="add_product"),
    path("products/<id:product_id>/", product, name="product"),
    path("products/<id:product_id>/edit/", edit_product, name="edit_product"),
    path("products/<id:product_id>/retire/", retire_product, name="retire_product"),
]
