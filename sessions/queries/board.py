"""The status board: who is where today, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from mesoclinic import clock
from mesoclinic.access import Can, may
from mesoclinic.actors import Actor
from mesoclinic.rules.finding import Finding
from mesoclinic.sites import Site, VisitKind
from sessions.models import Booking, Series, TreatmentSession, WindowOverride
from sessions.queries.blocks import blocks_of
from sessions.queries.bookings import MOVABLE, bookings_for
from sessions.queries.live import Seen, seen_at
from sessions.queries.timers import Timer, timers_of
from sessions.queries.window_overrides import overrides_of

State = Booking.State
RESCREEN = "DY-01"
COLUMNS: tuple[tuple[object, tuple[str, ...]], ...] = (
    (_("Expected"), (State.BOOKED, State.CONFIRMED)),
    (_("Arrived"), (State.ARRIVED,)),
    (_("Numbing"), (State.NUMBING,)),
    (_("In treatment"), (State.TREATING,)),
    (_("Under observation"), (State.OBSERVING,)),
    (_("Done"), (State.DONE,)),
    (_("Not coming"), (State.NO_SHOW, State.CANCELLED)),
)
# data-model.md 4: from each state to those that may follow it.
NEXT: dict[str, tuple[str, ...]] = {
    State.HELD: (State.BOOKED, State.CANCELLED),
    State.BOOKED: (State.ARRIVED, State.CONFIRMED, State.NO_SHOW, State.CANCELLED),
    State.CONFIRMED: (State.ARRIVED, State.NO_SHOW, State.CANCELLED),
    State.ARRIVED: (State.NUMBING, State.TREATING, State.CANCELLED),
    State.NUMBING: (State.TREATING,),
    State.TREATING: (State.OBSERVING, State.DONE),
    State.OBSERVING: (State.DONE,),
}
AT_THE_DESK = (State.BOOKED, State.CONFIRMED, State.ARRIVED, State.NO_SHOW, State.CANCELLED)
IN_THE_RECORD = (State.TREATING, State.OBSERVING, State.DONE)
ACTIONS = {
    State.CONFIRMED: _("Confirmed"),
    State.ARRIVED: _("Arrived"),
    State.NUMBING: _("Numbing"),
    State.TREATING: _("With the clinician"),
    State.OBSERVING: _("Observation"),
    State.DONE: _("Done"),
    State.NO_SHOW: _("Did not come"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A state that one tap sets."""

    state: str
    label: object


@dataclass(frozen=True, slots=True)
class Card:
    """One patient of today, the taps that may follow, what keeps the session from starting, and the clock that runs."""

    booking: Booking
    starts: datetime
    steps: Sequence[Step]
    late_minutes: int
    may_replan: bool
    override: WindowOverride | None
    blocks: Sequence[Finding]
    timer: Timer | None

    @property
    def rescreen_due(self) -> bool:
        """Whether the re-screen of the day waits for the patient: it is nobody's fault before they are there."""
        return self.booking.state in MOVABLE and any(block.rule == RESCREEN for block in self.blocks)

    @property
    def pressing(self) -> list[Finding]:
        """What somebody has to see to now."""
        return [block for block in self.blocks if not (self.rescreen_due and block.rule == RESCREEN)]


@dataclass(frozen=True, slots=True)
class Column:
    """All cards in one group of states."""

    title: object
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Board:
    """The board of a site today."""

    site: Site
    now: datetime
    columns: Sequence[Column]
    seen: Seen

    @property
    def address(self) -> str:
        """What in an address names this board, and its day to whoever asks whether it changed."""
        return urlencode({"view": "day", "site": self.site.pk, "blocks": "on"})

    @property
    def patient_ids(self) -> list[int]:
        return [card.booking.patient_id for column in self.columns for card in column.cards if card.booking.patient_id]


def board_for(actor: Actor, *, site: Site) -> Board:
    """Today's patients of a site by state."""
    now = clock.now().astimezone(site.zone)
    seen = seen_at(actor, site=site, first=now.date(), last=now.date(), blocks=True)
    midnight = datetime.combine(now.date(), time(), site.zone)
    end = datetime.combine(now.date() + timedelta(days=1), time(), site.zone)
    todays = bookings_for(actor).filter(site=site, starts_at__gte=midnight, starts_at__lt=end, patient__isnull=False)
    bookings = list(todays.order_by("starts_at", "pk"))
    overrides, blocks, timers = overrides_of(bookings), blocks_of(site, bookings), timers_of(site, bookings, now)
    cards = [
        _card(actor, booking, now, overrides.get(booking.pk), blocks.get(booking.pk, ()), timers.get(booking.pk))
        for booking in bookings
    ]
    columns = [Column(title, [card for card in cards if card.booking.state in states]) for title, states in COLUMNS]
    return Board(site, now, columns, seen)


def steps_for(actor: Actor, booking: Booking) -> list[Step]:
    """The taps that may follow, for this actor; a treatment is started and ended in its record, not by a tap."""
    following = [state for state in NEXT.get(booking.state, ()) if state in ACTIONS]
    if booking.kind == VisitKind.TREATMENT:
        following = [state for state in following if state not in IN_THE_RECORD]
    return [Step(state, ACTIONS[State(state)]) for state in following if may_set(actor, state)]


def may_set(actor: Actor, state: str) -> bool:
    """The desk sets who comes and who does not, the rooms what happens there; both may say that somebody arrived."""
    rooms = state not in AT_THE_DESK or state == State.ARRIVED
    return (state in AT_THE_DESK and may(actor, Can.BOOK)) or (rooms and may(actor, Can.PREPARE_TREATMENT))


def _card(
    actor: Actor,
    booking: Booking,
    now: datetime,
    override: WindowOverride | None,
    blocks: Sequence[Finding],
    timer: Timer | None,
) -> Card:
    waiting = booking.state in (State.BOOKED, State.CONFIRMED)
    late = int((now - booking.starts_at).total_seconds() // 60) if waiting else 0
    starts = booking.starts_at.astimezone(now.tzinfo)
    steps, replans = steps_for(actor, booking), may_replan(actor, booking)
    return Card(booking, starts, steps, max(late, 0), replans, override, blocks, timer)


def may_replan(actor: Actor, booking: Booking) -> bool:
    """Whether the session of a visit that is to come, or did not take place, can be planned anew by this actor."""
    session = booking.treatment_session
    if session is None or session.series.state != Series.State.OPEN or not may(actor, Can.BOOK):
        return False
    gone = booking.state in (State.NO_SHOW, State.CANCELLED)
    wanted = TreatmentSession.State.UNPLACED if gone else TreatmentSession.State.BOOKED
    return session.state == wanted and (gone or booking.state in MOVABLE)
