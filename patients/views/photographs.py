"""Photographs: the grid of view and day, taking and skipping, comparing, setting aside, and the pictures themselves."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.documents import Document, content_of
from mesoclinic.forms import ClinicForm
from mesoclinic.http import with_camera
from patients.forms.photographs import SetPhotoAsideForm, SkipViewForm, TakePhotoForm
from patients.models import Patient
from patients.queries.banner import banner_for
from patients.queries.consultations import site_for, today_at
from patients.queries.people import patient_for
from patients.queries.photo_comparison import WAYS, comparison_of
from patients.queries.photographs import Album, album_for, checklist_of, next_open, photo_at, photo_for
from patients.services import photographs as services
from patients.views.papers import inline


@require_GET
@needs(Can.VIEW_CLINICAL)
def photographs(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Every view by day."""
    patient = patient_for(request.actor, patient_id)
    context = _about(request, patient) | {"may_consent": may(request.actor, Can.TAKE_CONSENT)}
    disclose(request.actor, "photographs", [patient.pk])
    return render(request, "patients/photographs.html", context)


@require_GET
@needs(Can.VIEW_CLINICAL)
def compare(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Two dates of a view: by slider, side by side, or along the time line."""
    patient = patient_for(request.actor, patient_id)
    context = _about(request, patient)
    context |= {"compared": comparison_of(context["album"], request.GET.dict()), "ways": WAYS.items()}
    disclose(request.actor, "compare photographs", [patient.pk])
    return render(request, "patients/compare_photographs.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.TAKE_PHOTOGRAPH)
def take(request: StaffRequest, patient_id: int) -> HttpResponse:
    """The checklist of views outside of a session."""
    patient = patient_for(request.actor, patient_id)
    page = reverse("patients:photographs", args=[patient.pk])
    return taking(request, patient, subject="", here=request.path, back=page)


@require_http_methods(["GET", "POST"])
@needs(Can.TAKE_PHOTOGRAPH)
def set_aside(request: StaffRequest, photo_id: int) -> HttpResponse:
    """Mark a photograph as wrong, with a reason; it is never erased."""
    photo = photo_for(request.actor, photo_id)
    form = SetPhotoAsideForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(services.set_photo_aside, request.actor, photo_id=photo_id):
        messages.success(request, _("Photograph set aside."))
        return redirect("patients:photographs", photo.patient_id)
    disclose(request.actor, "set photograph aside", [photo.patient_id])
    context = _about(request, patient_for(request.actor, photo.patient_id)) | {"form": form, "photo": photo}
    return render(request, "patients/set_photograph_aside.html", context, status=form.status)


@require_GET
@needs(Can.VIEW_CLINICAL)
def photograph(request: StaffRequest, address: str) -> HttpResponse:
    """One photograph as it was kept."""
    photo = photo_at(request.actor, address)
    return _picture(request, photo.patient_id, photo.document)


@require_GET
@needs(Can.VIEW_CLINICAL)
def small_photograph(request: StaffRequest, address: str) -> HttpResponse:
    """The small one of a photograph."""
    photo = photo_at(request.actor, address)
    return _picture(request, photo.patient_id, photo.small)


def taking(request: StaffRequest, patient: Patient, *, subject: str, here: str, back: str) -> HttpResponse:
    """One occasion's views, one after the other; `here` is the address of the page, `back` where it ends."""
    failed = _failed(request, patient, subject)
    if request.method == "POST" and failed is None:
        return redirect(f"{here}?go_on=1")
    context = _about(request, patient)
    items = checklist_of(context["album"], subject=subject)
    open_view = next_open(items)
    if failed is None and open_view is None and "view" not in request.GET:
        messages.success(request, _("Every view is taken or skipped."))
        return redirect(back)
    asked = request.POST.get("view") or request.GET.get("view") or open_view
    current = next((item for item in items if item.view == asked), items[0])
    forms = {
        "take": TakePhotoForm(initial={"view": current.view}),
        "skip": SkipViewForm(initial={"view": current.view}),
    }
    context |= {
        **(forms | (failed or {})),
        "failed": next(iter(failed.values())) if failed else None,
        "items": items,
        "current": current,
        "here": here,
        "back": back,
        "subject": subject,
        "may_consent": may(request.actor, Can.TAKE_CONSENT),
    }
    disclose(request.actor, "take photographs", [patient.pk])
    status = context["failed"].status if failed else 200
    return with_camera(render(request, "patients/take_photographs.html", context, status=status))


def _failed(request: StaffRequest, patient: Patient, subject: str) -> dict[str, ClinicForm] | None:
    """The form that was refused, by its name; None when there was none or it was done."""
    if request.method != "POST":
        return None
    about = {"patient_id": patient.pk, "subject": subject}
    if "reason" in request.POST:
        skip = SkipViewForm(request.POST)
        return None if skip.accepted_by(services.skip_view, request.actor, **about) else {"skip": skip}
    form = TakePhotoForm(request.POST, request.FILES)
    return None if form.accepted_by(services.take_photo, request.actor, **about) else {"take": form}


def _about(request: StaffRequest, patient: Patient) -> dict[str, Any]:
    site = site_for(request.actor, patient)
    album: Album = album_for(request.actor, patient, zone=site.zone)
    return {
        "patient": patient,
        "banner": banner_for(request.actor, patient, on=today_at(site)),
        "album": album,
        "zone": site.zone,
        "may_take": may(request.actor, Can.TAKE_PHOTOGRAPH),
    }


def _picture(request: StaffRequest, patient_id: int, kept: Document) -> HttpResponse:
    content = content_of(kept)
    disclose(request.actor, "open photograph", [patient_id])
    return inline(content, kept.mime)


urls = [
    path("patients/<id:patient_id>/photographs/", photographs, name="photographs"),
    path("patients/<id:patient_id>/photographs/new/", take, name="take_photographs"),
    path("patients/<id:patient_id>/photographs/compare/", compare, name="compare_photographs"),
    path("photographs/<id:photo_id>/set-aside/", set_aside, name="set_photograph_aside"),
    path("photographs/<str:address>/", photograph, name="photograph"),
    path("photographs/<str:address>/small/", small_photograph, name="small_photograph"),
]
