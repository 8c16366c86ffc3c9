"""The writers of mails: each reads the live rows when its mail is sent, or says why none goes out any more."""

from collections.abc import Sequence
from dataclasses import replace

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.documents import content_of
from mesoclinic.errors import ClinicError
from mesoclinic.languages import spoken
from mesoclinic.outbox import Skip, composer
from mesoclinic.templatetags.components import patient_when
from mesoclinic.transport import Attachment, Mail
from patients.documents.intake import address_of
from patients.models import Notice
from patients.queries.contact import mail_hindrance
from sessions.documents.aftercare import aftercare_paper
from sessions.documents.calendar_files import files_for
from sessions.documents.letters import Letter, about_follow_up, about_offer, about_visits, after_visit, before_visit
from sessions.documents.words import spoken_to
from sessions.models import Booking, CheckIn, TreatmentRecord
from sessions.queries.bookings import COMING
from sessions.queries.changes import news_of, standing
from sessions.queries.check_ins import check_in_link_of
from sessions.queries.follow_ups import follow_up_of
from sessions.queries.own_offer import kept_for, offer_of, open_link_to
from sessions.queries.own_visit import open_link_of

MOST_ADDRESSES = 3


@composer("visits")
def visits(subject: str) -> Mail | Skip:
    """What became of visits, all changes of some minutes in one: as they stand now, or nothing when nothing changed."""
    notice = notice_of(subject)
    if hindrance := mail_hindrance(notice.patient):
        return Skip(hindrance)
    found = news_of(notice)
    if not found:
        return Skip("Nothing has changed for the patient.")
    letter = _with_addresses(notice, [each.booking for each in found if each.booking and each.starts_at])
    with spoken_to(notice.patient, notice.site):
        return _mail(notice, letter, files_for(notice.site, found))


@composer("reminder")
def reminder(subject: str) -> Mail | Skip:
    """MSG-01 and MSG-02: before a session."""
    notice = notice_of(subject)
    booking = booking_of(notice)
    if hindrance := mail_hindrance(notice.patient):
        return Skip(hindrance)
    if booking.state == Booking.State.CANCELLED:
        return Skip("The visit was cancelled.")
    if booking.state not in COMING or booking.starts_at <= clock.now():
        return Skip("The visit is over or has begun.")
    with spoken_to(notice.patient, notice.site):
        return _mail(notice, _with_addresses(notice, [booking]), files_for(notice.site, [standing(booking)]))


@composer("time_offer")
def time_offer(subject: str) -> Mail | Skip:
    """A time from the waiting list, as long as it is kept."""
    notice = notice_of(subject)
    offer = offer_of(notice.subject)
    link = open_link_to(offer) if offer else None
    if hindrance := mail_hindrance(notice.patient):
        return Skip(hindrance)
    if offer is None or link is None:
        return Skip("The time is kept no longer.")
    with spoken_to(notice.patient, notice.site):
        letter = about_offer(notice.site, offer.hold)
        return _mail(notice, replace(letter, closing=(*letter.closing, address_of(link))))


@composer("aftercare")
def aftercare(subject: str) -> Mail | Skip:
    """MSG-03: the aftercare sheet."""
    notice = notice_of(subject)
    record = record_of(notice)
    if hindrance := _hindrance(notice, record):
        return Skip(hindrance)
    paper = Attachment("aftercare.pdf", "application/pdf", content_of(aftercare_paper(record).document))
    return _mail(notice, letter_for(notice), (paper,))


@composer("check_in")
def check_in(subject: str) -> Mail | Skip:
    """MSG-04 to MSG-06: how are you."""
    notice = notice_of(subject)
    if CheckIn.objects.filter(notice=notice).exists():
        return Skip("The patient has answered.")
    return _asking(notice)


@composer("late_check")
def late_check(subject: str) -> Mail | Skip:
    """MSG-07: weeks after the last session of a course."""
    return _asking(notice_of(subject))


@composer("follow_up")
def follow_up(subject: str) -> Mail | Skip:
    """MSG-08 to MSG-11: an assessment, a recall, a new date, a consent."""
    notice = notice_of(subject)
    about = follow_up_of(notice)
    over = about.over or mail_hindrance(notice.patient)
    return Skip(over) if over else _mail(notice, letter_for(notice))


def letter_for(notice: Notice) -> Letter:
    """What a notice says, by mail or on paper."""
    with spoken_to(notice.patient, notice.site):
        if notice.subject.startswith("visits:"):
            return about_visits(notice.site, news_of(notice))
        if notice.subject.startswith("offer:"):
            return about_offer(notice.site, kept_for(notice.subject))
        if notice.subject.startswith("booking:"):
            return before_visit(notice, booking_of(notice))
        if notice.subject.startswith(("series:", "consent:")):
            return about_follow_up(notice, follow_up_of(notice))
        return after_visit(notice, record_of(notice))


def notice_of(subject: str) -> Notice:
    """The notice of a message's subject key, `notice:7`."""
    return Notice.objects.select_related("patient", "site").get(pk=_number(subject))


def booking_of(notice: Notice) -> Booking:
    """The live booking that the notice is about; raises ClinicError when it was undone."""
    booking = Booking.objects.select_related("site").filter(pk=_number(notice.subject)).first()
    if booking is None:
        raise ClinicError(_("The booking was undone."))
    return booking


def record_of(notice: Notice) -> TreatmentRecord:
    """The treatment record that the notice is about."""
    related = ("site", "patient", "candidacy", "fact_sheet", "session__series__plan_version__release")
    return TreatmentRecord.objects.select_related(*related).get(pk=_number(notice.subject))


def _with_addresses(notice: Notice, bookings: Sequence[Booking]) -> Letter:
    """The letter with the addresses at which the patient confirms, moves or cancels; of many visits none is named."""
    letter = letter_for(notice)
    links = [(booking, open_link_of(booking)) for booking in bookings] if len(bookings) <= MOST_ADDRESSES else []
    with spoken_to(notice.patient, notice.site):
        lines = [f"{patient_when(booking.starts_at)}: {address_of(link)}" for booking, link in links if link]
        if not lines:
            return letter
        words = _("To confirm, move or cancel without a call, for you alone:")
    return replace(letter, closing=(*letter.closing, words, *lines))


def _asking(notice: Notice) -> Mail | Skip:
    """A letter of questions, with the address at which they are answered by a tap each."""
    if hindrance := _hindrance(notice, record_of(notice)):
        return Skip(hindrance)
    letter, link = letter_for(notice), check_in_link_of(notice)
    if link is None:
        return _mail(notice, letter)
    with spoken_to(notice.patient, notice.site):
        words = _("To answer on your phone, a tap each, for you alone:")
    return _mail(notice, replace(letter, closing=(*letter.closing, words, address_of(link))))


def _hindrance(notice: Notice, record: TreatmentRecord) -> str:
    if record.state == TreatmentRecord.State.VOIDED:
        return "The treatment record was voided."
    return mail_hindrance(notice.patient)


def _mail(notice: Notice, letter: Letter, files: tuple[Attachment, ...] = ()) -> Mail:
    patient, site = notice.patient, notice.site
    context = {"letter": letter, "patient": patient, "site": site}
    with spoken_to(patient, site):
        text = render_to_string("mail/letter.txt", context)
        html = render_to_string("mail/letter.html", context)
    return Mail(patient.email, letter.subject, text, html, files, language=spoken(patient.language))


def _number(subject: str) -> int:
    return int(subject.partition(":")[2])
