"""Pages that correct one answer of a signed consultation, or void the whole."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from patients.forms.corrections import AnswerForm, VoidForm
from patients.models import Consultation
from patients.queries.banner import banner_for
from patients.queries.consultations import consultation_for, read_facts, today_at
from patients.queries.corrections import asked_as, facts_as_corrected
from patients.services import corrections as services
from protocols.queries.catalogue import current_catalogue


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def correct(request: StaffRequest, consultation_id: int, answer: str) -> HttpResponse:
    """One answer as it stands, what is right, and why."""
    found = consultation_for(request.actor, consultation_id)
    catalogue, today = current_catalogue(), today_at(found.site)
    row = asked_as(answer, catalogue)
    if found.state != Consultation.State.SIGNED:
        return redirect("patients:consultation", found.pk)
    entry = facts_as_corrected(found).get(answer)
    posted = request.POST if request.method == "POST" else None
    form = AnswerForm(posted, catalogue=catalogue, today=today, row=row, name=answer, entry=entry)
    if form.is_valid():
        try:
            services.correct_answer(
                request.actor,
                consultation_id=found.pk,
                field=answer,
                entry=form.right(),
                reason=form.cleaned_data["reason"],
            )
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Corrected. What stood there before stays readable."))
            return redirect("patients:consultation", found.pk)
    disclose(request.actor, "correct answer", [found.patient_id])
    context = {
        "form": form,
        "consultation": found,
        "patient": found.patient,
        "banner": banner_for(request.actor, found.patient, on=today),
        "row": row,
        "stands": read_facts({answer: entry}, catalogue) if entry else [],
    }
    return render(request, "patients/correct.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def void(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The whole consultation is not this patient's, or should not be: it is marked and counts no longer."""
    found = consultation_for(request.actor, consultation_id)
    if found.state != Consultation.State.SIGNED:
        return redirect("patients:consultation", found.pk)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(services.void_consultation, request.actor, consultation_id=found.pk):
        messages.success(request, _("Consultation voided. Its answers count no longer for this patient."))
        return redirect("patients:consultation", found.pk)
    disclose(request.actor, "void consultation", [found.patient_id])
    context = {
        "form": form,
        "consultation": found,
        "patient": found.patient,
        "banner": banner_for(request.actor, found.patient, on=today_at(found.site)),
    }
    return render(request, "patients/void_consultation.html", context, status=form.status)


urls = [
    path("consultations/<id:consultation_id>/correct/<slug:answer>/", correct, name="correct_answer"),
    path("consultations/<id:consultation_id>/void/", void, name="void_consultation"),
]
