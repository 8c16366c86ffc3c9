"""Who had a lot, and taking it out of use everywhere."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from sessions.forms.adverse import WithholdForm
from sessions.queries.adverse_recall import recall_of
from sessions.services.adverse_recall import withhold_everywhere


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_STOCK)
def recall(request: StaffRequest, lot_id: int) -> HttpResponse:
    """Everybody who had the lot, whom to reach how, and the press that quarantines it."""
    form = WithholdForm(request.POST or None)
    if form.is_valid():
        try:
            held = withhold_everywhere(request.actor, lot_id=lot_id, reason=form.cleaned_data["reason"])
        except ClinicError as error:
            form.refuse(error)
        else:
            said = ngettext("Quarantined at %(n)d site.", "Quarantined at %(n)d sites.", len(held))
            messages.success(request, said % {"n": len(held)})
            return redirect("sessions:lot_recall", lot_id)
    found = recall_of(request.actor, lot_id, page=request.GET.get("page", "1"))
    disclose(request.actor, "recall", found.patient_ids)
    context = {"recall": found, "lot": found.lot, "form": form}
    return render(request, "sessions/adverse_recall.html", context, status=form.status)


urls = [path("lots/<id:lot_id>/recall/", recall, name="lot_recall")]
