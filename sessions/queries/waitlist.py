"""Who waits for a time that is given back, who fits, and why in that order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import VisitKind
from mesoclinic.templatetags.components import staff_day
from patients.queries.people import reached
from sessions.models import Booking, TimeOffer, TreatmentSession, WaitingEntry
from sessions.queries.bookings import MOVABLE, bookings_for, sites_for
from sessions.queries.naming import blocked_words
from sessions.queries.planning import clinic_time, visit_type_of
from sessions.queries.series import course_of, days_of, live_visit
from sessions.queries.stops import booking_stops
from sessions.rules.free_time import Place, Wish, place_at
from sessions.rules.series_places import window_after
from sessions.rules.waiting import Waiting, in_turn

AHEAD = timedelta(days=28)
MAY_WAIT = (TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who waits, with the place that fits, or the reason why none does; `offer` is the last one made."""

    entry: WaitingEntry
    last_safe: date | None
    place: Place | None
    reason: str
    offer: TimeOffer | None = None

    @property
    def why(self) -> str:
        """The place in the order, explained."""
        waits = _("waiting since %(day)s") % {"day": staff_day(clock_day(self.entry))}
        if self.last_safe is None:
            return waits
        return _("last safe date %(day)s, %(waits)s") % {"day": staff_day(self.last_safe), "waits": waits}


@dataclass(frozen=True, slots=True)
class FreedTime:
    """A time that was given back: who fits, in turn, and who waits and does not fit."""

    freed: Booking
    fitting: Sequence[Candidate]
    others: Sequence[Candidate]

    @property
    def next(self) -> Candidate | None:
        """Who is to be asked now; nobody while an answer is waited for."""
        if self.open_offer is not None:
            return None
        return next((each for each in self.fitting if each.offer is None), None)

    @property
    def open_offer(self) -> TimeOffer | None:
        """The offer whose answer is waited for."""
        offers = (each.offer for each in (*self.fitting, *self.others) if each.offer is not None)
        return next((each for each in offers if is_open(each)), None)

    @property
    def patient_ids(self) -> list[int]:
        return [each.entry.session.series.patient_id for each in (*self.fitting, *self.others)]


def entries_for(actor: Actor) -> QuerySet[WaitingEntry]:
    """Everybody who waits at the actor's sites, the longest first."""
    found = WaitingEntry.objects.filter(
        reached(actor, "session__series__patient"), session__series__site__in=sites_for(actor), ended_at=None
    )
    visits = Prefetch("session__bookings", Booking.objects.order_by("pk"))
    related = ("session__series__patient", "session__series__site", "session__series__plan_version__release", "by")
    return found.select_related(*related).prefetch_related(visits)


def entry_for(actor: Actor, entry_id: int) -> WaitingEntry:
    """One of them; raises OutOfScope."""
    found = entries_for(actor).filter(pk=entry_id).first()
    if found is None:
        raise OutOfScope(_("There is no such entry on your waiting list."))
    return found


def freed_for(actor: Actor, booking_id: int) -> Booking:
    """A cancelled treatment that is still to come; raises OutOfScope."""
    found = freed_times(actor).filter(pk=booking_id).first()
    if found is None:
        raise OutOfScope(_("This time was not given back, or it is over."))
    return found


def freed_times(actor: Actor) -> QuerySet[Booking]:
    """The cancelled treatments of the coming four weeks, the next first."""
    now = clock.now()
    gone = bookings_for(actor).filter(kind=VisitKind.TREATMENT, state=Booking.State.CANCELLED, time_offer=None)
    return gone.filter(starts_at__gt=now, starts_at__lt=now + AHEAD).order_by("starts_at", "pk")


def offer_for(actor: Actor, offer_id: int) -> TimeOffer:
    """An offer at the actor's sites; raises OutOfScope."""
    found = all_offers().filter(reached(actor, "entry__session__series__patient"), pk=offer_id)
    offer = found.filter(freed__site__in=sites_for(actor)).first()
    if offer is None:
        raise OutOfScope(_("There is no such offer at your sites."))
    return offer


def all_offers() -> QuerySet[TimeOffer]:
    """Every offer with what an answer needs."""
    entry = ("entry__session__series__site", "entry__session__series__plan_version__release")
    found = TimeOffer.objects.select_related("hold__site", "hold__patient", "freed__site", *entry)
    return found.prefetch_related(Prefetch("entry__session__bookings", Booking.objects.order_by("pk")))


def is_open(offer: TimeOffer) -> bool:
    """Whether the time is still kept for the answer."""
    hold = offer.hold
    kept = hold.state == Booking.State.HELD and hold.held_until is not None and hold.held_until > clock.now()
    return offer.state == TimeOffer.State.OPEN and kept


def freed_time(actor: Actor, freed: Booking) -> FreedTime:
    """Everybody who waits at the site of a freed time, whether they fit, and in which order they are asked."""
    offers = {each.entry_id: each for each in TimeOffer.objects.filter(freed=freed).select_related("hold")}
    entries = [each for each in entries_for(actor) if each.session.series.site_id == freed.site_id]
    # What is kept for an answer counts as free: the list stays what it was while somebody thinks about it.
    kept_for = [each.hold_id for each in offers.values() if is_open(each)]
    asked = {each.pk: Candidate(each, *fit(each, freed, besides=kept_for), offers.get(each.pk)) for each in entries}
    turn = in_turn(Waiting(key, each.last_safe, each.entry.since) for key, each in asked.items())
    ordered = [asked[key] for key in turn]
    fitting = [each for each in ordered if each.place is not None]
    return FreedTime(freed, fitting, [each for each in ordered if each.place is None])


def clock_day(entry: WaitingEntry) -> date:
    """The day at the site since which somebody waits."""
    return entry.since.astimezone(entry.session.series.site.zone).date()


def fit(entry: WaitingEntry, freed: Booking, *, besides: Sequence[int] = ()) -> tuple[date | None, Place | None, str]:
    """(last safe date, the place for this session at the freed time, or why there is none)."""
    session, local = entry.session, freed.starts_at.astimezone(freed.site.zone)
    visit, last_safe = live_visit(session), None
    days = days_of(session, freed.site)
    before, after = days.get(session.ordinal - 1), days.get(session.ordinal + 1)
    course = course_of(session.series.plan_version)
    if session.ordinal > 1 and before is None:
        return None, None, _("The session before has no date.")
    if before is not None:
        window = window_after(before, course.intervals[session.ordinal - 1 - 1])
        last_safe = window.latest
        if not window.earliest <= local.date() <= window.latest:
            return last_safe, None, _("Outside the window of this session.")
    if after is not None:
        window = window_after(local.date(), course.intervals[session.ordinal - 1])
        if not window.earliest <= after <= window.latest:
            return last_safe, None, _("The session after would leave its window.")
    return last_safe, *_at(entry, freed, local, visit, besides)


def _at(
    entry: WaitingEntry, freed: Booking, local: datetime, visit: Booking | None, besides: Sequence[int]
) -> tuple[Place | None, str]:
    session = entry.session
    if session.state not in MAY_WAIT or (visit is not None and visit.state not in MOVABLE):
        return None, _("This session is no longer to be booked.")
    if visit is not None and visit.starts_at <= freed.starts_at:
        return None, _("The visit is no later than this.")
    if (entry.weekdays and local.weekday() not in entry.weekdays) or not entry.earliest <= local.time() <= entry.latest:
        return None, _("Not on the days or at the times that they asked for.")
    if stops := booking_stops(session.series.plan_version):
        return None, " ".join(f"{each.rule}: {each.reason}." for each in stops)
    day = local.date()
    own = [*besides, *([visit.pk] if visit else [])]
    patient_id = session.series.patient_id
    clinic = clinic_time(freed.site, visit_type_of(freed), first=day, last=day, patient_id=patient_id, besides=own)
    found = place_at(clinic, freed.starts_at, Wish())
    return (found, "") if isinstance(found, Place) else (None, blocked_words(found))
