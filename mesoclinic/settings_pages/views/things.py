"""Pages of rooms, devices and visit types."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.edits import version_of
from mesoclinic.forms import EditForm
from mesoclinic.settings_pages import queries
from mesoclinic.settings_pages.forms.things import DeviceForm, NewVisitTypeForm, RoomForm, VisitTypeForm
from mesoclinic.settings_pages.services.things import add_thing, update_thing
from mesoclinic.settings_pages.views.saving import FORM_PAGE, facts, posted, save, save_edit
from mesoclinic.sites import Device, Room, VisitType


@dataclass(frozen=True, slots=True)
class Kind:
    """What the pages of one kind of thing say and use."""

    model: type[Room] | type[Device] | type[VisitType]
    new_form: Callable[..., EditForm]
    form: Callable[..., EditForm]
    new: object
    add: object
    save: object


ROOM = Kind(Room, RoomForm, RoomForm, gettext_lazy("New room"), gettext_lazy("Add room"), gettext_lazy("Save room"))
DEVICE = Kind(
    Device, DeviceForm, DeviceForm, gettext_lazy("New device"), gettext_lazy("Add device"), gettext_lazy("Save device")
)
VISIT_TYPE = Kind(
    VisitType,
    NewVisitTypeForm,
    VisitTypeForm,
    gettext_lazy("New visit type"),
    gettext_lazy("Add visit type"),
    gettext_lazy("Save visit type"),
)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def add_room(request: StaffRequest, site_id: int) -> HttpResponse:
    """Add a room."""
    return _add(request, ROOM, site_id)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def add_device(request: StaffRequest, site_id: int) -> HttpResponse:
    """Add a device."""
    return _add(request, DEVICE, site_id)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def add_visit_type(request: StaffRequest, site_id: int) -> HttpResponse:
    """Add a visit type."""
    return _add(request, VISIT_TYPE, site_id)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def edit_room(request: StaffRequest, room_id: int) -> HttpResponse:
    """Change a room, or take it out of use."""
    return _edit(request, ROOM, room_id)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def edit_device(request: StaffRequest, device_id: int) -> HttpResponse:
    """Change a device, or take it out of use."""
    return _edit(request, DEVICE, device_id)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def edit_visit_type(request: StaffRequest, visit_type_id: int) -> HttpResponse:
    """Change a visit type, or take it out of use; visits that are booked keep their length."""
    return _edit(request, VISIT_TYPE, visit_type_id)


def _add(request: StaffRequest, kind: Kind, site_id: int) -> HttpResponse:
    site = queries.site_for(request.actor, site_id)
    form = kind.new_form(posted(request), saved={}, version=0)
    if save(form, lambda: add_thing(request.actor, model=kind.model, site_id=site_id, **facts(form))):
        messages.success(request, _("%(name)s added.") % {"name": form.cleaned_data["name"]})
        return redirect("mesoclinic:site_settings")
    context = {"form": form, "site": site, "heading": kind.new, "button": kind.add}
    return render(request, FORM_PAGE, context, status=form.status)


def _edit(request: StaffRequest, kind: Kind, thing_id: int) -> HttpResponse:
    thing = queries.thing_for(request.actor, kind.model, thing_id)
    saved = queries.thing_facts(thing)
    form = kind.form(posted(request), saved=saved, version=version_of(saved))
    saving = save_edit(
        form,
        lambda: update_thing(request.actor, model=kind.model, thing_id=thing_id, **form.cleaned_data),
        row=thing,
        zone=thing.site.zone,
        saved=lambda: queries.thing_facts(queries.thing_for(request.actor, kind.model, thing_id)),
    )
    if saving.done:
        messages.success(request, _("%(name)s saved.") % {"name": form.cleaned_data["name"]})
        return redirect("mesoclinic:site_settings")
    context = {"form": form, "site": thing.site, "heading": thing.name, "button": kind.save}
    return render(request, FORM_PAGE, context | {"conflict": saving.conflict}, status=form.status)


urls = [
    path("settings/<id:site_id>/rooms/new/", add_room, name="add_room"),
    path("settings/<id:site_id>/devices/new/", add_device, name="add_device"),
    path("settings/<id:site_id>/visit-types/new/", add_visit_type, name="add_visit_type"),
    path("settings/rooms/<id:room_id>/", edit_room, name="edit_room"),
    path("settings/devices/<id:device_id>/", edit_device, name="edit_device"),
    path("settings/visit-types/<id:visit_type_id>/", edit_visit_type, name="edit_visit_type"),
]
