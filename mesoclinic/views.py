"""Pages of the platform itself."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.settings_pages.services.people import choose_theme

log = logging.getLogger(__name__)


@require_POST
@needs(Can.USE_CLINIC)
def set_theme(request: StaffRequest) -> HttpResponse:
    """Keep light or dark in the profile."""
    choose_theme(request.actor, theme=request.POST.get("theme", ""))
    messages.success(request, _("Appearance saved."))
    return redirect("/")


@csrf_exempt
@login_not_required
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """A browser's report of something blocked; its length is logged, its body is never read."""
    log.warning("content security report of %s bytes", request.headers.get("Content-Length", "?"))
    return HttpResponse(status=204)
