"""Pages of the catalogue: which release is current, what it says, what has been approved."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, may, needs
from mesoclinic.errors import ClinicError
from protocols.forms.catalogue import TICKED, DecideForm, LoadForm
from protocols.forms.vignettes import VignetteForm
from protocols.models import CatalogueRelease
from protocols.queries import catalogue as queries
from protocols.queries import review
from protocols.queries.drafts import open_drafts, upgrade
from protocols.queries.vignettes import last_run_of, run_for, runs_of
from protocols.rules.catalogue import Problem
from protocols.services.catalogue import Unusable, activate_release, decide_rows, load_shipped


@require_GET
@needs(Can.VIEW_CATALOGUE)
def releases(request: StaffRequest) -> HttpResponse:
    """All releases, the current one marked, and those that wait to be loaded."""
    context = {
        "releases": queries.releases(),
        "current": queries.current_or_none(),
        "waiting": queries.shipped_waiting(),
        "may_decide": may(request.actor, Can.APPROVE_CATALOGUE),
        "may_write": may(request.actor, Can.WRITE_CLINIC_RELEASE),
        "drafts": open_drafts(),
        "upgrade": upgrade(),
    }
    return render(request, "protocols/releases.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.APPROVE_CATALOGUE)
def load_release(request: StaffRequest) -> HttpResponse:
    """Load a release that was shipped with this product; whatever is wrong with its files is named at once."""
    form = LoadForm(request.POST if request.method == "POST" else None, versions=queries.shipped_waiting())
    problems: tuple[Problem, ...] = ()
    if form.is_valid():
        try:
            loaded = load_shipped(request.actor, version=form.cleaned_data["version"])
        except Unusable as error:
            problems = error.problems
            form.refuse(error)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Release %(version)s is loaded.") % {"version": loaded.version})
            return redirect("protocols:release", loaded.version)
    context = {"form": form, "problems": problems, "waiting": queries.shipped_waiting()}
    return render(request, "protocols/load_release.html", context, status=form.status)


@require_GET
@needs(Can.VIEW_CATALOGUE)
def release(request: StaffRequest, version: str) -> HttpResponse:
    """The kinds of rows of a release with how they stand, and the rows of the kind that is asked for."""
    found, kind = queries.release_for(version), request.GET.get("kind", "")
    every, may_decide = queries.rows_of(found, ""), may(request.actor, Can.APPROVE_CATALOGUE)
    reviewing = may_decide and not kind
    context = {
        "release": found,
        "current": queries.current_or_none() == found,
        "may_decide": may_decide,
        "may_write": may(request.actor, Can.WRITE_CLINIC_RELEASE),
        "gaps": review.coverage(every) if reviewing else (),
        "comparison": review.compared(found) if reviewing else None,
        "kinds": queries.kinds_of(every),
        "kind": kind,
        "rows": queries.rows_of_kind(found, kind) if kind else (),
        "demonstration": queries.demonstration(found),
        "runs": runs_of(found),
        "form": VignetteForm(),
    }
    return render(request, "protocols/release.html", context)


@require_GET
@needs(Can.VIEW_CATALOGUE)
def vignette_run(request: StaffRequest, version: str, run_id: int) -> HttpResponse:
    """What a run of acceptance cases against a release gave, case by case and field by field."""
    run = run_for(queries.release_for(version), run_id)
    return render(request, "protocols/vignette_run.html", {"run": run, "release": run.release})


@require_http_methods(["GET", "POST"])
@needs(Can.APPROVE_CATALOGUE)
def decide(request: StaffRequest, version: str) -> HttpResponse:
    """Approve or retire the rows of one kind, or of the whole release; row by row within a kind."""
    found, kind = queries.release_for(version), request.GET.get("kind", "")
    rows = queries.rows_of_kind(found, kind)
    form = DecideForm(
        request.POST if request.method == "POST" else None,
        numbers=[each.row.pk for each in rows],
        by_row=bool(kind),
    )
    if form.is_valid():
        try:
            made = decide_rows(request.actor, **_decision(form, rows))
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(
                request, ngettext("%(rows)d row decided.", "%(rows)d rows decided.", made) % {"rows": made}
            )
            return redirect(_address(found, kind))
    context = {
        "release": found,
        "kind": kind,
        "form": form,
        "rows": rows if kind else (),
        "kinds": queries.kinds_of(rows),
        "last_run": last_run_of(found),
        "author": queries.author_of((each.row for each in rows if each.status != "approved"), request.actor).value,
    }
    return render(request, "protocols/decide.html", context, status=form.status)


@require_POST
@needs(Can.APPROVE_CATALOGUE)
def activate(request: StaffRequest, version: str) -> HttpResponse:
    """Make a release the one that every check uses."""
    found = queries.release_for(version)
    activate_release(request.actor, release=found)
    messages.success(request, _("Release %(version)s is current.") % {"version": found.version})
    return redirect("protocols:release", version)


def _decision(form: DecideForm, rows: list[queries.ReviewedRow]) -> dict[str, Any]:
    data = form.cleaned_data
    wanted = set(data["rows"]) if data["scope"] == TICKED else None
    chosen = [each.row for each in rows if wanted is None or each.row.pk in wanted]
    return {"rows": chosen, "decision": data["decision"], "reason": data["reason"]}


def _address(found: CatalogueRelease, kind: str) -> str:
    query = f"?{urlencode({'kind': kind})}" if kind else ""
    return reverse("protocols:release", args=[found.version]) + query


urls = [
    path("catalogue/", releases, name="catalogue"),
    path("catalogue/load/", load_release, name="load_release"),
    path("catalogue/<str:version>/", release, name="release"),
    path("catalogue/<str:version>/cases/<id:run_id>/", vignette_run, name="vignette_run"),
    path("catalogue/<str:version>/decide/", decide, name="decide"),
    path("catalogue/<str:version>/activate/", activate, name="activate"),
]
