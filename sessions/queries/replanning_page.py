"""The rest of a course before and after, as the page shows it: what moves, in words, and what has no date and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import PlanVersion
from sessions.models import Booking, Series, TreatmentSession
from sessions.queries.proposal import Choice, row_of
from sessions.queries.replanning import Change, Fate, Rest, Wishes, rest_of
from sessions.queries.series import Assessment, assessments_of


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One session ahead: its visit before, its place after, and what becomes of it in words."""

    ordinal: int
    before: datetime | None
    before_clinician: str
    before_note: str
    after: datetime | None
    clinician: str
    room: str
    fate: Fate
    words: str
    reason: str
    choices: Sequence[Choice]
    last_safe: date | None
    late: bool


@dataclass(frozen=True, slots=True)
class ShownRest:
    """The rest of a course as the page shows it; `plan_version` and `series` are what it belongs to."""

    series: Series
    plan_version: PlanVersion
    done: Sequence[tuple[TreatmentSession, date]]
    rows: Sequence[ShownChange]
    assessments: Sequence[Assessment]
    seen: str
    changed: bool

    @property
    def moving(self) -> int:
        """How many visits confirming books or moves."""
        return sum(row.fate in (Fate.MOVED, Fate.BOOKED) for row in self.rows)

    @property
    def kept(self) -> int:
        return sum(row.fate == Fate.KEPT for row in self.rows)

    @property
    def without(self) -> int:
        """How many sessions have no date afterwards."""
        return sum(row.fate in (Fate.FREED, Fate.OPEN) for row in self.rows)


def shown_rest(series: Series, wishes: Wishes) -> ShownRest:
    """What these wishes lead to; writes nothing."""
    return shown_of(rest_of(series, wishes))


def shown_of(rest: Rest) -> ShownRest:
    """A proposal for the rest of a course in words."""
    series = rest.series
    rows = [_row(rest, change) for change in rest.changes]
    days = [*(day for _session, day in rest.done), *(row.after.date() if row.after else None for row in rows)]
    return ShownRest(
        series=series,
        plan_version=series.plan_version,
        done=rest.done,
        rows=rows,
        assessments=assessments_of(series.plan_version, days),
        seen=rest.seen,
        changed=rest.changed,
    )


def _row(rest: Rest, change: Change) -> ShownChange:
    ahead, placed = change.ahead, change.placed
    proposed = row_of(rest.plan, placed, lambda day: 0)
    before = _local(rest, ahead.visit)
    waits = change.fate == Fate.KEPT and placed.place is None
    after = before if waits else proposed.starts
    window = placed.window
    return ShownChange(
        ordinal=ahead.session.ordinal,
        before=before,
        before_clinician=ahead.visit.clinician.name if ahead.visit and ahead.visit.clinician else "",
        before_note=_("Nobody came") if ahead.over else ahead.session.flag if ahead.visit is None else "",
        after=after,
        clinician=ahead.visit.clinician.name if waits and ahead.visit and ahead.visit.clinician else proposed.clinician,
        room=proposed.room,
        fate=change.fate,
        words=_words(change.fate, before, after),
        reason="" if waits else proposed.reason,
        choices=proposed.choices,
        last_safe=window.latest if window and placed.place is None else None,
        late=proposed.late,
    )


def _words(fate: Fate, before: datetime | None, after: datetime | None) -> str:
    if fate == Fate.MOVED and before and after:
        return _moved(before, after)
    return {
        Fate.KEPT: _("Unchanged"),
        Fate.MOVED: _("Moves"),
        Fate.BOOKED: _("New date"),
        Fate.FREED: _("Loses its date"),
        Fate.OPEN: _("No date"),
    }[fate]


def _moved(before: datetime, after: datetime) -> str:
    days = (after.date() - before.date()).days
    if days > 0:
        return ngettext("Moves %(days)d day later", "Moves %(days)d days later", days) % {"days": days}
    if days < 0:
        return ngettext("Moves %(days)d day earlier", "Moves %(days)d days earlier", -days) % {"days": -days}
    return _("Other hour that day") if before.time() != after.time() else _("Other clinician")


def _local(rest: Rest, visit: Booking | None) -> datetime | None:
    return visit.starts_at.astimezone(rest.plan.clinic.zone) if visit else None
