"""A patient confirms, moves or cancels one visit by link; the link dies with every change of its visit."""

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor, PatientByLink, System
from mesoclinic.errors import ClinicError, OutOfScope
from mesoclinic.transactions import atomic
from patients.models import Todo
from patients.queries.links import open_links
from patients.services.links import Wanted, link_of, locked, make_links, revoke
from sessions.models import Booking, BookingChange
from sessions.queries.bookings import COMING
from sessions.queries.changes import BOOKING
from sessions.queries.own_visit import PURPOSE, OwnVisit, chosen_place, own_visit, subject_of
from sessions.rules.free_time import Wish
from sessions.services.reminders import call_no_more
from sessions.services.undo import Deed, undoable
from sessions.services.visits import call_off, lead_to, put_at

CLINIC = System("links")


def confirm_own_visit(actor: PatientByLink) -> None:
    """The patient says that they come; a second time changes nothing."""
    access.require(actor, Can.CHANGE_OWN_VISIT)
    with atomic():
        booking = _mine(actor).booking
        if booking.state == Booking.State.BOOKED:
            with undoable(actor, Deed.CONFIRMED, site=booking.site, patient_id=booking.patient_id) as made:
                made.keep([booking])
                lead_to(actor, booking=booking, state=Booking.State.CONFIRMED)
        audit.record(actor, "visit.confirmed", booking)


def cancel_own_visit(actor: PatientByLink) -> None:
    """The patient gives the visit back; the desk is asked to offer another date."""
    access.require(actor, Can.CHANGE_OWN_VISIT)
    with atomic():
        booking = _in_time(_mine(actor))
        words = {"when": _when(booking)}
        call_off(actor, booking=booking, reason=_("Cancelled by the patient, by link."))
        _tell_the_desk(booking, _("The patient cancelled the visit of %(when)s by link. Offer another date.") % words)


def move_own_visit(actor: PatientByLink, *, choice: str) -> None:
    """The patient takes another of the times that were offered; raises ClinicError when it has gone meanwhile."""
    access.require(actor, Can.CHANGE_OWN_VISIT)
    with atomic():
        booking = _in_time(_mine(actor))
        place = chosen_place(booking, choice)
        if place is None:
            raise ClinicError(_("This time has just been taken. Choose another one."), "choice")
        words = {"was": _when(booking)}
        put_at(actor, booking=booking, place=place, wish=Wish(clinician_id=place.clinician.id))
        words["now"] = _when(booking)
        _tell_the_desk(booking, _("The patient moved the visit of %(was)s to %(now)s by link.") % words)


def follow_change(*, change_id: int, actor: Actor = CLINIC) -> None:
    """Every visit to come has one link, about what it is now; those about what it was open nothing any more."""
    with atomic():
        change = BookingChange.objects.select_related("by").get(pk=change_id)
        numbers = [int(number) for number in change.after.get(BOOKING, {})]
        bookings = Booking.objects.select_related("site", "patient", "booked_by").filter(pk__in=numbers)
        coming = {subject_of(each): each for each in bookings if each.state in COMING and each.starts_at > clock.now()}
        known = _end_others(actor, change, set(coming))
        wanted = [_wanted(booking, change.by) for subject, booking in coming.items() if subject not in known]
        make_links(actor, [each for each in wanted if each], purpose=PURPOSE)
        if change.by_patient:
            for booking in bookings:
                call_no_more(booking, change)
        audit.record(actor, "links.followed", change)


def _end_others(actor: Actor, change: BookingChange, coming: set[str]) -> set[str]:
    """Revoke what is about an earlier state of these visits; the subjects of the links that stay."""
    about = tuple(f"booking:{number}:" for number in change.after.get(BOOKING, {}))
    mine = [link for link in open_links(PURPOSE).filter(patient=change.patient_id) if link.subject.startswith(about)]
    for link in mine:
        if link.subject not in coming:
            revoke(actor, link)
    return {link.subject for link in mine} & coming


def _wanted(booking: Booking, by: User | None) -> Wanted | None:
    if booking.patient is None:
        return None
    made_by = by or booking.booked_by
    return Wanted(booking.patient, booking.site, subject_of(booking), made_by, booking.starts_at)


def _mine(actor: PatientByLink) -> OwnVisit:
    """The actor's visit, held until the transaction ends; raises OutOfScope when it has changed meanwhile."""
    found = own_visit(link_of(actor), hold=True)
    locked(actor)
    if found is None:
        raise OutOfScope(_("This link does not work any more."))
    return found


def _in_time(visit: OwnVisit) -> Booking:
    if not visit.open:
        raise ClinicError(_("It is too late to change this visit here. Please call us."))
    return visit.booking


def _when(booking: Booking) -> str:
    local = booking.starts_at.astimezone(booking.site.zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def _tell_the_desk(booking: Booking, text: str) -> None:
    Todo.objects.create(site=booking.site, patient=booking.patient, role=Role.FRONT_DESK, text=text, due_at=clock.now())
