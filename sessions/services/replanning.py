"""The rest of a series planned anew in one go: what was performed stays, every other session keeps its place in it."""

from dataclasses import replace

from django.utils.translation import gettext as _

from mesoclinic import access, audit, news
from mesoclinic.access import Can
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, RuleBroken, StaleRecord, Taken
from mesoclinic.once import once
from mesoclinic.transactions import atomic
from patients.services.hold import hold_unmerged
from sessions.models import Booking, Series, TreatmentSession
from sessions.queries.bookings import series_for
from sessions.queries.replanning import Change, Fate, Rest, Wishes, rest_of
from sessions.queries.series import SeriesPlan
from sessions.queries.stops import booking_stops
from sessions.rules.free_time import Place
from sessions.rules.series_places import Preferences
from sessions.services.booking import as_json, as_shown, check_override, is_seen, record_override, visit_of
from sessions.services.grid import occupy_all, release_all
from sessions.services.undo import Deed, undoable
from sessions.services.visits import call_off, lead_to, uses_of

MOVED = ("starts_at", "ends_at", "clinician", "version", "calendar_sequence")


def replan_series(actor: Actor, *, series_id: int, wishes: Wishes, seen: str, key: str) -> Series:
    """Move, book and cancel what changes in the rest of a series, or nothing; `seen` is what its user was shown.

    Raises StaleRecord (a visit was changed meanwhile), Taken (a shown place has gone), RuleBroken or ClinicError.
    """
    access.require(actor, Can.BOOK)
    body = {"series": series_id, "wishes": _as_json(wishes), "seen": seen}
    return series_for(actor, once(actor, key, body, lambda: _replan(actor, series_id, wishes, seen)))


def _replan(actor: Actor, series_id: int, wishes: Wishes, seen: str) -> int:
    with atomic():
        series = _held(actor, series_id)
        if stops := booking_stops(series.plan_version):
            raise RuleBroken(" ".join(f"{each.rule}: {each.reason}. {each.action}." for each in stops), stops)
        rest = _as_shown(series, wishes, seen)
        if rest.late:
            check_override(actor, wishes.reason)
        if not rest.changed:
            raise ClinicError(_("Every visit stays as it is. Nothing was changed."))
        with undoable(actor, Deed.REPLANNED, site=series.site, patient_id=series.patient_id) as made:
            made.keep(rest.visits, series=series)
            _give_up(actor, rest)
            made.made(_take(actor, rest))
            for change in rest.late:
                record_override(actor, change.ahead.session, rest.plan, change.placed, wishes.reason)
        audit.record(actor, "series.replanned", series, patient_id=series.patient_id, changed=["sessions"])
    return series.pk


def _held(actor: Actor, series_id: int) -> Series:
    """The series with its visits, held until the transaction ends; in the same order as whoever undoes a change."""
    patient_id = series_for(actor, series_id).patient_id
    visits = Booking.objects.select_for_update(of=("self",)).filter(treatment_session__series=series_id)
    list(visits.order_by("pk").values_list("pk", flat=True))
    hold_unmerged(patient_id)
    list(Series.objects.select_for_update(of=("self",)).filter(pk=series_id).values_list("pk", flat=True))
    return series_for(actor, series_id)


def _as_shown(series: Series, wishes: Wishes, seen: str) -> Rest:
    before, _bar, places = seen.partition("|")
    if places and not is_seen(places):
        raise ClinicError(_("The form has lost its dates. Open the page again."))
    rest = rest_of(series, wishes)
    if rest.before != before:
        raise StaleRecord(_("A visit of this series was changed meanwhile. Nothing was changed. Look at it again."))
    if rest.plan.seen == places:
        return rest

    def again(preferences: Preferences) -> SeriesPlan:
        return rest_of(series, replace(wishes, preferences=preferences)).plan

    kept = as_shown(rest.plan, places, again) if places else None
    if kept is None:
        raise Taken(_("The dates have changed meanwhile. Nothing was booked. Look at them again."))
    return rest_of(series, replace(wishes, preferences=replace(wishes.preferences, picks=kept.preferences.picks)))


def _give_up(actor: Actor, rest: Rest) -> None:
    """Visits to which nobody came are recorded as missed; those that lose their date are cancelled."""
    for change in rest.changes:
        visit = change.ahead.visit
        if visit is None:
            continue
        if change.ahead.over and visit.state != Booking.State.HELD:
            lead_to(actor, booking=visit, state=Booking.State.NO_SHOW)
        elif change.ahead.over or change.fate == Fate.FREED:
            call_off(actor, booking=visit, reason=_("The rest of the course was planned again."))


def _take(actor: Actor, rest: Rest) -> list[Booking]:
    """Move and book what has a new place, all at once; the new visits."""
    moving, booking = rest.of(Fate.MOVED), rest.of(Fate.BOOKED)
    moved = [_moved(change) for change in moving]
    release_all(moved)
    for visit in moved:
        visit.save(update_fields=MOVED)
    new = Booking.objects.bulk_create(
        visit_of(actor, rest.series, rest.plan, change.ahead.session, _place(change)) for change in booking
    )
    _occupy(rest, [*moved, *new], [_place(change) for change in (*moving, *booking)])
    sessions = [change.ahead.session.pk for change in booking]
    TreatmentSession.objects.filter(pk__in=sessions).update(state=TreatmentSession.State.BOOKED, flag="")
    for visit in moved:
        audit.record(actor, "booking.moved", visit, changed=MOVED)
        news.announce("booking.moved", booking_id=visit.pk)
    for visit in new:
        audit.record(actor, "booking.made", visit)
        news.announce("booking.made", booking_id=visit.pk)
    return new


def _moved(change: Change) -> Booking:
    visit, place = change.ahead.visit, _place(change)
    if visit is None:
        raise ValueError(f"session {change.placed.ordinal} has no visit to move")
    visit.starts_at, visit.ends_at, visit.clinician_id = place.starts_at, place.ends_at, place.clinician.id
    visit.version += 1
    visit.calendar_sequence += 1
    return visit


def _occupy(rest: Rest, visits: list[Booking], places: list[Place]) -> None:
    uses = [uses_of(place, rest.series.patient_id) for place in places]
    try:
        occupy_all(list(zip(visits, uses, strict=True)))
    except Taken as gone:
        others = [choice for change in rest.of(Fate.MOVED, Fate.BOOKED) for choice in change.placed.choices]
        raise Taken(gone.message, others) from None


def _place(change: Change) -> Place:
    if change.placed.place is None:
        raise ValueError(f"session {change.placed.ordinal} has no place")
    return change.placed.place


def _as_json(wishes: Wishes) -> dict[str, object]:
    return {
        "preferences": as_json(wishes.preferences),
        "visit": wishes.visit_id,
        "keep": wishes.keep,
        "same_day": wishes.same_day,
        "overridden": sorted(wishes.overridden),
        "reason": wishes.reason,
    }
