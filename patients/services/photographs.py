"""Photographs: taken with the patient's consent, drawn anew, kept once, skipped with a reason, never erased."""

import hashlib

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, documents
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.documents import Document
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from mesoclinic.uploads import Judged, judged_picture
from patients.models import Consent, Patient, Photo, PhotoView, SkippedView
from patients.queries.consultations import site_for, today_at
from patients.queries.people import patient_for, records_of_person
from patients.queries.photographs import photo_for, photo_standing_of
from patients.services.attachments import NO_LANGUAGE
from patients.services.hold import hold

CAMERA = "camera"
SMALL_SIDE = 480


def take_photo(actor: User, *, patient_id: int, view: str, content: bytes, subject: str = "") -> Photo:
    """Keep a photograph of a view; the same picture sent again is the one that is there already.

    Raises ClinicError without a valid consent to photographs for the record, and for what is no such picture.
    """
    access.require(actor, Can.TAKE_PHOTOGRAPH)
    patient = patient_for(actor, patient_id)
    _standard(view)
    _consented(actor, patient)
    # The picture is drawn anew before the transaction: nobody else waits for that.
    whole, small = judged_picture(content, field="photograph", small_side=SMALL_SIDE)
    with atomic():
        held = hold(patient.pk)
        consent = _consented(actor, held)
        known = _known(held, whole)
        if known is not None:
            return _same_view(known, view)
        made = Photo.objects.create(
            patient=held,
            view=view,
            taken_at=clock.now(),
            document=_kept(whole, "photograph"),
            small=_kept(small, "small photograph"),
            baseline=not _counting(held, view).filter(baseline=True).exists(),
            consent=consent,
            subject=subject,
            by=actor,
        )
        audit.record(actor, "photograph.taken", made, patient_id=held.pk)
    return made


def skip_view(actor: User, *, patient_id: int, view: str, reason: str, subject: str = "") -> SkippedView:
    """Say why a view is not taken this time."""
    access.require(actor, Can.TAKE_PHOTOGRAPH)
    patient = patient_for(actor, patient_id)
    _standard(view)
    if not reason.strip():
        raise ClinicError(_("Enter why this view is skipped."), "reason")
    with atomic():
        held = hold(patient.pk)
        made = SkippedView.objects.create(
            patient=held, view=view, subject=subject, reason=reason.strip(), by=actor, at=clock.now()
        )
        audit.record(actor, "photograph.skipped", made, patient_id=held.pk, reason=made.reason)
    return made


def set_photo_aside(actor: User, *, photo_id: int, reason: str) -> Photo:
    """Mark a photograph that is wrong here: it stays in the record, nobody opens it any more.

    When it was the baseline of its view, the next one in time is.
    """
    access.require(actor, Can.TAKE_PHOTOGRAPH)
    if not reason.strip():
        raise ClinicError(_("Enter why it does not belong here."), "reason")
    with atomic():
        hold(photo_for(actor, photo_id).patient_id)
        found = Photo.objects.select_for_update().get(pk=photo_id)
        if found.set_aside_at is not None:
            raise Conflict(_("This photograph has already been set aside."))
        found.set_aside_at, found.set_aside_by, found.set_aside_reason = clock.now(), actor, reason.strip()
        found.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_reason"])
        if found.baseline:
            _next_baseline(actor, found)
        audit.record(actor, "photograph.set_aside", found, patient_id=found.patient_id, reason=reason.strip())
    return found


def _standard(view: str) -> None:
    if view not in PhotoView.values:
        raise ClinicError(_("Choose one of the standard views."), "view")


def _consented(actor: User, patient: Patient) -> Consent:
    standing = photo_standing_of(patient, on=today_at(site_for(actor, patient)))
    if not standing.may_take or standing.consent is None:
        raise ClinicError(_("No photograph was kept. %(reason)s") % {"reason": standing.reason}, "photograph")
    return standing.consent


def _kept(file: Judged, kind: str) -> Document:
    return documents.keep(file.content, kind=kind, language=NO_LANGUAGE, template_version=CAMERA, mime=file.mime)


def _counting(patient: Patient, view: str) -> QuerySet[Photo]:
    return Photo.objects.filter(patient__in=records_of_person(patient.pk), view=view, set_aside_at=None)


def _known(patient: Patient, file: Judged) -> Photo | None:
    digest = hashlib.sha256(file.content).hexdigest()
    known = Photo.objects.filter(patient__in=records_of_person(patient.pk), set_aside_at=None)
    return known.filter(document__sha256=digest).first()


def _same_view(known: Photo, view: str) -> Photo:
    if known.view != view:
        words = _("This picture is already kept as “%(view)s”. Take another.")
        raise ClinicError(words % {"view": known.get_view_display()}, "photograph")
    return known


def _next_baseline(actor: User, aside: Photo) -> None:
    following = _counting(aside.patient, aside.view).filter(patient=aside.patient_id).first()
    if following is not None and not _counting(aside.patient, aside.view).filter(baseline=True).exists():
        Photo.objects.filter(pk=following.pk).update(baseline=True)
        audit.record(actor, "photograph.baseline", following, patient_id=aside.patient_id, changed=["baseline"])
