"""The booking grid: one unique row for each resource and five minutes. It guards exclusiveness and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError
from django.db.models import Q
from django.utils.translation import gettext as _

from mesoclinic import audit, clock
from mesoclinic.actors import System
from mesoclinic.errors import Conflict, Taken
from mesoclinic.transactions import atomic
from sessions.models import Booking, BookingUse, Occupancy
from sessions.queries.naming import Clash, clash_words
from sessions.queries.planning import slots_between

TRIES = 3
KEPT = timedelta(days=1)
# serialisation failure, deadlock, lock not available: the database asks to try again.
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One resource for a stretch of time (UTC); `kind` is a ResourceKind."""

    kind: str
    id: int
    starts_at: datetime
    ends_at: datetime

    @property
    def slots(self) -> range:
        return slots_between(self.starts_at, self.ends_at)


Wanted = Sequence[tuple[Booking, Sequence[Use]]]


def occupy(booking: Booking, uses: Sequence[Use]) -> None:
    """Take the resources for one booking; raises Taken naming what is taken, when and by which colleague."""
    occupy_all([(booking, uses)])


def occupy_all(wanted: Wanted) -> None:
    """Take the resources of several bookings, all or none, inside the open transaction; raises Taken or Conflict."""
    for attempt in range(1, TRIES + 1):
        try:
            with atomic():
                _write(wanted)
            return
        except IntegrityError:
            raise _taken(wanted) from None
        except OperationalError as problem:
            if attempt == TRIES or not _asks_to_try_again(problem):
                raise Conflict(_("Others are booking at this very moment. Nothing was booked. Try again.")) from problem


def release(booking: Booking) -> None:
    """Free everything that the booking takes."""
    Occupancy.objects.filter(booking=booking).delete()
    BookingUse.objects.filter(booking=booking).delete()


def release_all(bookings: Iterable[Booking]) -> None:
    """Free everything that these bookings take."""
    for booking in sorted(bookings, key=lambda each: each.pk):
        release(booking)


def tidy(now: datetime) -> None:
    """Once an hour: give ended holds back and drop the rows of past days."""
    with atomic():
        drop_expired_holds(now)
        drop_past(now)


def drop_expired_holds(now: datetime) -> int:
    """Give back the time of holds whose end has come; how many there were."""
    with atomic():
        ended = Booking.objects.filter(state=Booking.State.HELD, held_until__lte=now).order_by("pk")
        # Whoever answers at this very moment holds the row, and has it.
        expired = list(ended.select_for_update(of=("self",), skip_locked=True))
        release_all(expired)
        Booking.objects.filter(pk__in=[each.pk for each in expired]).update(state=Booking.State.CANCELLED)
        for booking in expired:
            audit.record(System("grid"), "booking.hold_ended", booking, changed=["state"])
    return len(expired)


def drop_past(now: datetime) -> int:
    """Delete the grid rows of past days; the bookings themselves stay. How many rows went."""
    before = slots_between(now - KEPT, now).start
    return Occupancy.objects.filter(slot__lt=before).delete()[0]


def _write(wanted: Wanted) -> None:
    drop_expired_holds(clock.now())
    BookingUse.objects.bulk_create(
        BookingUse(
            booking=booking,
            resource_kind=use.kind,
            resource_id=use.id,
            starts_at=use.starts_at,
            ends_at=use.ends_at,
        )
        for booking, uses in wanted
        for use in sorted(uses)
    )
    # The same order for everybody: two transactions then wait for each other only one way round, never in a circle.
    rows = sorted(
        (use.kind, use.id, slot, booking.pk) for booking, uses in wanted for use in uses for slot in use.slots
    )
    Occupancy.objects.bulk_create(
        Occupancy(resource_kind=kind, resource_id=number, slot=slot, booking_id=booking)
        for kind, number, slot, booking in rows
    )


def clashes_with(uses: Sequence[Use], *, besides: Booking | None = None) -> Clash | None:
    """The first resource that somebody else has at one of these times, or None when all are free."""
    taken = Q(pk__in=())
    for use in uses:
        span = use.slots
        taken |= Q(resource_kind=use.kind, resource_id=use.id, slot__gte=span.start, slot__lt=span.stop)
    rows = Occupancy.objects.filter(taken).select_related("booking__booked_by", "booking__site")
    rows = rows.exclude(booking__state=Booking.State.HELD, booking__held_until__lte=clock.now())
    if besides is not None:
        rows = rows.exclude(booking=besides)
    row = rows.order_by("slot", "resource_kind").first()
    return Clash(row.resource_kind, row.resource_id, row.booking) if row else None


def _taken(wanted: Wanted) -> Conflict:
    for __, uses in wanted:
        if clash := clashes_with(uses):
            return Taken(clash_words(clash))
    return Conflict(_("Two of these visits would overlap. Nothing was booked."))


def _asks_to_try_again(problem: OperationalError) -> bool:
    return getattr(problem.__cause__, "pgcode", None) in _TRY_AGAIN
