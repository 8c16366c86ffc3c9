"""Two records side by side, made one, and parted again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from patients.services import merging as services
from sessions.forms.merging import MergeForm, UndoForm
from sessions.queries.merging import compare, merged_page


@require_GET
@needs(Can.REGISTER_PATIENT)
def compare_records(request: StaffRequest, patient_id: int, other_id: int) -> HttpResponse:
    """Two records that may be of one person, with the choice of what is kept."""
    return _side_by_side(request, patient_id, other_id)


@require_POST
@needs(Can.MERGE_PATIENTS)
def merge_records(request: StaffRequest, patient_id: int, other_id: int) -> HttpResponse:
    """Make them one."""
    return _side_by_side(request, patient_id, other_id)


@require_GET
@needs(Can.VIEW_PATIENT)
def merge(request: StaffRequest, merge_id: int) -> HttpResponse:
    """What a merge did, and its undo."""
    return _merged(request, merge_id, UndoForm())


@require_POST
@needs(Can.MERGE_PATIENTS)
def undo_merge(request: StaffRequest, merge_id: int) -> HttpResponse:
    """Part the two again."""
    form = UndoForm(request.POST)
    if form.accepted_by(services.undo_merge, request.actor, merge_id=merge_id):
        messages.success(request, _("The two records are apart again."))
        return redirect("sessions:merge", merge_id)
    return _merged(request, merge_id, form)


def _side_by_side(request: StaffRequest, patient_id: int, other_id: int) -> HttpResponse:
    page = compare(request.actor, patient_id, other_id, now=clock.now())
    form = MergeForm(request.POST if request.method == "POST" else None, one=page.one.patient, other=page.other.patient)
    if form.is_valid():
        try:
            made = services.merge_patients(request.actor, **form.choice())
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The two records are one now."))
            return redirect("sessions:merge", made.pk)
    disclose(request.actor, "compare records", page.ids)
    return render(request, "sessions/compare_records.html", {"page": page, "form": form}, status=form.status)


def _merged(request: StaffRequest, merge_id: int, form: UndoForm) -> HttpResponse:
    page = merged_page(request.actor, merge_id)
    disclose(request.actor, "merged records", [page.merge.kept_id, page.merge.merged_id])
    context = {"page": page, "merge": page.merge, "form": form, "patient": page.merge.kept}
    return render(request, "sessions/merge.html", context, status=form.status)


urls = [
    path("patients/<id:patient_id>/merge/<id:other_id>/", compare_records, name="compare_records"),
    path("patients/<id:patient_id>/merge/<id:other_id>/confirm/", merge_records, name="merge_records"),
    path("merges/<id:merge_id>/", merge, name="merge"),
    path("merges/<id:merge_id>/undo/", undo_merge, name="undo_merge"),
]
