"""A whole series is booked in one go, or nothing of it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

from django.db import IntegrityError
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict, RuleBroken, Taken
from mesoclinic.once import once
from mesoclinic.transactions import atomic
from patients.models import PlanVersion
from patients.services.hold import hold_unmerged
from sessions.models import AssessmentPoint, Booking, Series, TreatmentSession, WindowOverride
from sessions.queries.bookings import bookable_plan_for
from sessions.queries.naming import clash_words
from sessions.queries.series import SEEN_FORMAT, SeriesPlan, assessments_of, propose_series
from sessions.queries.stops import booking_stops
from sessions.rules.free_time import Place, place_of
from sessions.rules.series_places import Pick, Placed, Preferences, Proposal
from sessions.services.grid import Use, clashes_with, occupy_all
from sessions.services.undo import Deed, undoable
from sessions.services.visits import new_calendar_uid, person, uses_of

_SEEN = re.compile(r"(\d{12}-\d{1,19}-\d{1,19})(,\d{12}-\d{1,19}-\d{1,19})*")


class Unplaceable(ClinicError):
    """Not every session has a legal place; the proposal says which, why, and what is nearest."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(_("Not every session has a date. Nothing was booked. Change the wishes or the start."))
        self.proposal = proposal


@dataclass(frozen=True, slots=True)
class Override:
    """Sessions that may be after their window, and why."""

    ordinals: frozenset[int] = frozenset()
    reason: str = ""


IN_THEIR_WINDOWS = Override()


def book_series(
    actor: Actor,
    *,
    plan_id: int,
    preferences: Preferences,
    seen: str,
    key: str,
    override: Override = IN_THEIR_WINDOWS,
) -> Series:
    """Book every session of a signed plan, or none; `seen` are the places its user was shown.

    Raises Unplaceable, Taken (a shown place has gone meanwhile), Conflict (the plan is booked already) or ClinicError.
    The same key gives the same series again.
    """
    access.require(actor, Can.BOOK)
    body = {"plan": plan_id, "preferences": as_json(preferences), "seen": seen, "reason": override.reason}
    series = Series.objects.filter(
        pk=once(actor, key, body, lambda: _book(actor, plan_id, preferences, seen, override).pk)
    ).first()
    if series is None:
        raise Conflict(_("This series was undone. Open the page again to book anew."))
    return series


def _book(actor: Actor, plan_id: int, preferences: Preferences, seen: str, override: Override) -> Series:
    if not is_seen(seen):
        raise ClinicError(_("The form has lost its dates. Open the page again."))
    with atomic():
        version = _bookable(actor, plan_id)
        hold_unmerged(version.plan.patient_id)
        propose = partial(propose_series, version, overridden=override.ordinals)
        plan = as_shown(propose(preferences), seen, propose)
        if not plan.proposal.complete:
            raise Unplaceable(plan.proposal)
        if plan.late:
            check_override(actor, override.reason)
        series = _series(actor, version, preferences)
        AssessmentPoint.objects.bulk_create(
            AssessmentPoint(series=series, code=each.code) for each in assessments_of(version, _days(plan))
        )
        with undoable(actor, Deed.BOOKED, site=series.site, patient_id=series.patient_id) as made:
            made.made(_take(actor, series, plan), series=series)
            sessions = {each.ordinal: each for each in series.sessions.all()} if plan.late else {}
            for late in plan.late:
                record_override(actor, sessions[late.ordinal], plan, late, override.reason)
        audit.record(actor, "series.booked", series, changed=["sessions"])
        news.announce("series.booked", series_id=series.pk)
    return series


def _take(actor: Actor, series: Series, plan: SeriesPlan) -> list[Booking]:
    placed = list(plan.proposal.sessions)
    sessions = TreatmentSession.objects.bulk_create(
        TreatmentSession(series=series, ordinal=each.ordinal, state=TreatmentSession.State.BOOKED) for each in placed
    )
    bookings = Booking.objects.bulk_create(
        visit_of(actor, series, plan, session, _place(each)) for session, each in zip(sessions, placed, strict=True)
    )
    uses = [uses_of(_place(each), series.patient_id) for each in placed]
    try:
        occupy_all(list(zip(bookings, uses, strict=True)))
    except Taken as gone:
        instead = propose_series(plan.version, plan.preferences).proposal.placed
        raise Taken(gone.message, [each.place for each in instead]) from None
    return bookings


def check_override(actor: Actor, reason: str) -> None:
    """A session after its window needs the capability and a reason; before its window nothing helps (SD-01)."""
    access.require(actor, Can.OVERRIDE_FINDING)
    if not reason.strip():
        raise ClinicError(_("Enter the reason for a date outside the window."), "reason")


def record_override(actor: Actor, session: TreatmentSession, plan: SeriesPlan, placed: Placed, reason: str) -> None:
    """Keep who let a session be on this day after its window, and why."""
    if placed.window is None:
        raise ValueError(f"session {placed.ordinal} is late without a window")
    override = WindowOverride.objects.create(
        session=session,
        window_ends_on=placed.window.latest,
        on=plan.day(_place(placed)),
        reason=reason.strip(),
        by=person(actor),
        at=clock.now(),
    )
    audit.record(actor, "window.overridden", override, patient_id=session.series.patient_id, reason=reason.strip())


def as_json(preferences: Preferences) -> dict[str, object]:
    """The preferences as they are kept with the series."""
    return {
        "start": preferences.start.isoformat(),
        "weekdays": sorted(preferences.weekdays),
        "earliest": f"{preferences.earliest:%H:%M}",
        "latest": f"{preferences.latest:%H:%M}",
        "clinician": preferences.clinician_id,
        "picks": {
            str(ordinal): [pick.starts_at.isoformat(), pick.clinician_id] for ordinal, pick in preferences.picks.items()
        },
    }


def _bookable(actor: Actor, plan_id: int) -> PlanVersion:
    found = bookable_plan_for(actor, plan_id)
    if found.version is None:
        raise ClinicError(found.refusal)
    if found.series is not None:
        raise _booked_already(found.series)
    if stops := booking_stops(found.version):
        words = " ".join(f"{each.rule}: {each.reason}. {each.action}." for each in stops)
        raise RuleBroken(words, stops)
    return found.version


def _booked_already(series: Series | None) -> Conflict:
    if series is None:
        return Conflict(_("A colleague has just booked this series. Nothing was booked twice."))
    by = series.booked_by
    who = f"{by.name} ({by.role_names})"
    return Conflict(_("%(who)s has booked this series already. Nothing was booked twice.") % {"who": who})


def as_shown(plan: SeriesPlan, seen: str, propose: Callable[[Preferences], SeriesPlan]) -> SeriesPlan:
    """Nobody books dates they have not seen: those stay while free, otherwise a taken one is named."""
    kept = plan if plan.seen == seen else propose(_with(plan, seen))
    if kept.seen == seen:
        return kept
    shown, found = seen.split(","), plan.seen.split(",")
    changed = [
        (ordinal, was)
        for ordinal, was in enumerate(shown, start=plan.course.first)
        if was not in found[ordinal - plan.course.first :][:1]
    ]
    if changed:
        taken = ((ordinal, was) for ordinal, was in changed if clashes_with(_uses_shown(plan, was)))
        raise _gone(plan, *next(taken, changed[0]))
    raise Taken(_("The dates have changed meanwhile. Nothing was booked. Look at them again."))


def is_seen(text: str) -> bool:
    """Whether a text names places as a form carries them."""
    return bool(_SEEN.fullmatch(text))


def _with(plan: SeriesPlan, seen: str) -> Preferences:
    """The same wishes with every place that was shown chosen by hand: a better one may have come free."""
    shown = enumerate((was.split("-") for was in seen.split(",")), start=plan.course.first)
    moments = {ordinal: (_moment(moment), int(clinician)) for ordinal, (moment, clinician, _room) in shown}
    picks = {ordinal: Pick(moment, clinician) for ordinal, (moment, clinician) in moments.items() if moment}
    return replace(plan.preferences, picks=picks)


def _gone(plan: SeriesPlan, ordinal: int, was: str) -> Taken:
    placed = plan.proposal.sessions[ordinal - plan.course.first] if ordinal <= plan.course.count else None
    alternatives = [placed.place, *placed.choices] if placed else []
    clash = clashes_with(_uses_shown(plan, was))
    words = clash_words(clash) if clash else _("The times shown have gone meanwhile. Nothing was booked.")
    return Taken(words, [each for each in alternatives if each])


def _uses_shown(plan: SeriesPlan, was: str) -> list[Use]:
    """What the place that was shown would take; nothing when the text names no time or nobody known here."""
    moment, clinician, room = was.split("-")
    worker = next((each for each in plan.clinic.workers if each.id == int(clinician)), None)
    starts_at = _moment(moment)
    if worker is None or starts_at is None:
        return []
    thing = next((each for each in plan.clinic.rooms if each.id == int(room)), None)
    return uses_of(place_of(plan.clinic, starts_at, worker, thing, None), plan.clinic.patient_id)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, SEEN_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _series(actor: Actor, version: PlanVersion, preferences: Preferences) -> Series:
    try:
        with atomic():
            return Series.objects.create(
                plan_version=version,
                patient_id=version.plan.patient_id,
                site=version.plan.site,
                preferences=as_json(preferences),
                booked_at=clock.now(),
                booked_by=person(actor),
            )
    except IntegrityError:
        raise _booked_already(Series.objects.filter(plan_version=version).first()) from None


def visit_of(actor: Actor, series: Series, plan: SeriesPlan, session: TreatmentSession, place: Place) -> Booking:
    """The visit of a session at a place, not saved yet."""
    return Booking(
        site=series.site,
        kind=plan.visit_type.kind,
        visit_type_name=plan.visit_type.name,
        patient_id=series.patient_id,
        clinician_id=place.clinician.id,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        treatment_session=session,
        calendar_uid=new_calendar_uid(),
        booked_by=person(actor),
        booked_at=clock.now(),
    )


def _place(placed: Placed) -> Place:
    if placed.place is None:
        raise ValueError(f"session {placed.ordinal} has no place")
    return placed.place


def _days(plan: SeriesPlan) -> list[date | None]:
    return [_place(each).starts_at.astimezone(plan.clinic.zone).date() for each in plan.proposal.sessions]
