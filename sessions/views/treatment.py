"""The treatment room: one page from the re-screen to the signature, one form for each stage."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.forms import ClinicForm
from patients.queries.banner import banner_for
from sessions.documents.preparation import preparation_sheet
from sessions.forms.room import Room, form_for, forms_of, is_offered, room_for, typed
from sessions.queries.photographs import session_views, takes_photographs
from sessions.queries.treatment import session_for
from sessions.services import treatment as services

Act = Callable[[StaffRequest, Room, Any], object]


@require_http_methods(["GET", "POST"])
@needs(Can.PREPARE_TREATMENT)
def treatment(request: StaffRequest, session_id: int) -> HttpResponse:
    """What stops the session, the stages of an open record, or the locked record."""
    room = room_for(request.actor, session_id)
    failed: tuple[str, ClinicForm] | None = None
    if request.method == "POST":
        action = request.POST.get("action", "")
        form = form_for(room, action, request.POST)
        if form is not None and form.is_valid():
            if _done(request, room, action, form):
                return redirect("sessions:treatment", session_id)
            room = room_for(request.actor, session_id)
        failed = (action, form or _unknown())
    return _page(request, room, failed)


@require_POST
@needs(Can.PREPARE_TREATMENT)
def preparation(request: StaffRequest, session_id: int) -> HttpResponse:
    """The preparation sheet of a session as things stand now."""
    session = session_for(request.actor, session_id)
    disclose(request.actor, "preparation sheet", [session.series.patient_id])
    paper = preparation_sheet(request.actor, session)
    return redirect("patients:document", paper.document_id)


def _done(request: StaffRequest, room: Room, action: str, form: ClinicForm) -> bool:
    act, said = ACTS[action.partition("-")[0]]
    try:
        act(request, room, form)
    except ClinicError as error:
        form.refuse(error)
        return False
    messages.success(request, said())
    return True


def _page(request: StaffRequest, room: Room, failed: tuple[str, ClinicForm] | None) -> HttpResponse:
    disclose(request.actor, "treatment", [room.patient.pk])
    context: dict[str, Any] = {
        "room": room,
        "patient": room.patient,
        "banner": banner_for(request.actor, room.patient, on=room.today),
        "forms": forms_of(room, failed),
        "failed": failed[1] if failed else None,
        "unsaved": typed(failed[1]) if failed and not is_offered(room, failed[0]) else [],
        "may_inject": may(request.actor, Can.INJECT),
        "may_consent": may(request.actor, Can.TAKE_CONSENT),
        "may_override": may(request.actor, Can.OVERRIDE_FINDING),
        "views": session_views(request.actor, room.session),
        "may_photograph": takes_photographs(room.session, room.record, room.booking),
    }
    template = "sessions/treatment_record.html" if room.stage == "locked" else "sessions/treatment.html"
    return render(request, template, context, status=failed[1].status if failed else 200)


def _unknown() -> ClinicForm:
    form = ClinicForm({})
    form.refuse(ClinicError(_("This page has changed. Look at it again.")))
    return form


def _open(request: StaffRequest, room: Room, form: Form) -> object:
    return services.open_treatment(request.actor, session_id=room.session.pk)


def _rescreen(request: StaffRequest, room: Room, form: Any) -> object:
    return services.rescreen(request.actor, **_of(room, form), facts=form.facts(), asked=form.asked)


def _checklist(request: StaffRequest, room: Room, form: Any) -> object:
    return services.record_checklist(request.actor, **_of(room, form), step_id=form.step.id, answers=form.given())


def _cautions(request: StaffRequest, room: Room, form: Any) -> object:
    return services.acknowledge_cautions(request.actor, **_of(room, form), rules=form.cleaned_data["rules"])


def _lot(request: StaffRequest, room: Room, form: Any) -> object:
    return services.use_lot(request.actor, record_id=room.record_id, **form.cleaned_data)


def _start(request: StaffRequest, room: Room, form: Any) -> object:
    return services.start_treatment(request.actor, **_of(room, form))


def _reaction(request: StaffRequest, room: Room, form: Any) -> object:
    return services.report_reaction(request.actor, record_id=room.record_id, **form.cleaned_data)


def _delivery(request: StaffRequest, room: Room, form: Any) -> object:
    return services.record_delivery(request.actor, record_id=room.record_id, **form.told())


def _finish(request: StaffRequest, room: Room, form: Any) -> object:
    return services.finish_treatment(request.actor, **_of(room, form))


def _sign(request: StaffRequest, room: Room, form: Any) -> object:
    return services.sign_treatment(request.actor, **_of(room, form))


def _void(request: StaffRequest, room: Room, form: Any) -> object:
    return services.void_treatment(request.actor, record_id=room.record_id, **form.cleaned_data)


def _addendum(request: StaffRequest, room: Room, form: Any) -> object:
    return services.add_addendum(request.actor, record_id=room.record_id, **form.cleaned_data)


def _of(room: Room, form: Any) -> dict[str, int]:
    return {"record_id": room.record_id, "version": form.cleaned_data["version"]}


ACTS: Mapping[str, tuple[Act, Callable[[], str]]] = {
    "open": (_open, lambda: _("Preparation started.")),
    "rescreen": (_rescreen, lambda: _("Re-screen saved.")),
    "checklist": (_checklist, lambda: _("Checklist saved.")),
    "cautions": (_cautions, lambda: _("Cautions acknowledged.")),
    "lot": (_lot, lambda: _("Lot recorded.")),
    "start": (_start, lambda: _("Treatment started.")),
    "reaction": (_reaction, lambda: _("Reaction recorded.")),
    "delivery": (_delivery, lambda: _("Injection recorded.")),
    "finish": (_finish, lambda: _("Session finished.")),
    "sign": (_sign, lambda: _("Record signed and locked.")),
    "void": (_void, lambda: _("Record voided.")),
    "addendum": (_addendum, lambda: _("Addendum added.")),
}

urls = [
    path("treatments/<id:session_id>/", treatment, name="treatment"),
    path("treatments/<id:session_id>/preparation/", preparation, name="preparation_sheet"),
]
