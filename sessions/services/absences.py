"""A clinician who is away: the absence is recorded, and each visit is moved, called off or left, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import Role, User
from mesoclinic.errors import ClinicError, OutOfScope
from mesoclinic.once import once
from mesoclinic.settings_pages.services.people import keep_absence
from mesoclinic.sites import Room, Site, VisitKind
from mesoclinic.transactions import atomic
from patients.models import Todo
from patients.queries.contact import mail_hindrance
from sessions.models import Booking, Occupancy
from sessions.queries.absences import Away, Order, people_at, when_of, wishes_around
from sessions.queries.bookings import booking_for, series_for, sites_for
from sessions.queries.planning import SLOT_SECONDS, Meanwhile, slots_between
from sessions.queries.series import SEEN_FORMAT
from sessions.services.grid import Use, occupy
from sessions.services.replanning import replan_series
from sessions.services.undo import Deed, undoable
from sessions.services.visits import cancel_booking, move_booking, new_calendar_uid


@dataclass(frozen=True, slots=True)
class Cleared:
    """The visits whose line was done, and for each other one why it was not."""

    done: Sequence[Booking]
    failed: Sequence[tuple[Booking, str]]


def clear_absence(actor: User, *, away: Away, orders: Sequence[Order], key: str) -> Cleared:
    """Record that somebody is away, and do each line whole or not at all; the same key does each line once."""
    access.require(actor, Can.BOOK)
    if not people_at(actor).filter(pk=away.user.pk).exists():
        raise OutOfScope(_("Nobody like that works at your sites."))
    if away.whole_days:
        with atomic():
            keep_absence(actor, away.user, first_on=away.first_on, last_on=away.last_on, reason=away.reason)
    done, failed = [], []
    for order in orders:
        booking = booking_for(actor, order.booking_id)
        try:
            _do(actor, away, booking, order, key)
        except ClinicError as refusal:
            failed.append((booking, refusal.message))
        else:
            done.append(booking)
    if not away.whole_days:
        _block_hours(actor, away)
    return Cleared(done, failed)


def _do(actor: User, away: Away, booking: Booking, order: Order, key: str) -> None:
    with atomic():
        once(
            actor, f"{key}:{booking.pk}", [order.version, order.seen], lambda: _settle(actor, away, booking, order, key)
        )


def _settle(actor: User, away: Away, booking: Booking, order: Order, key: str) -> int:
    if not order.seen:
        cancel_booking(actor, booking_id=booking.pk, version=order.version, reason=_("The clinician is away."))
        _ask_for_date(booking)
    elif booking.treatment_session is None:
        _move(actor, booking, order)
    else:
        series = series_for(actor, booking.treatment_session.series_id)
        wishes = wishes_around(series, order.picks, Meanwhile((away.claim(series.site),)))
        replan_series(actor, series_id=series.pk, wishes=wishes, seen=order.seen, key=f"{key}:{booking.pk}:rest")
    _ask_to_call(booking)
    return booking.pk


def _move(actor: User, booking: Booking, order: Order) -> None:
    try:
        moment, clinician, room = order.seen.split("-")
        starts_at = datetime.strptime(moment, SEEN_FORMAT).replace(tzinfo=UTC)
        people, rooms = User.objects.filter(pk=int(clinician)), Room.objects.filter(pk=int(room))
    except ValueError:
        raise ClinicError(_("The form has lost its dates. Open the page again.")) from None
    local = starts_at.astimezone(booking.site.zone).replace(tzinfo=None)
    move_booking(
        actor,
        booking_id=booking.pk,
        version=order.version,
        starts_at=local,
        clinician=people.first(),
        room=rooms.first(),
    )


def _ask_for_date(booking: Booking) -> None:
    """A single visit without a date is something to do; a session of a series waits by its own state."""
    if booking.treatment_session_id is None:
        text = _("Find a new date: the visit of %(when)s was called off.") % {"when": when_of(booking)}
        _todo(booking, text, due_at=booking.starts_at)


def _ask_to_call(booking: Booking) -> None:
    """Who may not be mailed is called."""
    if booking.patient is not None and mail_hindrance(booking.patient):
        text = _("Call the patient: the visit of %(when)s has changed, the clinician is away.")
        _todo(booking, text % {"when": when_of(booking)}, due_at=min(booking.starts_at, clock.now()))


def _todo(booking: Booking, text: str, *, due_at: datetime) -> None:
    Todo.objects.create(site=booking.site, patient=booking.patient, role=Role.FRONT_DESK, text=text, due_at=due_at)


def _block_hours(actor: User, away: Away) -> None:
    """Part of a day: what is free of the clinician's time is blocked; visits that were left keep theirs."""
    site = sites_for(actor).filter(pk__in=away.user.sites.values("pk")).first()
    if site is None:
        raise OutOfScope(_("Nobody like that works at your sites."))
    with atomic():
        stretches = list(_free(away, site))
        if not stretches:
            return
        with undoable(actor, Deed.BOOKED, site=site, patient_id=None) as made:
            block = Booking.objects.create(
                site=site,
                kind=VisitKind.BLOCK,
                clinician=away.user,
                starts_at=stretches[0].starts_at,
                ends_at=stretches[-1].ends_at,
                note=away.reason or _("Away"),
                calendar_uid=new_calendar_uid(),
                booked_by=actor,
                booked_at=clock.now(),
            )
            made.made([block])
            occupy(block, stretches)
            audit.record(actor, "booking.made", block)
            news.announce("booking.made", booking_id=block.pk)


def _free(away: Away, site: Site) -> Sequence[Use]:
    kind, number, starts_at, ends_at = away.claim(site)
    span = slots_between(starts_at, ends_at)
    taken = Occupancy.objects.filter(resource_kind=kind, resource_id=number, slot__gte=span.start, slot__lt=span.stop)
    busy = set(taken.values_list("slot", flat=True))
    found: list[list[int]] = []
    for slot in span:
        if slot in busy:
            continue
        if found and found[-1][1] == slot:
            found[-1][1] = slot + 1
        else:
            found.append([slot, slot + 1])
    return [Use(kind, number, _moment(first), _moment(end)) for first, end in found]


def _moment(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC)
