"""Bookings and series, made through the services that make them."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from mesoclinic.accounts import User
from mesoclinic.sites import Site, VisitKind, VisitType
from patients.models import Patient, PlanVersion
from sessions.models import Booking, Series
from sessions.queries.series import propose_series
from sessions.rules.series_places import Preferences
from sessions.services.booking import book_series
from sessions.services.visits import book_visit


def order(version: PlanVersion, start: date, **preferences: Any) -> dict[str, Any]:
    """What the desk sends after it has seen the proposal for these preferences."""
    wanted = Preferences(start, **preferences)
    seen = propose_series(version, wanted).seen
    return {"plan_id": version.plan_id, "preferences": wanted, "seen": seen, "key": uuid4().hex}


def series(by: User, version: PlanVersion, start: date, **preferences: Any) -> Series:
    """A booked series of a signed plan."""
    return book_series(by, **order(version, start, **preferences))


def visit(by: User, site: Site, starts_at: datetime, *, patient: Patient | None = None, **over: Any) -> Booking:
    """A booked consultation; `starts_at` is the site's wall clock."""
    kind = VisitType.objects.get(site=site, kind=VisitKind.CONSULTATION)
    fields: dict[str, Any] = {"visit_type": kind, "patient": patient, "key": uuid4().hex}
    return book_visit(by, site=site, starts_at=starts_at, **(fields | over))
