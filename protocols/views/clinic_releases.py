"""Pages of a clinic's own release: begin it, change its rows, finish it, carry it over to a newer shipped one."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.accounts import User
from mesoclinic.edits import Change
from mesoclinic.errors import ClinicError, Conflict, StaleRecord
from protocols.forms.clinic_releases import FinishForm, NameForm, RowForm, TakeBackForm
from protocols.models import ReleaseDraft
from protocols.queries import drafts as queries
from protocols.queries.catalogue import current_or_none
from protocols.rules.catalogue import Problem
from protocols.rules.editing import body_of
from protocols.rules.rows import KINDS
from protocols.services import clinic_releases as services
from protocols.services.catalogue import Unusable


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CLINIC_RELEASE)
def start_draft(request: StaffRequest) -> HttpResponse:
    """Begin a release of the clinic on top of the current one."""
    current = current_or_none()
    root = queries.shipped_root(current) if current else None
    suggested = queries.free_name(root or current) if current else ""
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": suggested})
    if form.is_valid():
        try:
            draft = services.start_draft(request.actor, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
        else:
            return redirect("protocols:draft", draft.pk)
    context = {"form": form, "current": current, "drafts": queries.open_drafts()}
    return render(request, "protocols/start_draft.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CLINIC_RELEASE)
def carry_over(request: StaffRequest, version: str) -> HttpResponse:
    """What a newer shipped release changes, where the clinic's changes fit it, and a draft that joins the two."""
    upgrade = queries.upgrade_to(version)
    initial = {"name": queries.free_name(upgrade.newer)}
    form = NameForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            draft = services.carry_over(request.actor, shipped=version, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
        else:
            return redirect("protocols:draft", draft.pk)
    context = {"form": form, "upgrade": upgrade, "comparison": upgrade.comparison, "carried": upgrade.carried}
    return render(request, "protocols/carry_over.html", context, status=form.status)


@require_GET
@needs(Can.WRITE_CLINIC_RELEASE)
def draft(request: StaffRequest, draft_id: int) -> HttpResponse:
    """What a draft changes, with both values; a search for rows to change; and its end."""
    return _draft_page(request, queries.draft_for(draft_id))


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CLINIC_RELEASE)
def change_row(request: StaffRequest, draft_id: int, kind: str, code: str) -> HttpResponse:
    """Give a row other values; whatever is wrong with them stands beside them at once, and nothing typed is lost."""
    found = queries.draft_for(draft_id)
    edited = queries.edited_for(found, kind, code)
    if request.method != "POST" and found.state != ReleaseDraft.State.OPEN:
        return redirect("protocols:draft", draft_id)
    form = RowForm(request.POST if request.method == "POST" else None, edited=edited, parent=found.parent.version)
    context: dict[str, Any] = {"draft": found, "edited": edited, "form": form}
    if form.is_valid():
        try:
            services.change_row(
                request.actor, draft_id=draft_id, kind=kind, code=code, texts=form.texts, **_meant(form)
            )
        except services.Refused as error:
            form.refused = error.status
            form.show(error.problems)
        except StaleRecord as error:
            context["conflict"] = _meet(request.actor, form, found)
            form.refuse(error)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(code)s is changed in this draft.") % {"code": code})
            return redirect("protocols:draft", draft_id)
    elif form.is_bound:
        form.show(queries.problems_with(found, (kind, code), body_of(KINDS[kind], edited.now, form.texts)))
    return render(request, "protocols/change_row.html", context, status=form.status)


@require_POST
@needs(Can.WRITE_CLINIC_RELEASE)
def take_back(request: StaffRequest, draft_id: int, kind: str, code: str) -> HttpResponse:
    """Let a row be as the parent has it."""
    found = queries.draft_for(draft_id)
    queries.edited_for(found, kind, code)
    form = TakeBackForm(request.POST)
    if form.accepted_by(services.take_back, request.actor, draft_id=draft_id, kind=kind, code=code):
        messages.success(request, _("%(code)s is as it was again.") % {"code": code})
        return redirect("protocols:draft", draft_id)
    return _draft_page(request, found, refused=form)


@require_POST
@needs(Can.WRITE_CLINIC_RELEASE)
def finish_draft(request: StaffRequest, draft_id: int) -> HttpResponse:
    """Make the draft a release; what stands against it is named on its page."""
    found = queries.draft_for(draft_id)
    form = FinishForm(request.POST)
    problems: tuple[Problem, ...] = ()
    if form.is_valid():
        try:
            made = services.finish_draft(request.actor, draft_id=draft_id, **form.cleaned_data)
        except Unusable as error:
            problems = error.problems
            form.refuse(error)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(
                request,
                _("Release %(version)s is finished. Its changed rows wait for approval.") % {"version": made.version},
            )
            return redirect("protocols:release", made.version)
    return _draft_page(request, found, form=form, problems=problems)


@require_POST
@needs(Can.WRITE_CLINIC_RELEASE)
def discard_draft(request: StaffRequest, draft_id: int) -> HttpResponse:
    """Give a draft up."""
    found = queries.draft_for(draft_id)
    services.discard_draft(request.actor, draft_id=draft_id)
    messages.success(request, _("The draft %(name)s is discarded.") % {"name": found.name})
    return redirect("protocols:catalogue")


def _draft_page(
    request: StaffRequest,
    found: ReleaseDraft,
    form: FinishForm | None = None,
    problems: tuple[Problem, ...] = (),
    refused: TakeBackForm | None = None,
) -> HttpResponse:
    text, kind = request.GET.get("q", "")[:200], request.GET.get("kind", "")
    changed = queries.changed_rows(found)
    version = queries.draft_version(each.row for each in changed)
    if form is None:
        form = FinishForm(initial={"name": found.name, "version": version})
    elif form.refused == Conflict.status:
        form.meet(version)
    context = {
        "draft": found,
        "is_open": found.state == ReleaseDraft.State.OPEN,
        "current": current_or_none(),
        "changed": changed,
        "problems": problems or _waiting(found),
        "form": form,
        "refused": refused,
        "kinds": queries.kinds_in(found),
        "kind": kind,
        "text": text,
        "found": queries.search_rows(found, text, kind),
        "asked": bool(text.strip() or kind),
    }
    return render(request, "protocols/draft.html", context, status=(refused or form).status)


def _waiting(found: ReleaseDraft) -> tuple[Problem, ...]:
    """What stands against a draft that was carried over; a row that is changed here is checked as it is changed."""
    return queries.problems_of(queries.rows_now(found)) if found.carried_from_id else ()


def _meant(form: RowForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("version", "because", "source")}


def _meet(actor: User, form: RowForm, found: ReleaseDraft) -> dict[str, Any]:
    """Both versions of each value; the form carries the saved one from here on."""
    fresh = queries.edited_for(found, form.edited.kind, form.edited.code)
    saved = RowForm(edited=fresh, parent=found.parent.version).initial
    differences = form.differences({name: text for name, text in saved.items() if name != "version"})
    form.meet(fresh.version)
    change = fresh.change
    who = Change(change.changed_by.name, change.changed_at, _zone(actor)) if change else None
    return {"change": who, "differences": differences}


def _zone(actor: User) -> ZoneInfo:
    """A release belongs to no site: moments are told in the time of the actor's first one."""
    first = actor.sites.first()
    return first.zone if first else ZoneInfo("UTC")


urls = [
    path("catalogue/drafts/new/", start_draft, name="start_draft"),
    path("catalogue/drafts/<id:draft_id>/", draft, name="draft"),
    path("catalogue/drafts/<id:draft_id>/rows/<str:kind>/<str:code>/", change_row, name="change_row"),
    path("catalogue/drafts/<id:draft_id>/rows/<str:kind>/<str:code>/take-back/", take_back, name="take_back"),
    path("catalogue/drafts/<id:draft_id>/finish/", finish_draft, name="finish_draft"),
    path("catalogue/drafts/<id:draft_id>/discard/", discard_draft, name="discard_draft"),
    path("catalogue/<str:version>/carry-over/", carry_over, name="carry_over"),
]
