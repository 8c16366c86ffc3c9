"""Pages of the platform itself."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from mesoclinic import settings_pages
from mesoclinic.access import Can, StaffRequest, needs

log = logging.getLogger(__name__)


@require_GET
@needs(Can.MANAGE_SITE)
def site_settings(request: StaffRequest) -> HttpResponse:
    """The sites of the actor with their hours, rooms, people and visit types."""
    context = {"sites": settings_pages.sites_for(request.actor), "years": settings_pages.holiday_years()}
    return render(request, "mesoclinic/site_settings.html", context)


@require_POST
@needs(Can.MANAGE_SITE)
def add_holidays(request: StaffRequest, site_id: int, year: int) -> HttpResponse:
    """Close a site on the public holidays of a year."""
    added = settings_pages.add_public_holidays(request.actor, site_id=site_id, year=year)
    messages.success(request, ngettext("%(days)d closure added.", "%(days)d closures added.", added) % {"days": added})
    return redirect("mesoclinic:site_settings")


@require_POST
@needs(Can.USE_CLINIC)
def set_theme(request: StaffRequest) -> HttpResponse:
    """Keep light or dark in the profile."""
    settings_pages.choose_theme(request.actor, theme=request.POST.get("theme", ""))
    messages.success(request, _("Appearance saved."))
    return redirect("/")


@csrf_exempt
@login_not_required
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """A browser's report of something blocked; its length is logged, its body is never read."""
    log.warning("content security report of %s bytes", request.headers.get("Content-Length", "?"))
    return HttpResponse(status=204)
