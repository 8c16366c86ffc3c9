"""Pages of the catalogue: which release is current, what it says, what has been approved."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, StaffRequest, may, needs
from mesoclinic.errors import ClinicError
from protocols.forms.catalogue import ApproveForm
from protocols.queries import catalogue as queries
from protocols.services.catalogue import decide_rows


@require_GET
@needs(Can.VIEW_CATALOGUE)
def releases(request: StaffRequest) -> HttpResponse:
    """All releases, the current one marked."""
    return render(
        request, "protocols/releases.html", {"releases": queries.releases(), "current": queries.current_or_none()}
    )


@require_http_methods(["GET", "POST"])
@needs(Can.VIEW_CATALOGUE)
def release(request: StaffRequest, version: str) -> HttpResponse:
    """Every row of a release with its sources and its status; the director approves kind by kind."""
    found = get_object_or_404(queries.releases(), version=version)
    form = ApproveForm(request.POST if request.method == "POST" else None, kinds=queries.kinds_of(found))
    if form.is_valid():
        try:
            rows = queries.rows_of(found, form.cleaned_data["kind"])
            decide_rows(request.actor, rows=rows, decision="approved", reason=form.cleaned_data["reason"])
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Rows approved."))
            return redirect("protocols:release", version)
    context = {
        "release": found,
        "form": form if may(request.actor, Can.APPROVE_CATALOGUE) else None,
        "groups": queries.groups_of(found),
        "demonstration": queries.demonstration(found),
    }
    return render(request, "protocols/release.html", context, status=form.status)


urls = [
    path("catalogue/", releases, name="catalogue"),
    path("catalogue/<str:version>/", release, name="release"),
]
