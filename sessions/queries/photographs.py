"""Photographs of a session: by which key they belong to it, and when they still may."""

from mesoclinic.actors import Actor
from patients.queries.photographs import Item, album_for, checklist_of
from sessions.models import Booking, TreatmentRecord, TreatmentSession
from sessions.queries.treatment import today_at


def subject_of(session: TreatmentSession) -> str:
    """The key by which a photograph names the session that it was taken in."""
    return f"session:{session.pk}"


def session_views(actor: Actor, session: TreatmentSession) -> list[Item]:
    """The checklist of views of a session."""
    album = album_for(actor, session.series.patient, zone=session.series.site.zone)
    return checklist_of(album, subject=subject_of(session))


def takes_photographs(session: TreatmentSession, record: TreatmentRecord | None, visit: Booking | None) -> bool:
    """Whether a photograph taken now is one of this session: its record is open, or its visit is today."""
    if record is not None and record.state == TreatmentRecord.State.OPEN:
        return True
    site = session.series.site
    return visit is not None and visit.starts_at.astimezone(site.zone).date() == today_at(site)
