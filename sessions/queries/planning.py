"""What the planner needs to know: opening, people, rooms, devices, and what is taken, read in one go."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError
from mesoclinic.sites import Closure, Device, OpeningHours, Room, Site, StaffHours, VisitKind, VisitType, Weekday
from sessions.models import SLOT_MINUTES, Booking, BookingUse, ResourceKind
from sessions.queries.bookings import LONGEST_VISIT, clinicians_at
from sessions.rules.free_time import ClinicTime, Hours, Length, OpenTime, Place, Taken, Thing, Worker
from sessions.rules.schedule import Closed

STEP_MINUTES = 15
SLOT_SECONDS = SLOT_MINUTES * 60

Claim = tuple[str, int, datetime, datetime]
"""Kind and number of a resource, and from when to when it is needed."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What will be taken, and which bookings will be given up, before something is done: several things in a row."""

    claimed: tuple[Claim, ...] = ()
    freed: tuple[int, ...] = ()


NOTHING_MEANWHILE = Meanwhile()


def clinic_time(
    site: Site,
    visit_type: VisitType,
    *,
    first: date,
    last: date,
    patient_id: int | None,
    besides: Sequence[int] = (),
    meanwhile: Meanwhile = NOTHING_MEANWHILE,
) -> ClinicTime:
    """All that decides where a visit of this type fits from first to last day; `besides` bookings count as free."""
    staff = clinicians_at(site, injecting=visit_type.kind == VisitKind.TREATMENT)
    rooms = [room for room in Room.objects.filter(site=site, active=True) if visit_type.kind in room.visit_kinds]
    devices = (
        Device.objects.filter(site=site, active=True, kind=visit_type.device_kind) if visit_type.device_kind else ()
    )
    return ClinicTime(
        zone=site.zone,
        now=clock.now(),
        opening=_opening(site),
        closures=dict(Closure.objects.filter(site=site, on__range=(first, last)).values_list("on", "reason")),
        workers=_workers(site, list(staff.prefetch_related("absences"))),
        rooms=tuple(Thing(each.pk, each.name) for each in rooms),
        devices=tuple(Thing(each.pk, each.name) for each in devices),
        length=Length(visit_type.preparation_minutes, visit_type.clinician_minutes, visit_type.observation_minutes),
        needs_room=visit_type.needs_room,
        needs_device=bool(visit_type.device_kind),
        patient_id=patient_id,
        busy=busy_slots(site, first=first, last=last, besides=besides, meanwhile=meanwhile),
        slot_minutes=SLOT_MINUTES,
        step_minutes=STEP_MINUTES,
    )


def open_time(site: Site, *, first: date) -> OpenTime:
    """When a site is open from a day on."""
    closures = Closure.objects.filter(site=site, on__gte=first).values_list("on", "reason")
    return OpenTime(site.zone, _opening(site), dict(closures))


def workers_at(site: Site) -> tuple[Worker, ...]:
    """Everybody who sees patients at a site, with their hours and absences."""
    return _workers(site, list(clinicians_at(site).prefetch_related("absences")))


def closed_at(site: Site) -> Closed:
    """The weekdays and the dates on which a site is closed."""
    return closed_at_all([site])[site.pk]


def closed_at_all(sites: Iterable[Site]) -> dict[int, Closed]:
    """The same of several sites, by their numbers, in as many statements as for one."""
    numbers = {site.pk for site in sites}
    opened: defaultdict[int, set[int]] = defaultdict(set)
    dates: defaultdict[int, set[date]] = defaultdict(set)
    for number, weekday in OpeningHours.objects.filter(site__in=numbers).values_list("site", "weekday"):
        opened[number].add(weekday)
    for number, on in Closure.objects.filter(site__in=numbers).values_list("site", "on"):
        dates[number].add(on)
    return {number: Closed(frozenset(Weekday.values) - opened[number], frozenset(dates[number])) for number in numbers}


def busy_slots(
    site: Site,
    *,
    first: date,
    last: date,
    besides: Sequence[int] = (),
    meanwhile: Meanwhile = NOTHING_MEANWHILE,
) -> dict[tuple[str, int], Taken]:
    """The taken slots of every resource between two days, at any site; holds that have ended count as free."""
    starts = datetime.combine(first, time(), site.zone)
    ends = datetime.combine(last + timedelta(days=1), time(), site.zone)
    uses = BookingUse.objects.filter(
        booking__starts_at__gt=starts - LONGEST_VISIT, booking__starts_at__lt=ends, ends_at__gt=starts
    )
    uses = uses.exclude(booking__state=Booking.State.HELD, booking__held_until__lte=clock.now())
    if free := [*besides, *meanwhile.freed]:
        uses = uses.exclude(booking__in=free)
    whole = slots_between(starts, ends + LONGEST_VISIT)
    found: defaultdict[tuple[str, int], bytearray] = defaultdict(lambda: bytearray(len(whole)))
    taken = uses.values_list("resource_kind", "resource_id", "starts_at", "ends_at")
    for kind, number, taken_from, taken_to in (*taken, *meanwhile.claimed):
        slots = slots_between(taken_from, taken_to)
        start = min(max(slots.start - whole.start, 0), len(whole))
        stop = min(max(slots.stop - whole.start, start), len(whole))
        found[kind, number][start:stop] = b"\1" * (stop - start)
    return {key: Taken(whole.start, bytes(slots)) for key, slots in found.items()}


def slots_between(starts_at: datetime, ends_at: datetime) -> range:
    """Every slot that the stretch touches; a slot is UTC minutes since 1970 divided by five."""
    return range(int(starts_at.timestamp()) // SLOT_SECONDS, -(-int(ends_at.timestamp()) // SLOT_SECONDS))


def claims_of(place: Place, patient_id: int | None) -> list[Claim]:
    """What a place takes: the room and the patient throughout, clinician and device while the clinician works."""
    claims: list[Claim] = [(ResourceKind.CLINICIAN, place.clinician.id, place.clinician_from, place.clinician_to)]
    if place.room:
        claims.append((ResourceKind.ROOM, place.room.id, place.starts_at, place.ends_at))
    if place.device:
        claims.append((ResourceKind.DEVICE, place.device.id, place.clinician_from, place.clinician_to))
    if patient_id is not None:
        claims.append((ResourceKind.PATIENT, patient_id, place.starts_at, place.ends_at))
    return claims


def treatment_type_of(site: Site) -> VisitType:
    """The visit type of treatments at a site; raises ClinicError when the site has none."""
    found = VisitType.objects.filter(site=site, kind=VisitKind.TREATMENT, active=True).order_by("pk").first()
    if found is None:
        raise ClinicError(
            _("This site has no visit type for treatments. The medical director can add one in Settings.")
        )
    return found


def visit_type_of(booking: Booking) -> VisitType:
    """The visit type that a booking was made with; its length is that of today."""
    types = VisitType.objects.filter(site=booking.site, kind=booking.kind)
    found = types.filter(name=booking.visit_type_name).first() or types.filter(active=True).order_by("pk").first()
    if found is None:
        raise ClinicError(_("This site has no visit type of this kind any more. The medical director can add one."))
    return found


def _opening(site: Site) -> dict[int, Hours]:
    rows = OpeningHours.objects.filter(site=site)
    return _weeks((each.weekday, each.opens_at, each.closes_at) for each in rows)


def _workers(site: Site, staff: Sequence[User]) -> tuple[Worker, ...]:
    weeks: defaultdict[int, list[tuple[int, time, time]]] = defaultdict(list)
    for each in StaffHours.objects.filter(site=site, user__in=staff):
        weeks[each.user_id].append((each.weekday, each.starts_at, each.ends_at))
    return tuple(
        Worker(
            user.pk,
            user.name,
            _weeks(weeks[user.pk]),
            tuple((absence.first_on, absence.last_on) for absence in user.absences.all()),
        )
        for user in staff
    )


def _weeks(rows: Iterable[tuple[int, time, time]]) -> dict[int, Hours]:
    found: defaultdict[int, list[tuple[time, time]]] = defaultdict(list)
    for weekday, starts, ends in sorted(rows):
        found[weekday].append((starts, ends))
    return {weekday: tuple(hours) for weekday, hours in found.items()}
