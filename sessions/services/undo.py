"""Changes of bookings remember what was before, so that their doer can take them back for three minutes."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db import models
from django.db.models import ProtectedError, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor, PatientByLink
from mesoclinic.errors import Conflict
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from sessions.models import Booking, BookingChange, BookingUse, Series, TreatmentSession
from sessions.queries.changes import BOOKING, SERIES, SESSION, change_for, last_change_of, undo_window, who_did
from sessions.queries.stops import going_on_stops
from sessions.services.grid import Use, occupy_all, release_all

Deed = BookingChange.Deed
Columns = dict[str, Any]
TABLES: dict[str, type[models.Model]] = {BOOKING: Booking, SESSION: TreatmentSession, SERIES: Series}
# Everybody holds visits first, then the patient, the series and a link; another order could wait in a circle.
HELD_IN_ORDER = (BOOKING, SERIES, SESSION)
COMPARED = {
    BOOKING: ("patient_id", "clinician_id", "starts_at", "ends_at", "state", "treatment_session_id", "uses"),
    SESSION: ("state", "flag"),
    SERIES: ("state", "stop_reason"),
}
KEPT = {
    BOOKING: (*COMPARED[BOOKING], "held_until", "calendar_uid", "calendar_sequence"),
    SESSION: COMPARED[SESSION],
    SERIES: COMPARED[SERIES],
}
# What carries a version gets a new one with every change, also with the way back.
COUNTED = {BOOKING: ("version", "calendar_sequence"), SESSION: (), SERIES: ("version",)}


@dataclass(slots=True)
class Step:
    """What one change has touched so far, as it was before."""

    at: datetime = field(default_factory=clock.now)
    before: dict[str, dict[str, Columns | None]] = field(default_factory=lambda: {kind: {} for kind in TABLES})

    def keep(self, bookings: Iterable[Booking] = (), *, series: Series | None = None) -> None:
        """Remember these rows, and the sessions that hang on them, before they change."""
        bookings = list(bookings)
        if series is not None:
            self._first(SERIES, [series.pk])
            self._first(SESSION, series.sessions.values_list("pk", flat=True))
        self._first(SESSION, [each.treatment_session_id for each in bookings if each.treatment_session_id])
        self._first(BOOKING, [each.pk for each in bookings])

    def made(self, bookings: Iterable[Booking] = (), *, series: Series | None = None) -> None:
        """Remember that these rows are new: the way back deletes them."""
        if series is not None:
            self.before[SERIES].setdefault(str(series.pk), None)
        for booking in bookings:
            self.before[BOOKING].setdefault(str(booking.pk), None)

    def _first(self, kind: str, numbers: Iterable[int]) -> None:
        self.before[kind] |= _columns(kind, [number for number in numbers if str(number) not in self.before[kind]])


_open: ContextVar[Step | None] = ContextVar("open step", default=None)


@contextmanager
def undoable(actor: Actor, deed: str, *, site: Site, patient_id: int | None) -> Iterator[Step]:
    """One change that is undone as a whole; steps inside it become part of it. Call it in the open transaction."""
    outer = _open.get()
    if outer is not None:
        yield outer
        return
    made = Step()
    token = _open.set(made)
    try:
        yield made
    finally:
        _open.reset(token)
    _finish(actor, deed, made, site, patient_id)


def undo(actor: Actor, *, change_id: int) -> BookingChange:
    """Put everything back as it was before a change. Raises Conflict or Taken, which say what stands in the way."""
    access.require(actor, Can.BOOK)
    with atomic():
        change_for(actor, change_id)
        change = BookingChange.objects.select_for_update(of=("self",)).select_related("site").get(pk=change_id)
        _check_time(change)
        _check_same(change)
        _check_rest(change)
        with undoable(actor, Deed.UNDONE, site=change.site, patient_id=change.patient_id) as back:
            _put_back(change, back)
        change.undone_at = clock.now()
        change.save(update_fields=["undone_at"])
        audit.record(actor, "bookings.undone", change, changed=sorted(kind for kind in TABLES if change.before[kind]))
        news.announce("bookings.undone", change_id=change.pk)
    return change


def _finish(actor: Actor, deed: str, made: Step, site: Site, patient_id: int | None) -> None:
    after = {kind: _after(kind, rows) for kind, rows in made.before.items()}
    if after == made.before:
        return
    change = BookingChange.objects.create(
        site=site,
        patient_id=patient_id,
        deed=deed,
        by=actor if isinstance(actor, User) else None,
        by_patient=isinstance(actor, PatientByLink),
        at=made.at,
        before=made.before,
        after=after,
    )
    news.announce("bookings.changed", change_id=change.pk)


def _after(kind: str, rows: Mapping[str, Columns | None]) -> dict[str, Columns | None]:
    found = _columns(kind, [int(number) for number in rows])
    return {number: found.get(number) for number in rows}


def _columns(kind: str, numbers: Iterable[int]) -> dict[str, Columns | None]:
    """The columns of these rows as they stand in the database, as JSON holds them."""
    columns = [name for name in KEPT[kind] if name != "uses"]
    numbers = list(numbers)
    found: dict[str, Columns | None] = {}
    uses = _uses(numbers) if kind == BOOKING else {}
    for row in TABLES[kind]._default_manager.filter(pk__in=numbers).values("pk", *columns):
        number = row.pop("pk")
        found[str(number)] = {name: _plain(value) for name, value in row.items()}
        if kind == BOOKING:
            found[str(number)] |= {"uses": uses.get(number, [])}  # type: ignore[operator]  # it was just set
    return found


def _uses(numbers: Iterable[int]) -> dict[int, list[list[Any]]]:
    found: dict[int, list[list[Any]]] = {}
    for use in BookingUse.objects.filter(booking__in=list(numbers)).order_by("resource_kind", "resource_id"):
        taken = [use.resource_kind, use.resource_id, _plain(use.starts_at), _plain(use.ends_at)]
        found.setdefault(use.booking_id, []).append(taken)
    return found


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _check_time(change: BookingChange) -> None:
    if change.by_id is None:
        raise Conflict(_("Only what a colleague did can be undone. Move or cancel the visit."))
    if change.undone_at is not None or change.deed == Deed.UNDONE:
        raise Conflict(_("This has been undone already."))
    if clock.now() >= change.at + undo_window():
        raise Conflict(_("It is too late to undo this, and the patient may have been told. Move or cancel the visit."))


def _check_same(change: BookingChange) -> None:
    """Everything must stand as the change left it; the rows are held from here on."""
    for kind in HELD_IN_ORDER:
        rows = TABLES[kind]._default_manager.select_for_update().order_by("pk")
        list(rows.filter(pk__in=[int(number) for number in change.after[kind]]).values_list("pk", flat=True))
    for kind in TABLES:
        left = change.after[kind]
        now = _after(kind, left)
        for number, columns in left.items():
            if _compared(kind, columns) != _compared(kind, now[number]):
                raise Conflict(_what_changed(change, kind, int(number)))


def _check_rest(change: BookingChange) -> None:
    """What hangs together with it must stand as well: the other sessions of the course, and what lets it go on."""
    of_change = Q(pk__in=[int(number) for number in change.after[SERIES]])
    of_change |= Q(sessions__in=[int(number) for number in change.after[SESSION]])
    for series in Series.objects.filter(of_change).select_related("plan_version__plan").distinct():
        visits = series.sessions.values_list("bookings", flat=True)
        if later := next((each for each in _later(change) if _touches(each, set(visits))), None):
            raise Conflict(
                _("This cannot be undone: %(who)s changed another session of this course meanwhile.")
                % {"who": who_did(later)}
            )
        ended = change.after[SERIES].get(str(series.pk)) or {}
        if ended.get("state") == Series.State.STOPPED and (words := going_on_stops(series.plan_version)):
            raise Conflict(_("This cannot be undone: %(why)s") % {"why": words})


def _later(change: BookingChange) -> QuerySet[BookingChange]:
    """What others than this change did to the same patient's visits since, and stands."""
    since = BookingChange.objects.filter(patient=change.patient_id, pk__gt=change.pk, undone_at=None)
    return since.exclude(deed=Deed.UNDONE).select_related("by")


def _touches(change: BookingChange, visits: set[int | None]) -> bool:
    return any(int(number) in visits for number in change.after[BOOKING])


def _compared(kind: str, columns: Columns | None) -> Columns | None:
    return None if columns is None else {name: columns[name] for name in COMPARED[kind]}


def _what_changed(change: BookingChange, kind: str, number: int) -> str:
    booking = Booking.objects.select_related("site").filter(pk=number).first() if kind == BOOKING else None
    if booking is None:
        return _("This cannot be undone: the series was changed meanwhile. Nothing was changed. Look at it again.")
    local = booking.starts_at.astimezone(booking.site.zone)
    later = last_change_of(booking, after=change.pk)
    facts = {
        "when": f"{local.day} {local:%b %Y, %H:%M}",
        "state": booking.get_state_display(),
        "who": who_did(later) if later else _("somebody else"),
    }
    words = _("This cannot be undone: %(who)s changed it meanwhile. The visit is now on %(when)s, “%(state)s”.")
    return words % facts


def _put_back(change: BookingChange, back: Step) -> None:
    held = {kind: _rows(kind, change.before[kind]) for kind in TABLES}
    back.keep(held[BOOKING].values())
    for row in held[SERIES].values():
        back.keep(series=row)
    gone = [row for number, row in held[BOOKING].items() if change.before[BOOKING][number] is None]
    release_all(held[BOOKING].values())
    for kind in (SERIES, SESSION, BOOKING):
        for number, columns in change.before[kind].items():
            if columns is not None:
                _restore(kind, held[kind][number], columns)
    _delete(gone, [row for number, row in held[SERIES].items() if change.before[SERIES][number] is None])
    occupy_all(
        [
            (held[BOOKING][number], [_use(each) for each in columns["uses"]])
            for number, columns in sorted(change.before[BOOKING].items())
            if columns is not None and columns["uses"]
        ]
    )


def _rows(kind: str, kept: Mapping[str, Columns | None]) -> dict[str, Any]:
    rows = TABLES[kind]._default_manager.in_bulk([int(number) for number in kept])
    return {str(number): row for number, row in rows.items()}


def _restore(kind: str, row: models.Model, columns: Columns) -> None:
    names = [name for name in KEPT[kind] if name not in ("uses", "calendar_uid", "calendar_sequence")]
    for name in names:
        column = cast("models.Field[Any, Any]", row._meta.get_field(name.removesuffix("_id")))
        setattr(row, name, column.to_python(columns[name]))
    for name in COUNTED[kind]:
        setattr(row, name, getattr(row, name) + 1)
    row.save(update_fields=[*names, *COUNTED[kind]])


def _delete(bookings: Iterable[Booking], series: Iterable[Series]) -> None:
    """What the change made goes without a trace but the audit's; whatever hangs on it already keeps it there."""
    try:
        for booking in bookings:
            booking.delete()
        for each in series:
            each.assessments.all().delete()
            each.sessions.all().delete()
            each.delete()
    except ProtectedError:
        raise Conflict(_("This cannot be undone: there is work on it already. Cancel the visits instead.")) from None


def _use(kept: list[Any]) -> Use:
    kind, number, starts_at, ends_at = kept
    starts, ends = parse_datetime(starts_at), parse_datetime(ends_at)
    if starts is None or ends is None:
        raise ValueError("a kept use has no time")
    return Use(kind, number, starts, ends)
