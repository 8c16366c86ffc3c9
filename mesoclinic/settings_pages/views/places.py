"""Pages of sites, opening hours and closures."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.edits import version_of
from mesoclinic.settings_pages import queries
from mesoclinic.settings_pages.forms.places import ClosureForm, SiteForm, WeekForm
from mesoclinic.settings_pages.services import places
from mesoclinic.settings_pages.steps import steps_for
from mesoclinic.settings_pages.views.saving import FORM_PAGE, facts, posted, save, save_edit


@require_GET
@needs(Can.MANAGE_SITE)
def site_settings(request: StaffRequest) -> HttpResponse:
    """The sites of the actor with their hours, rooms, people and visit types, and what each still lacks."""
    sites = [(site, steps_for(site)) for site in queries.sites_for(request.actor)]
    return render(request, "mesoclinic/site_settings.html", {"sites": sites, "years": queries.holiday_years()})


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def add_site(request: StaffRequest) -> HttpResponse:
    """Open another site."""
    form = SiteForm(posted(request), saved={}, version=0, staff=[request.actor])
    if save(form, lambda: places.add_site(request.actor, **facts(form))):
        messages.success(request, _("Site added."))
        return redirect("mesoclinic:site_settings")
    context = {"form": form, "heading": _("New site"), "button": _("Add site")}
    return render(request, FORM_PAGE, context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def edit_site(request: StaffRequest, site_id: int) -> HttpResponse:
    """Change what a site is called and how it is reached."""
    site = queries.site_for(request.actor, site_id)
    saved, staff = queries.site_facts(site), [user for user in site.staff.all() if user.is_active]
    form = SiteForm(posted(request), saved=saved, version=version_of(saved), staff=staff)
    saving = save_edit(
        form,
        lambda: places.update_site(request.actor, site_id=site_id, **form.cleaned_data),
        row=site,
        zone=site.zone,
        saved=lambda: queries.site_facts(queries.site_for(request.actor, site_id)),
    )
    if saving.done:
        messages.success(request, _("Site saved."))
        return redirect("mesoclinic:site_settings")
    context = {"form": form, "site": site, "heading": site.name, "button": _("Save site"), "conflict": saving.conflict}
    return render(request, FORM_PAGE, context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def opening_hours(request: StaffRequest, site_id: int) -> HttpResponse:
    """When a site is open."""
    site = queries.site_for(request.actor, site_id)
    form = WeekForm(posted(request), saved=queries.opening_week(site))
    saving = save_edit(
        form,
        lambda: places.set_opening_hours(
            request.actor, site_id=site_id, version=form.cleaned_data["version"], week=form.week
        ),
        row=site,
        zone=site.zone,
        saved=lambda: queries.opening_week(site),
    )
    if saving.done:
        messages.success(request, _("Opening hours saved."))
        return redirect("mesoclinic:site_settings")
    lead = _("One or more stretches a day, for example 09:00–13:00, 15:00–19:00. An empty day is closed.")
    context = {"form": form, "site": site, "heading": _("Opening hours"), "lead": lead, "button": _("Save hours")}
    return render(request, FORM_PAGE, context | {"conflict": saving.conflict}, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def closures(request: StaffRequest, site_id: int) -> HttpResponse:
    """Coming closures of a site, and a form that adds days."""
    site = queries.site_for(request.actor, site_id)
    form = ClosureForm(posted(request))
    if save(form, lambda: places.add_closure(request.actor, site_id=site_id, **form.cleaned_data)):
        messages.success(request, _("Closure added."))
        return redirect("mesoclinic:closures", site_id)
    context = {"form": form, "site": site, "years": queries.holiday_years()}
    return render(request, "mesoclinic/closures.html", context, status=form.status)


@require_POST
@needs(Can.MANAGE_SITE)
def remove_closure(request: StaffRequest, closure_id: int) -> HttpResponse:
    """Open a site again on a day."""
    site = places.remove_closure(request.actor, closure_id=closure_id)
    messages.success(request, _("Closure removed."))
    return redirect("mesoclinic:closures", site.pk)


@require_POST
@needs(Can.MANAGE_SITE)
def add_holidays(request: StaffRequest, site_id: int, year: int) -> HttpResponse:
    """Close a site on the public holidays of a year."""
    added = places.add_public_holidays(request.actor, site_id=site_id, year=year)
    messages.success(request, ngettext("%(days)d closure added.", "%(days)d closures added.", added) % {"days": added})
    return redirect(reverse("mesoclinic:closures", args=[site_id]))


urls = [
    path("settings/", site_settings, name="site_settings"),
    path("settings/sites/new/", add_site, name="add_site"),
    path("settings/<id:site_id>/", edit_site, name="edit_site"),
    path("settings/<id:site_id>/hours/", opening_hours, name="opening_hours"),
    path("settings/<id:site_id>/closures/", closures, name="closures"),
    path("settings/closures/<id:closure_id>/remove/", remove_closure, name="remove_closure"),
    path("settings/<id:site_id>/holidays/<int:year>/", add_holidays, name="add_holidays"),
]
