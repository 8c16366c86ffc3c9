"""Visits that fit no longer since hours, closures or absences changed (data-model.md 4): shown until each is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from mesoclinic.accounts import User
from mesoclinic.sites import Site
from sessions.models import Booking, BookingUse, ResourceKind
from sessions.queries.bookings import COMING
from sessions.queries.planning import open_time, workers_at
from sessions.rules.free_time import Blocked, broken_by


@dataclass(frozen=True, slots=True)
class Broken:
    """A visit to come, and what it does not fit into."""

    booking: Booking
    reason: Blocked


def broken_bookings(actor: User, *, now: datetime) -> list[Broken]:
    """The visits to come, earliest first, for which the site or the clinician is no longer there."""
    found = [each for site in actor.sites.all() for each in _at(site, now)]
    return sorted(found, key=lambda each: (each.booking.starts_at, each.booking.pk))


def _at(site: Site, now: datetime) -> Iterator[Broken]:
    times = open_time(site, first=now.astimezone(site.zone).date())
    workers = {worker.id: worker for worker in workers_at(site)}
    work = Prefetch("uses", BookingUse.objects.filter(resource_kind=ResourceKind.CLINICIAN))
    coming = Booking.objects.filter(site=site, state__in=COMING, starts_at__gte=now, patient__isnull=False)
    for booking in coming.select_related("site", "patient", "clinician", "treatment_session").prefetch_related(work):
        for use in booking.uses.all():
            visit = (booking.starts_at, booking.ends_at)
            reason = broken_by(times, visit, workers.get(use.resource_id), (use.starts_at, use.ends_at))
            if reason:
                yield Broken(booking, reason)
