"""What a message to a patient says: the same words as mail and on paper, in the language that is active."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mesoclinic.sites import Site
from mesoclinic.templatetags.components import patient_date, patient_when
from patients.models import Notice
from sessions.documents.words import moment_words
from sessions.models import Booking, TreatmentRecord
from sessions.queries.aftercare import instructions_for, next_session_after
from sessions.queries.changes import VisitNews
from sessions.queries.follow_ups import FollowUp
from sessions.rules.aftercare import Instruction

WASHING = "AC-01a"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message without greeting and signature; the subject says nothing of the treatment."""

    subject: str
    opening: str
    points: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    emergency: bool = False


def before_visit(notice: Notice, booking: Booking) -> Letter:
    """MSG-01 prepares, MSG-02 confirms."""
    return _PREPARES[notice.rule](booking)


def about_visits(site: Site, found: Sequence[VisitNews]) -> Letter:
    """The dates that were made, moved and cancelled, each as it is now."""
    new = all(each.was is None for each in found)
    return Letter(
        subject=_subject(site),
        opening=_("These visits are booked for you:") if new else _("Your visits with us have changed:"),
        points=tuple(_became(each) for each in found),
        closing=(_("Call us if a date does not suit you."), *_where(site)),
    )


def about_offer(site: Site, kept: Booking) -> Letter:
    """A time that has become free, and until when it is kept."""
    words = {"when": patient_when(kept.starts_at), "until": patient_when(kept.held_until)}
    return Letter(
        subject=_subject(site),
        opening=_("A time has become free: %(when)s. We keep it for you until %(until)s.") % words,
        closing=(*_where(site), _("To take it or leave it without a call, for you alone:")),
    )


def about_follow_up(notice: Notice, about: FollowUp) -> Letter:
    """MSG-08 to MSG-11: what to do next, and until when."""
    return _NEXT[notice.rule](notice.site, about)


def after_visit(notice: Notice, record: TreatmentRecord) -> Letter:
    """MSG-03 to MSG-07."""
    return _FOLLOWS[notice.rule](record)


def _prepare(booking: Booking) -> Letter:
    return Letter(
        subject=_subject(booking.site),
        opening=_("You have a visit on %(when)s.") % {"when": patient_when(booking.starts_at)},
        points=(
            _("Eat as usual before you come."),
            _("Wash your hair the evening before."),
            _("Use no new hair or skin products until then."),
            _("Bring a list of your medicines."),
            _("Call us before the visit if you are ill, are or may be pregnant, or take a new medicine."),
        ),
        closing=_where(booking.site),
    )


def _confirm(booking: Booking) -> Letter:
    return Letter(
        subject=_subject(booking.site),
        opening=_("We look forward to seeing you on %(when)s.") % {"when": patient_when(booking.starts_at)},
        points=(
            _("Call us if you cannot come, so that we find another date."),
            _("Call us before the visit if you are ill, are or may be pregnant, or take a new medicine."),
        ),
        closing=_where(booking.site),
    )


def _sheet(record: TreatmentRecord) -> Letter:
    found = {each.id: each for each in instructions_for(record)}
    return Letter(
        subject=_subject(record.site),
        opening=_("Thank you for your visit. The sheet in this message says what to do in the next days."),
        points=_until(found, (WASHING, "AC-09", "AC-05b", "AC-02a"), record),
        closing=_next(record),
        emergency=True,
    )


def _day_one(record: TreatmentRecord) -> Letter:
    found = {each.id: each for each in instructions_for(record)}
    return Letter(
        subject=_subject(record.site),
        opening=_("How are you today? Call us if you answer yes to one of these questions."),
        points=(
            _("Is the pain strong, or does it grow?"),
            _("Is your face swollen, or an eyelid?"),
            _("Do you have a fever, or does a place give pus?"),
        ),
        closing=_until(found, (WASHING,), record),
        emergency=True,
    )


def _day_three(record: TreatmentRecord) -> Letter:
    found = {each.id: each for each in instructions_for(record)}
    return Letter(
        subject=_subject(record.site),
        opening=_("How are you today? Call us if you answer yes to one of these questions."),
        points=(
            _("Do you have a fever, redness that spreads, or pus?"),
            _("Do you have a rash, itching or swelling that was not there before?"),
        ),
        closing=_until(found, ("AC-01b", "AC-01c", "AC-02a", "AC-06"), record),
        emergency=True,
    )


def _day_seven(record: TreatmentRecord) -> Letter:
    return Letter(
        subject=_subject(record.site),
        opening=_("A week has passed since your visit."),
        points=(
            _("Bruises should be gone by now. Call us if one is not."),
            _("Some hair may shed in the next weeks. It usually settles."),
            _("Call us if you see a bald patch, scales, or have pain."),
        ),
        closing=_next(record),
        emergency=True,
    )


def _late(record: TreatmentRecord) -> Letter:
    return Letter(
        subject=_subject(record.site),
        opening=_("Some time has passed since your last visit. Call us if you notice one of these."),
        points=(
            _("A lump, or a place that does not heal."),
            _("A bald patch that was not there before."),
        ),
        closing=_where(record.site),
        emergency=True,
    )


def _assess(site: Site, about: FollowUp) -> Letter:
    told = _("Your assessment is on %(when)s.") % {"when": patient_when(about.at)} if about.at else ""
    asked = _("Your assessment is due around %(day)s. Call us for a date.") % {"day": patient_date(about.day)}
    return Letter(
        subject=_subject(site),
        opening=told or asked,
        points=(_("We measure and take photographs as we did at the start."),),
        closing=_where(site),
    )


def _call_back(site: Site, about: FollowUp) -> Letter:
    return Letter(
        subject=_subject(site),
        opening=_("Some time has passed since your last visits. Call us if we should look at how it goes on."),
        closing=_where(site),
    )


def _new_date(site: Site, about: FollowUp) -> Letter:
    last = _("The new date should be no later than %(day)s.") % {"day": patient_date(about.day)} if about.day else ""
    return Letter(
        subject=_subject(site),
        opening=_("We did not see you on %(when)s. Call us for a new date.") % {"when": patient_when(about.at)},
        points=(last,) if last else (),
        closing=_where(site),
    )


def _renew(site: Site, about: FollowUp) -> Letter:
    return Letter(
        subject=_subject(site),
        opening=_("Your written consent holds until %(day)s.") % {"day": patient_date(about.day)},
        points=(_("Read and sign it again with us before your next visit after that day. You may also say no."),),
        closing=_where(site),
    )


def _became(visit: VisitNews) -> str:
    before, now = (patient_when(each) if each else "" for each in (visit.was, visit.starts_at))
    if not before:
        return now
    words = _("%(now)s instead of %(before)s") if now else _("%(before)s is cancelled")
    return words % {"now": now, "before": before}


def _subject(site: Site) -> str:
    # One line whatever the site is called: a mail's header can hold no other.
    return _("A message from %(site)s") % {"site": " ".join(site.name.split())}


def _where(site: Site) -> tuple[str, ...]:
    lines = (site.name, " ".join(site.address.split()), _("Telephone %(number)s") % {"number": site.phone})
    return tuple(line for line in (lines if site.phone else lines[:-1]) if line)


def _until(found: dict[str, Instruction], rules: tuple[str, ...], record: TreatmentRecord) -> tuple[str, ...]:
    chosen = [found[rule] for rule in rules if rule in found]
    return tuple(
        _("%(what)s until %(when)s.") % {"what": _(each.text), "when": moment_words(each.stop, since=record.ended_at)}
        for each in chosen
        if each.stop is not None
    )


def _next(record: TreatmentRecord) -> tuple[str, ...]:
    coming = next_session_after(record)
    return (_("Your next visit: %(when)s.") % {"when": patient_when(coming.starts_at)},) if coming else ()


_PREPARES: dict[str, Callable[[Booking], Letter]] = {"MSG-01": _prepare, "MSG-02": _confirm}
_NEXT: dict[str, Callable[[Site, FollowUp], Letter]] = {
    "MSG-08": _assess,
    "MSG-09a": _call_back,
    "MSG-09b": _call_back,
    "MSG-10": _new_date,
    "MSG-11": _renew,
}
_FOLLOWS: dict[str, Callable[[TreatmentRecord], Letter]] = {
    "MSG-03": _sheet,
    "MSG-04": _day_one,
    "MSG-05": _day_three,
    "MSG-06": _day_seven,
    "MSG-07a": _late,
    "MSG-07b": _late,
}
