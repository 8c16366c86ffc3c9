"""The end of a treatment: finished, signed and locked; later only addenda, or voided as a whole."""

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from patients.models import Addendum
from sessions.models import Booking, TreatmentRecord, TreatmentSession
from sessions.queries.treatment import booking_of, missing_to_sign, record_for, subject_of
from sessions.services.treatment.locking import seen, started, step
from sessions.services.visits import lead_to


def finish_treatment(actor: User, *, record_id: int, version: int) -> TreatmentRecord:
    """The last injection is given; the patient is under observation."""
    access.require(actor, Can.INJECT)
    with atomic():
        record = seen(actor, record_id, version)
        started(record)
        if record.ended_at is not None:
            raise Conflict(_("The treatment has already ended."))
        _lead(actor, record, Booking.State.OBSERVING)
        return step(actor, record, "finished", ended_at=clock.now())


def sign_treatment(actor: User, *, record_id: int, version: int) -> TreatmentRecord:
    """Lock the record: the session counts as performed. Raises ClinicError naming what is missing."""
    access.require(actor, Can.INJECT)
    with atomic():
        record = seen(actor, record_id, version)
        gaps = missing_to_sign(record)
        if gaps:
            raise ClinicError(_("Before you sign: %(gaps)s") % {"gaps": " ".join(gap.sentence for gap in gaps)})
        TreatmentSession.objects.filter(pk=record.session_id).update(state=TreatmentSession.State.PERFORMED, flag="")
        _lead(actor, record, Booking.State.DONE)
        signed = {"state": TreatmentRecord.State.SIGNED, "signed_at": clock.now(), "signed_by": actor}
        record = step(actor, record, "signed", **signed)
        news.announce("treatment.signed", actor=actor, record_id=record.pk)
    return record


def void_treatment(actor: User, *, record_id: int, reason: str) -> TreatmentRecord:
    """Set a whole record aside with the reason; a session that had started needs a new date."""
    access.require(actor, Can.INJECT)
    with atomic():
        record = record_for(actor, record_id)
        TreatmentRecord.objects.select_for_update().get(pk=record_id)
        if record.state == TreatmentRecord.State.VOIDED:
            raise Conflict(_("This record is already void."))
        _reason(reason)
        if record.started_at is not None:
            _lead(actor, record, Booking.State.DONE)
            flag = _("Record voided: book this session again.")
            TreatmentSession.objects.filter(pk=record.session_id).update(
                state=TreatmentSession.State.UNPLACED, flag=flag
            )
        TreatmentRecord.objects.filter(pk=record.pk).update(state=TreatmentRecord.State.VOIDED)
        audit.record(actor, "treatment.voided", record, patient_id=record.patient_id, reason=reason)
        _add(actor, record, reason)
        news.announce("treatment.voided", actor=actor, record_id=record.pk)
    return record_for(actor, record.pk)


def add_addendum(actor: User, *, record_id: int, text: str) -> Addendum:
    """Add to a locked record; the record itself stays as it was signed."""
    access.require(actor, Can.PREPARE_TREATMENT)
    with atomic():
        record = record_for(actor, record_id)
        if record.state == TreatmentRecord.State.OPEN:
            raise ClinicError(_("This record is still open. Change the record instead."))
        if not text.strip():
            raise ClinicError(_("Enter the text of the addendum."), "text")
        return _add(actor, record, text)


def _add(actor: User, record: TreatmentRecord, text: str) -> Addendum:
    added = Addendum.objects.create(
        subject=subject_of(record), patient=record.patient, text=text, by=actor, at=clock.now()
    )
    audit.record(actor, "addendum.added", added, patient_id=record.patient_id)
    return added


def _reason(reason: str) -> None:
    if not reason.strip():
        raise ClinicError(_("Enter the reason."), "reason")


def _lead(actor: User, record: TreatmentRecord, state: str) -> None:
    booking = booking_of(record.session)
    if booking is not None and booking.state in (Booking.State.TREATING, Booking.State.OBSERVING):
        lead_to(actor, booking=booking, state=state)
