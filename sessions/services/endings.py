"""What ends a course before its time: the coming sessions are given back, the record stays."""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.actors import Actor, System
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.transactions import atomic
from patients.models import Consent
from patients.services.hold import hold_unmerged
from sessions.models import AssessmentPoint, Booking, Series, TreatmentSession
from sessions.queries.bookings import CANCELLABLE, series_for
from sessions.services.undo import Deed, undoable
from sessions.services.visits import cancel_booking

CLINIC = System("endings")
WITHDRAWN = gettext_noop("The patient withdrew the consent.")


def end_after_withdrawal(*, actor: Actor, consent_id: int) -> None:
    """Cancel the coming visits of the plan and their reminders (10.2); what follows a treatment given stays on."""
    consent = Consent.objects.select_related("plan_version").get(pk=consent_id)
    if consent.kind != Consent.Kind.TREATMENT or consent.plan_version is None:
        return
    with atomic():
        of_plan = Series.objects.filter(plan_version__plan=consent.plan_version.plan_id, state=Series.State.OPEN)
        hold_visits(*of_plan.values_list("pk", flat=True))
        for series in of_plan.select_for_update(of=("self",)):
            stop_series(actor, series=series, reason=_(WITHDRAWN))


def end_course(actor: Actor, *, series_id: int, version: int, reason: str) -> Series:
    """End a course as the patient wishes: every coming visit is cancelled, the reason stays with the series.

    What follows a treatment that was given still goes out. Raises StaleRecord or ClinicError.
    """
    access.require(actor, Can.BOOK)
    with atomic():
        patient_id = series_for(actor, series_id).patient_id
        hold_visits(series_id)
        hold_unmerged(patient_id)
        series = Series.objects.select_for_update(of=("self",)).select_related("site").get(pk=series_id)
        if series.version != version:
            raise StaleRecord(_("Somebody else changed this course meanwhile. Nothing was changed. Look at it again."))
        if series.state != Series.State.OPEN:
            raise ClinicError(_("This course has ended already."))
        if not reason.strip():
            raise ClinicError(_("Enter the reason."), "reason")
        with undoable(actor, Deed.ENDED, site=series.site, patient_id=series.patient_id) as made:
            made.keep(series=series)
            stop_series(actor, series=series, reason=reason.strip())
    return series


def hold_visits(*series_ids: int) -> None:
    """Hold the visits of these courses until the transaction ends, before the courses themselves."""
    of_series = Q(treatment_session__series__in=series_ids) | Q(assessment_point__series__in=series_ids)
    list(Booking.objects.select_for_update(of=("self",)).filter(of_series).order_by("pk"))


def stop_series(actor: Actor, *, series: Series, reason: str) -> None:
    """Stop a series inside the open transaction: no coming visit, no reminder before one, no session left to book."""
    for session in series.sessions.all():
        for booking in session.bookings.filter(state__in=CANCELLABLE, ends_at__gt=clock.now()):
            _give_back(booking, reason)
    for point in series.assessments.filter(state=AssessmentPoint.State.PLANNED):
        for booking in point.bookings.filter(state__in=CANCELLABLE, ends_at__gt=clock.now()):
            _give_back(booking, reason)
    # Only reminders hang on a booking; the sheet and the check-ins after a treatment hang on its record.
    left = (TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED, TreatmentSession.State.MISSED)
    series.sessions.filter(state__in=left).update(state=TreatmentSession.State.ABANDONED)
    series.state, series.stop_reason, series.version = Series.State.STOPPED, reason, series.version + 1
    series.save(update_fields=["state", "stop_reason", "version"])
    audit.record(actor, "series.stopped", series, patient_id=series.patient_id)


def _give_back(booking: Booking, reason: str) -> None:
    # Whoever hears a withdrawal may lack the right to cancel visits; the clinic itself cancels them.
    cancel_booking(CLINIC, booking_id=booking.pk, version=booking.version, reason=reason)
