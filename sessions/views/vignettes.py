"""Trying a release on acceptance cases before it is approved: only this floor knows every engine."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.errors import ClinicError
from protocols.forms.vignettes import SHIPPED, VignetteForm
from protocols.queries.catalogue import release_for
from protocols.release_files import SHIPPED_CASES, shipped_cases
from sessions.services.vignettes import run_vignettes


@require_http_methods(["GET", "POST"])
@needs(Can.APPROVE_CATALOGUE)
def run(request: StaffRequest, version: str) -> HttpResponse:
    """Run the clinic's own cases, or the shipped ones, against a release; what is wrong stands beside the file."""
    found = release_for(version)
    form = VignetteForm(request.POST, request.FILES) if request.method == "POST" else VignetteForm()
    if form.is_valid():
        name, content = _chosen(form)
        try:
            made = run_vignettes(request.actor, release=found, file_name=name, content=content)
        except ClinicError as error:
            form.refuse(error)
        else:
            return redirect("protocols:vignette_run", found.version, made.pk)
    return render(request, "sessions/run_vignettes.html", {"release": found, "form": form}, status=form.status)


def _chosen(form: VignetteForm) -> tuple[str, bytes]:
    if form.cleaned_data["source"] == SHIPPED:
        return SHIPPED_CASES.name, shipped_cases()
    file = form.cleaned_data["file"]
    return file.name, file.read()


urls = [path("catalogue/<str:version>/cases/", run, name="run_vignettes")]
