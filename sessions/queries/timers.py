"""How long a visit has been in its state, and until when numbing and observation go, from the times that are stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit import AuditEvent
from mesoclinic.sites import Site, VisitType
from sessions.models import Booking

State = Booking.State
SINCE = {State.ARRIVED: _("Waiting"), State.NUMBING: _("Numbing"), State.TREATING: _("In treatment")}
UNTIL = {State.NUMBING: _("Numbing until"), State.OBSERVING: _("Observation until")}
OVER = {State.NUMBING: _("Numbing time is over"), State.OBSERVING: _("Observation time is over")}
MINUTES = {State.NUMBING: "preparation_minutes", State.OBSERVING: "observation_minutes"}


@dataclass(frozen=True, slots=True)
class Timer:
    """A clock on a card: it counts up from `since`, or down to `until` when there is an end."""

    label: object
    over: object
    since: datetime
    until: datetime | None
    now: datetime

    @property
    def seconds(self) -> int:
        """How long it has been, or how long it still takes; below nought once it is over."""
        passed = self.now - self.since if self.until is None else self.until - self.now
        return int(passed.total_seconds())


def timers_of(site: Site, bookings: Iterable[Booking], now: datetime) -> dict[int, Timer]:
    """By booking the clock of its state; none where nobody waits for anything, or nobody knows since when."""
    running = {each.pk: each for each in bookings if each.state in (*SINCE, State.OBSERVING)}
    types = {(each.kind, each.name): each for each in VisitType.objects.filter(site=site)}
    since = _since(running)
    return {
        pk: _timer(booking, types.get((booking.kind, booking.visit_type_name)), since[pk], now)
        for pk, booking in running.items()
        if pk in since
    }


def _since(bookings: dict[int, Booking]) -> dict[int, datetime]:
    """When each came into its state, the last time it did."""
    deeds = AuditEvent.objects.filter(
        object_kind=Booking._meta.label_lower,
        object_id__in=[str(pk) for pk in bookings],
        action__in=[f"booking.{state}" for state in (*SINCE, State.OBSERVING)],
    )
    found = {}
    for number, action, at in deeds.order_by("number").values_list("object_id", "action", "at"):
        if action == f"booking.{bookings[int(number)].state}":
            found[int(number)] = at
    return found


def _timer(booking: Booking, visit_type: VisitType | None, since: datetime, now: datetime) -> Timer:
    state = State(booking.state)
    minutes = getattr(visit_type, MINUTES[state]) if visit_type and state in MINUTES else 0
    if not minutes:
        return Timer(SINCE.get(state, _("Under observation")), "", since, None, now)
    return Timer(UNTIL[state], OVER[state], since, since + timedelta(minutes=minutes), now)
