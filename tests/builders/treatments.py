"""Sessions that took place, made directly: the way to a signed treatment record has tests of its own."""

from datetime import datetime, timedelta
from typing import Any

from mesoclinic.accounts import User
from sessions.models import Booking, Series, TreatmentRecord, TreatmentSession


def performed(series: Series, by: User, ended_at: datetime, *, ordinal: int = 1, **over: Any) -> TreatmentRecord:
    """A signed record of one session of a booked series, half an hour long; its booking is done."""
    session = series.sessions.get(ordinal=ordinal)
    session.state = TreatmentSession.State.PERFORMED
    session.save(update_fields=["state"])
    session.bookings.exclude(state=Booking.State.CANCELLED).update(state=Booking.State.DONE)
    fields: dict[str, Any] = {
        "session": session,
        "patient": series.patient,
        "site": series.site,
        "technique": "T-NAP",
        "started_at": ended_at - timedelta(minutes=30),
        "ended_at": ended_at,
        "state": TreatmentRecord.State.SIGNED,
        "opened_by": by,
        "opened_at": ended_at - timedelta(minutes=45),
        "signed_at": ended_at + timedelta(minutes=5),
        "signed_by": by,
    }
    return TreatmentRecord.objects.create(**(fields | over))
