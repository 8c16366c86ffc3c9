"""Whose visits an absence concerns, each with a proposal: series planned anew, single visits at the nearest time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError
from mesoclinic.sites import Site
from patients.queries.contact import mail_hindrance
from sessions.models import Booking, ResourceKind, Series
from sessions.queries.bookings import MOVABLE, bookings_for, clinicians_at, series_for, sites_for
from sessions.queries.planning import Claim, Meanwhile, claims_of, clinic_time, visit_type_of
from sessions.queries.proposal import Choice, choice_of
from sessions.queries.replanning import Fate, Rest, Wishes, rest_of, wishes_of
from sessions.queries.replanning_page import ShownChange, shown_of
from sessions.queries.series import place_text
from sessions.queries.stops import booking_stops
from sessions.rules.free_time import Place, Wish, nearest_places
from sessions.rules.series_places import Pick, Preferences

SINGLE = 0
LOOK_AHEAD_DAYS, OFFERED = 28, 4
LEAVE, CANCEL = "leave", "cancel"


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who does not see patients on these days, or on one day between two times of the wall clock."""

    user: User
    first_on: date
    last_on: date
    earliest: time = time.min
    latest: time = time.max
    reason: str = ""

    @property
    def whole_days(self) -> bool:
        return (self.earliest, self.latest) == (time.min, time.max)

    def span(self, site: Site) -> tuple[datetime, datetime]:
        """From when to when, in the time of a site."""
        starts = datetime.combine(self.first_on, self.earliest, site.zone)
        if self.whole_days:
            return starts, datetime.combine(self.last_on + timedelta(days=1), time(), site.zone)
        return starts, datetime.combine(self.last_on, self.latest, site.zone)

    def claim(self, site: Site) -> Claim:
        """What the absence takes of the clinician's time."""
        return (ResourceKind.CLINICIAN, self.user.pk, *self.span(site))


@dataclass(frozen=True, slots=True)
class Line:
    """One visit that cannot stay, what is proposed for it, and what the desk chose; `seen` comes back when confirmed.

    For a session of a series `others` are the other sessions whose place changes with it.
    """

    booking: Booking
    starts: datetime
    choice: str
    proposed: Choice | None
    choices: Sequence[Choice]
    others: Sequence[ShownChange] = ()
    last_safe: date | None = None
    seen: str = ""
    refusal: str = ""
    claims: tuple[Claim, ...] = ()
    freed: tuple[int, ...] = ()

    @property
    def to_call(self) -> bool:
        """Whether nobody may write to the patient."""
        return self.booking.patient is not None and bool(mail_hindrance(self.booking.patient))

    @property
    def stays(self) -> bool:
        return self.choice == LEAVE


@dataclass(frozen=True, slots=True)
class Order:
    """What the desk decided for one line: the places that it was shown, or with none to call the visit off."""

    booking_id: int
    version: int
    seen: str = ""
    picks: dict[int, Pick] = field(default_factory=dict)


def people_at(actor: Actor) -> QuerySet[User]:
    """Everybody who sees patients at the actor's sites."""
    seen = {user.pk for site in sites_for(actor) for user in clinicians_at(site)}
    return User.objects.filter(pk__in=seen).order_by("name", "pk")


def affected_by(actor: Actor, away: Away) -> list[Booking]:
    """The visits to come that need the absent clinician, earliest first; of a series only the first of them."""
    found: dict[tuple[str, int], Booking] = {}
    for site in sites_for(actor):
        starts, ends = away.span(site)
        visits = bookings_for(actor).filter(site=site, state__in=MOVABLE, patient__isnull=False)
        theirs = visits.filter(
            starts_at__gte=clock.now(),
            uses__resource_kind=ResourceKind.CLINICIAN,
            uses__resource_id=away.user.pk,
            uses__starts_at__lt=ends,
            uses__ends_at__gt=starts,
        )
        for booking in theirs.order_by("starts_at", "pk"):
            found.setdefault(_one_line(booking), booking)
    return sorted(found.values(), key=lambda each: (each.starts_at, each.pk))


def lines_for(
    actor: Actor, away: Away, chosen: Mapping[int, str], picks: Mapping[int, Mapping[int, Pick]]
) -> list[Line]:
    """A line for each affected visit; what one line takes and gives up counts for the next. Writes nothing."""
    lines: list[Line] = []
    for booking in affected_by(actor, away):
        claimed = (away.claim(booking.site), *(claim for line in lines for claim in line.claims))
        meanwhile = Meanwhile(claimed, tuple(number for line in lines for number in line.freed))
        lines.append(_line(actor, booking, chosen.get(booking.pk, ""), picks.get(booking.pk, {}), meanwhile))
    return lines


def wishes_around(series: Series, picks: Mapping[int, Pick], meanwhile: Meanwhile) -> Wishes:
    """What the rest of a series is planned from when its clinician is away: all that can stay, stays."""
    kept = wishes_of(series)
    preferences = Preferences(
        start=clock.now().astimezone(series.site.zone).date(),
        weekdays=frozenset(_numbers(kept.get("weekdays"))),
        earliest=time.fromisoformat(str(kept.get("earliest", "00:00"))),
        latest=time.fromisoformat(str(kept["latest"])) if "latest" in kept else time.max,
        clinician_id=next(iter(_numbers([kept.get("clinician")])), None),
        picks=dict(picks),
    )
    return Wishes(preferences, meanwhile=meanwhile)


def when_of(booking: Booking) -> str:
    """When the visit was, by day and hour at its site."""
    local = booking.starts_at.astimezone(booking.site.zone)
    return f"{local.day} {local:%b %H:%M}"


def _one_line(booking: Booking) -> tuple[str, int]:
    session = booking.treatment_session
    return ("series", session.series_id) if session else ("visit", booking.pk)


def _line(actor: Actor, booking: Booking, choice: str, picks: Mapping[int, Pick], meanwhile: Meanwhile) -> Line:
    starts = booking.starts_at.astimezone(booking.site.zone)
    if choice == LEAVE:
        return Line(booking, starts, choice, None, ())
    if choice == CANCEL:
        return Line(booking, starts, choice, None, (), freed=(booking.pk,))
    if booking.treatment_session is None:
        return _single(booking, starts, choice, picks, meanwhile)
    try:
        return _of_series(actor, booking, starts, choice, picks, meanwhile)
    except ClinicError as refusal:
        return Line(booking, starts, choice, None, (), refusal=refusal.message)


def _single(booking: Booking, starts: datetime, choice: str, picks: Mapping[int, Pick], meanwhile: Meanwhile) -> Line:
    last = starts.date() + timedelta(days=LOOK_AHEAD_DAYS)
    clinic = clinic_time(
        booking.site,
        visit_type_of(booking),
        first=starts.date(),
        last=last,
        patient_id=booking.patient_id,
        besides=[booking.pk],
        meanwhile=meanwhile,
    )
    places = nearest_places(clinic, booking.starts_at, Wish(), days=LOOK_AHEAD_DAYS, count=OFFERED)
    wanted = picks.get(SINGLE)
    place = next((each for each in places if wanted and _is(each, wanted)), places[0] if places else None)
    offered = [choice_of(each, SINGLE, clinic.zone) for each in places if each is not place]
    if place is None:
        return Line(booking, starts, choice, None, (), freed=(booking.pk,))
    proposed = choice_of(place, SINGLE, clinic.zone)
    claims = tuple(claims_of(place, booking.patient_id))
    return Line(booking, starts, choice, proposed, offered, seen=place_text(place), claims=claims, freed=(booking.pk,))


def _of_series(
    actor: Actor, booking: Booking, starts: datetime, choice: str, picks: Mapping[int, Pick], meanwhile: Meanwhile
) -> Line:
    session = booking.treatment_session
    series = series_for(actor, session.series_id if session else 0)
    if stops := booking_stops(series.plan_version):
        raise ClinicError(" ".join(f"{each.rule}: {each.reason}." for each in stops))
    rest = rest_of(series, wishes_around(series, picks, meanwhile))
    shown = {row.ordinal: row for row in shown_of(rest).rows}
    own = shown.pop(session.ordinal if session else 0)
    change = next(each for each in rest.changes if each.ahead.visit and each.ahead.visit.pk == booking.pk)
    place = change.placed.place
    return Line(
        booking,
        starts,
        choice,
        choice_of(place, change.placed.ordinal, rest.plan.clinic.zone) if place else None,
        own.choices if place else (),
        others=[row for row in shown.values() if row.fate not in (Fate.KEPT, Fate.OPEN)],
        last_safe=own.last_safe,
        seen=rest.seen,
        claims=tuple(_claims(rest)),
        freed=tuple(each.ahead.visit.pk for each in rest.of(Fate.MOVED, Fate.FREED) if each.ahead.visit),
    )


def _claims(rest: Rest) -> Iterator[Claim]:
    for change in rest.of(Fate.MOVED, Fate.BOOKED):
        if change.placed.place:
            yield from claims_of(change.placed.place, rest.series.patient_id)


def _is(place: Place, pick: Pick) -> bool:
    return (place.starts_at, place.clinician.id) == (pick.starts_at, pick.clinician_id)


def _numbers(values: object) -> list[int]:
    return [each for each in values if isinstance(each, int)] if isinstance(values, list) else []


def summary_of(lines: Sequence[Line]) -> str:
    """How many visits move, and how many wait for a date afterwards."""
    moving = sum(line.proposed is not None for line in lines)
    return _("%(moving)d of %(all)d with a new time") % {"moving": moving, "all": len(lines)}
