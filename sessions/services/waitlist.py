"""The waiting list: somebody waits, a time that was given back is kept for the next in turn until they answer."""

from collections.abc import Sequence
from datetime import time, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import Role
from mesoclinic.actors import Actor, PatientByLink
from mesoclinic.errors import ClinicError, Conflict, OutOfScope
from mesoclinic.transactions import atomic
from patients.models import Todo
from patients.queries.contact import mail_hindrance
from patients.queries.links import open_links
from patients.services import notices
from patients.services.hold import hold_unmerged
from patients.services.links import Wanted, link_of, locked, make_links, revoke
from patients.services.notices import Matter
from sessions.models import Booking, TimeOffer, TreatmentSession, WaitingEntry
from sessions.queries.own_offer import PURPOSE, offer_id_of, subject_of
from sessions.queries.series import live_visit
from sessions.queries.treatment import session_for
from sessions.queries.waitlist import (
    MAY_WAIT,
    Candidate,
    all_offers,
    entry_for,
    fit,
    freed_for,
    freed_time,
    is_open,
    offer_for,
)
from sessions.rules.free_time import Place, Wish
from sessions.services.grid import occupy, release
from sessions.services.undo import Deed, undoable
from sessions.services.visits import new_calendar_uid, person, put_at, uses_of

RULE, MAIL = "OFFER", "time_offer"


def wait_for_time(
    actor: Actor, *, session_id: int, weekdays: Sequence[int] = (), earliest: time = time.min, latest: time = time.max
) -> WaitingEntry:
    """Put a session on the waiting list; what was asked for before is replaced, the place in the order stays."""
    access.require(actor, Can.BOOK)
    with atomic():
        session = session_for(actor, session_id)
        if session.state not in MAY_WAIT:
            raise Conflict(_("This session is no longer to be booked."))
        if earliest > latest:
            raise ClinicError(_("The day would end before it begins."), "latest")
        wished = {"weekdays": sorted(weekdays), "earliest": earliest, "latest": latest}
        entry, new = WaitingEntry.objects.update_or_create(
            session=session,
            ended_at=None,
            defaults=wished,
            create_defaults={**wished, "since": clock.now(), "by": person(actor)},
        )
        action = "waiting.began" if new else "waiting.changed"
        audit.record(actor, action, entry, patient_id=session.series.patient_id, changed=sorted(wished))
    return entry


def stop_waiting(actor: Actor, *, entry_id: int) -> WaitingEntry:
    """Take a session off the waiting list."""
    access.require(actor, Can.BOOK)
    with atomic():
        entry = entry_for(actor, entry_id)
        _end_waiting(actor, entry)
    return entry


def offer_time(actor: Actor, *, freed_id: int, entry_id: int, by_mail: bool = False) -> TimeOffer:
    """Keep a freed time for whoever is next in turn, who is called or gets a mail with a link.

    Raises Conflict for anybody else, and while one is asked; ClinicError when the patient may not be written to.
    """
    access.require(actor, Can.BOOK)
    with atomic():
        Booking.objects.select_for_update(of=("self",)).get(pk=freed_for(actor, freed_id).pk)
        freed = freed_for(actor, freed_id)
        entry = entry_for(actor, entry_id)
        hold_unmerged(entry.session.series.patient_id)
        place = _next_in_turn(actor, freed, entry)
        hold = _hold(actor, freed, entry, place, by_mail=by_mail)
        offer = TimeOffer.objects.create(freed=freed, entry=entry, hold=hold, by=person(actor), at=clock.now())
        if by_mail:
            _write_to(actor, offer)
        audit.record(actor, "time.offered", offer, patient_id=hold.patient_id, site_id=freed.site_id)
    return offer


def answer_offer(actor: Actor, *, offer_id: int, taken: bool) -> TimeOffer:
    """The patient has said yes, and the visit is there; or no, and the time is free for the next in turn."""
    access.require(actor, Can.BOOK)
    with atomic():
        offer_for(actor, offer_id)
        offer = _open_offer(offer_id)
        _settle(actor, offer, taken=taken)
        for link in open_links(PURPOSE).filter(subject=subject_of(offer)):
            revoke(actor, link)
    return offer


def answer_own_offer(actor: PatientByLink, *, taken: bool) -> TimeOffer:
    """The patient answers by link, once; the desk is told of a no, as somebody else is next in turn."""
    access.require(actor, Can.CHANGE_OWN_VISIT)
    with atomic():
        offer = _open_offer(offer_id_of(link_of(actor)))
        link = locked(actor)
        if offer.hold.patient_id != link.patient_id:
            raise OutOfScope(_("This link does not work any more."))
        _settle(actor, offer, taken=taken)
        link.used_at = clock.now()
        link.save(update_fields=["used_at"])
        if not taken:
            _tell_the_desk(offer)
    return offer


def _settle(actor: Actor, offer: TimeOffer, *, taken: bool) -> None:
    if taken:
        _take(actor, offer)
        _end_waiting(actor, offer.entry)
    else:
        _let_go(offer.hold)
    offer.state = TimeOffer.State.TAKEN if taken else TimeOffer.State.REFUSED
    offer.save(update_fields=["state"])
    audit.record(actor, f"offer.{offer.state}", offer, patient_id=offer.hold.patient_id, changed=["state"])


def _write_to(actor: Actor, offer: TimeOffer) -> None:
    hold = offer.hold
    if hold.patient is None or hold.held_until is None:
        raise ValueError(f"offer {offer.pk} is kept for nobody")
    if hindrance := mail_hindrance(hold.patient):
        raise ClinicError(_(hindrance))
    subject = subject_of(offer)
    wanted = Wanted(hold.patient, hold.site, subject, person(actor), hold.held_until)
    make_links(actor, [wanted], purpose=PURPOSE)
    notices.promise(Matter(hold.patient, hold.site, RULE, subject, MAIL), due=clock.now())


def _tell_the_desk(offer: TimeOffer) -> None:
    hold = offer.hold
    local = hold.starts_at.astimezone(hold.site.zone)
    text = _("The time of %(when)s was not taken. Offer it to the next in turn.")
    words = {"when": f"{local.day} {local:%b %Y, %H:%M}"}
    Todo.objects.create(
        site=hold.site, patient=hold.patient, role=Role.FRONT_DESK, text=text % words, due_at=clock.now()
    )


def _next_in_turn(actor: Actor, freed: Booking, entry: WaitingEntry) -> Place:
    found = freed_time(actor, freed)
    if found.open_offer is not None:
        raise Conflict(_("This time is being offered to somebody already. Wait for the answer."))
    due: Candidate | None = found.next
    if due is None or due.entry.pk != entry.pk or due.place is None:
        raise Conflict(_("Somebody else is next in turn, or the time has gone. Look at the list again."))
    return due.place


def _hold(actor: Actor, freed: Booking, entry: WaitingEntry, place: Place, *, by_mail: bool) -> Booking:
    minutes = settings.WAITLIST_MAIL_MINUTES if by_mail else settings.WAITLIST_HOLD_MINUTES
    made = Booking.objects.create(
        site=freed.site,
        kind=freed.kind,
        visit_type_name=freed.visit_type_name,
        patient_id=entry.session.series.patient_id,
        clinician_id=place.clinician.id,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        state=Booking.State.HELD,
        held_until=min(clock.now() + timedelta(minutes=minutes), place.starts_at),
        note=_("Offered from the waiting list"),
        calendar_uid=new_calendar_uid(),
        booked_by=person(actor),
        booked_at=clock.now(),
    )
    occupy(made, uses_of(place, made.patient_id))
    audit.record(actor, "booking.held", made)
    return made


def _open_offer(offer_id: int) -> TimeOffer:
    """The offer with its hold, locked; raises Conflict once it is answered or the hold has ended."""
    visits = Q(time_offer=offer_id) | Q(treatment_session__waiting__offers=offer_id)
    list(Booking.objects.select_for_update(of=("self",)).filter(visits).order_by("pk"))
    offer = all_offers().get(pk=offer_id)
    hold_unmerged(offer.entry.session.series.patient_id)
    if not is_open(offer):
        raise Conflict(_("The time is kept no longer. Offer it again, as long as it is free."))
    return offer


def _take(actor: Actor, offer: TimeOffer) -> None:
    entry, hold = offer.entry, offer.hold
    visit = live_visit(entry.session)
    __, place, reason = fit(entry, offer.freed, besides=[hold.pk])
    if place is None:
        raise Conflict(reason)
    if visit is not None:
        _let_go(hold)
        put_at(actor, booking=visit, place=place, wish=Wish(clinician_id=place.clinician.id))
    else:
        _book_hold(actor, hold, entry.session)


def _book_hold(actor: Actor, hold: Booking, session: TreatmentSession) -> None:
    """What was kept becomes the visit: nobody can get in between."""
    with undoable(actor, Deed.BOOKED, site=hold.site, patient_id=hold.patient_id) as made:
        made.keep([hold], series=session.series)
        hold.state, hold.held_until, hold.treatment_session, hold.note = Booking.State.BOOKED, None, session, ""
        hold.version += 1
        hold.save(update_fields=["state", "held_until", "treatment_session", "note", "version"])
        session.state, session.flag = TreatmentSession.State.BOOKED, ""
        session.save(update_fields=["state", "flag"])
        audit.record(actor, "booking.made", hold)
        news.announce("booking.made", booking_id=hold.pk)


def _let_go(hold: Booking) -> None:
    release(hold)
    hold.state, hold.version = Booking.State.CANCELLED, hold.version + 1
    hold.save(update_fields=["state", "version"])


def _end_waiting(actor: Actor, entry: WaitingEntry) -> None:
    entry.ended_at = clock.now()
    entry.save(update_fields=["ended_at"])
    audit.record(actor, "waiting.ended", entry, patient_id=entry.session.series.patient_id, changed=["ended_at"])
