"""Single bookings: made, moved, cancelled, and led from state to state. Moving never makes a second row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord, Taken
from mesoclinic.once import once
from mesoclinic.sites import Room, Site, VisitKind, VisitType
from mesoclinic.transactions import atomic
from patients.models import Patient
from patients.queries.people import patients_for
from patients.services.hold import hold_unmerged
from sessions.models import Booking, ResourceKind, TreatmentSession
from sessions.queries.board import NEXT, may_set
from sessions.queries.bookings import CANCELLABLE, MOVABLE, booking_for, sites_for
from sessions.queries.moving import outside_window
from sessions.queries.naming import blocked_words, clash_words
from sessions.queries.planning import claims_of, clinic_time, visit_type_of
from sessions.rules.free_time import Blocked, ClinicTime, Place, Wish, nearest_places, place_at
from sessions.services.grid import Use, clashes_with, occupy, release
from sessions.services.undo import Deed, undoable

ALTERNATIVES = 3
LOOK_AHEAD = timedelta(days=14)
TAKEN = (Blocked.CLINICIAN_TAKEN, Blocked.ROOM_TAKEN, Blocked.DEVICE_TAKEN, Blocked.PATIENT_TAKEN)


@dataclass(frozen=True, slots=True)
class NewVisit:
    """One visit to book; `starts_at` is the site's wall-clock time."""

    site: Site
    visit_type: VisitType
    starts_at: datetime
    patient: Patient | None = None
    clinician: User | None = None
    room: Room | None = None
    note: str = ""

    def wish(self) -> Wish:
        clinician, room = self.clinician, self.room
        return Wish(clinician_id=clinician.pk if clinician else None, room_id=room.pk if room else None)


def book_visit(actor: Actor, *, key: str, **visit: object) -> Booking:
    """Book one visit; raises Taken with alternatives when it is taken, ClinicError when the time is not legal."""
    access.require(actor, Can.BOOK)
    wanted = NewVisit(**visit)  # type: ignore[arg-type]
    body = {name: getattr(value, "pk", str(value)) for name, value in visit.items()}
    booking = Booking.objects.filter(pk=once(actor, key, body, lambda: _book(actor, wanted).pk)).first()
    if booking is None:
        raise Conflict(_("This booking was undone. Open the page again to book anew."))
    return booking


def move_booking(
    actor: Actor,
    *,
    booking_id: int,
    version: int,
    starts_at: datetime,
    clinician: User | None = None,
    room: Room | None = None,
) -> Booking:
    """Move a booking to another legal time (the site's wall clock); the row stays, version and sequence rise by one."""
    access.require(actor, Can.BOOK)
    with atomic():
        booking = _seen(actor, booking_id, version)
        if booking.state not in MOVABLE:
            words = {"state": booking.get_state_display()}
            raise Conflict(_("This visit is “%(state)s” and cannot be moved.") % words)
        wish = Wish(clinician_id=clinician.pk if clinician else None, room_id=room.pk if room else None)
        day = starts_at.date()
        clinic = clinic_time(
            booking.site,
            visit_type_of(booking),
            first=day,
            last=day + LOOK_AHEAD,
            patient_id=booking.patient_id,
            besides=[booking.pk],
        )
        place = _legal(clinic, booking.site, starts_at, wish, besides=booking)
        _check_window(booking, place)
        put_at(actor, booking=booking, place=place, wish=wish)
    return booking


def put_at(actor: Actor, *, booking: Booking, place: Place, wish: Wish) -> None:
    """Move a booking that is held to a legal place, inside the open transaction."""
    with undoable(actor, Deed.MOVED, site=booking.site, patient_id=booking.patient_id) as made:
        made.keep([booking])
        release(booking)
        booking.starts_at, booking.ends_at = place.starts_at, place.ends_at
        booking.clinician_id = place.clinician.id
        booking.version += 1
        booking.calendar_sequence += 1
        changed = ("starts_at", "ends_at", "clinician", "version", "calendar_sequence")
        booking.save(update_fields=changed)
        _take(booking, place, visit_type_of(booking), wish)
        audit.record(actor, "booking.moved", booking, changed=changed)
        news.announce("booking.moved", booking_id=booking.pk)


def cancel_booking(actor: Actor, *, booking_id: int, version: int, reason: str = "") -> Booking:
    """Cancel a visit and free its time; a session of a series waits for a new date."""
    access.require(actor, Can.BOOK)
    with atomic():
        booking = _seen(actor, booking_id, version)
        if booking.state not in CANCELLABLE:
            words = {"state": booking.get_state_display()}
            raise Conflict(_("This visit is “%(state)s” and cannot be cancelled.") % words)
        call_off(actor, booking=booking, reason=reason)
    return booking


def call_off(actor: Actor, *, booking: Booking, reason: str) -> None:
    """Cancel a booking that is held, inside the open transaction."""
    with undoable(actor, Deed.CANCELLED, site=booking.site, patient_id=booking.patient_id) as made:
        made.keep([booking])
        _end(booking, Booking.State.CANCELLED, _("Cancelled: %(day)s."))
        audit.record(actor, "booking.cancelled", booking, reason=reason)
        news.announce("booking.cancelled", booking_id=booking.pk)


def set_state(actor: Actor, *, booking_id: int, version: int, state: str) -> Booking:
    """Lead a visit to the state that may follow; raises StaleRecord, Conflict or NotAllowed."""
    access.require(actor, Can.VIEW_SCHEDULE)
    with atomic():
        booking = _seen(actor, booking_id, version)
        if not may_set(actor, state):
            audit.denied(actor, "booking.state", booking)
            raise NotAllowed(_("Your role does not set this state."))
        return lead_to(actor, booking=booking, state=state)


def lead_to(actor: Actor, *, booking: Booking, state: str) -> Booking:
    """Set a state that may follow, inside the open transaction; the treatment record calls this, too."""
    if state not in NEXT.get(booking.state, ()):
        words = {"now": booking.get_state_display(), "then": dict(Booking.State.choices).get(state, state)}
        raise Conflict(_("This visit is “%(now)s”, so it cannot become “%(then)s”.") % words)
    if state == Booking.State.NO_SHOW:
        _end(booking, state, _("Missed: %(day)s."))
    else:
        booking.state, booking.version = state, booking.version + 1
        booking.save(update_fields=["state", "version"])
    audit.record(actor, f"booking.{state}", booking, changed=["state"])
    news.announce(f"booking.{state}", booking_id=booking.pk)
    return booking


def uses_of(place: Place, patient_id: int | None) -> list[Use]:
    """What a place takes: the room and the patient throughout, clinician and device while the clinician works."""
    return [Use(*claim) for claim in claims_of(place, patient_id)]


def person(actor: Actor) -> User:
    """Whoever books is somebody whom a colleague can ask; raises NotAllowed for the system and for links."""
    if not isinstance(actor, User):
        raise NotAllowed(_("Only staff can book."))
    return actor


def new_calendar_uid() -> str:
    """A name for the visit in calendar files, which stays when it is moved."""
    return f"{uuid4()}@mesoclinic"


def alternatives_in(clinic: ClinicTime, starts_at: datetime, wish: Wish) -> list[Place]:
    """The three legal places nearest to a time, within two weeks."""
    near = Wish(clinician_id=wish.clinician_id)
    return nearest_places(clinic, starts_at, near, days=LOOK_AHEAD.days, count=ALTERNATIVES)


def _book(actor: Actor, visit: NewVisit) -> Booking:
    _in_scope(actor, visit)
    if visit.patient is not None:
        hold_unmerged(visit.patient.pk)
    if visit.visit_type.kind == VisitKind.TREATMENT:
        raise ClinicError(_("Treatments are booked from a signed plan, as a series."), "visit_type")
    if visit.patient is None and visit.visit_type.kind != VisitKind.BLOCK:
        raise ClinicError(_("Choose the patient."), "patient")
    day = visit.starts_at.date()
    patient_id = visit.patient.pk if visit.patient else None
    clinic = clinic_time(visit.site, visit.visit_type, first=day, last=day + LOOK_AHEAD, patient_id=patient_id)
    place = _legal(clinic, visit.site, visit.starts_at, visit.wish())
    with undoable(actor, Deed.BOOKED, site=visit.site, patient_id=patient_id) as made:
        booking = Booking.objects.create(
            site=visit.site,
            kind=visit.visit_type.kind,
            visit_type_name=visit.visit_type.name,
            patient=visit.patient,
            clinician_id=place.clinician.id,
            starts_at=place.starts_at,
            ends_at=place.ends_at,
            note=visit.note,
            calendar_uid=new_calendar_uid(),
            booked_by=person(actor),
            booked_at=clock.now(),
        )
        made.made([booking])
        _take(booking, place, visit.visit_type, visit.wish())
        audit.record(actor, "booking.made", booking)
        news.announce("booking.made", booking_id=booking.pk)
    return booking


def _take(booking: Booking, place: Place, visit_type: VisitType, wish: Wish) -> None:
    """Occupy the place; whoever finds it gone in the very same moment gets alternatives, too."""
    try:
        occupy(booking, uses_of(place, booking.patient_id))
    except Taken as gone:
        day = place.starts_at.astimezone(booking.site.zone).date()
        last, patient_id = day + LOOK_AHEAD, booking.patient_id
        clinic = clinic_time(booking.site, visit_type, first=day, last=last, patient_id=patient_id)
        raise Taken(gone.message, alternatives_in(clinic, place.starts_at, wish), "starts_at") from None


def _in_scope(actor: Actor, visit: NewVisit) -> None:
    if not sites_for(actor).filter(pk=visit.site.pk).exists() or visit.visit_type.site_id != visit.site.pk:
        raise OutOfScope(_("There is no such visit at your sites."))
    if visit.patient and not patients_for(actor).filter(pk=visit.patient.pk).exists():
        raise OutOfScope(_("There is no such patient at your sites."))


def _legal(clinic: ClinicTime, site: Site, starts_at: datetime, wish: Wish, *, besides: Booking | None = None) -> Place:
    moment = starts_at.replace(tzinfo=site.zone)
    found = place_at(clinic, moment, wish)
    if isinstance(found, Place):
        return found
    alternatives = alternatives_in(clinic, moment, wish)
    if found in TAKEN:
        raise Taken(_taken_words(clinic, moment, wish, besides) or blocked_words(found), alternatives, "starts_at")
    raise NotLegal(blocked_words(found), alternatives)


class NotLegal(ClinicError):
    """The site or the clinician is not there at that time; `alternatives` are legal places."""

    def __init__(self, message: str, alternatives: list[Place]) -> None:
        super().__init__(message, "starts_at")
        self.alternatives = alternatives


def _taken_words(clinic: ClinicTime, moment: datetime, wish: Wish, besides: Booking | None) -> str:
    ends_at = moment + clinic.length.total
    works_from = moment + timedelta(minutes=clinic.length.preparation)
    works_to = works_from + timedelta(minutes=clinic.length.clinician)
    asked = [
        *(Use(ResourceKind.CLINICIAN, each.id, works_from, works_to) for each in clinic.workers),
        *(Use(ResourceKind.ROOM, each.id, moment, ends_at) for each in clinic.rooms),
        *(Use(ResourceKind.DEVICE, each.id, works_from, works_to) for each in clinic.devices),
    ]
    chosen = {ResourceKind.CLINICIAN: wish.clinician_id, ResourceKind.ROOM: wish.room_id}
    uses = [use for use in asked if chosen.get(ResourceKind(use.kind)) in (None, use.id)]
    if clinic.patient_id:
        uses.insert(0, Use(ResourceKind.PATIENT, clinic.patient_id, moment, ends_at))
    clash = clashes_with(uses, besides=besides)
    return clash_words(clash) if clash else ""


def _check_window(booking: Booking, place: Place) -> None:
    """SD-01 and SD-02: a session stays between the fewest and the most days after the one before, in its order."""
    day = place.starts_at.astimezone(booking.site.zone).date()
    if words := outside_window(booking)(day):
        raise ClinicError(words, "on")


def _seen(actor: Actor, booking_id: int, version: int) -> Booking:
    """The booking, locked, when nobody changed it since `version`."""
    booking_for(actor, booking_id)
    locked = Booking.objects.select_for_update(of=("self",)).select_related("site", "treatment_session__series")
    booking = locked.get(pk=booking_id)
    if booking.version != version:
        raise StaleRecord(_("Somebody else changed this visit meanwhile. Nothing was changed. Look at it again."))
    return booking


def _end(booking: Booking, state: str, flag: str) -> None:
    release(booking)
    booking.state, booking.version = state, booking.version + 1
    booking.calendar_sequence += 1
    booking.save(update_fields=["state", "version", "calendar_sequence"])
    session = booking.treatment_session
    if session is not None and session.state == TreatmentSession.State.BOOKED:
        local = booking.starts_at.astimezone(booking.site.zone)
        session.state, session.flag = TreatmentSession.State.UNPLACED, flag % {"day": f"{local.day} {local:%b %Y}"}
        session.save(update_fields=["state", "flag"])
