"""What two records of one person have in the events: visits at the same time, treatments under way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.access import Can, may
from mesoclinic.accounts import User
from patients.models import Notice, Patient, PatientMerge
from patients.queries.consultations import site_for
from patients.queries.merging import Answer, answers_in_words, both_for, facts_together, merge_for, undo_hindrances
from sessions.models import (
    AdverseEvent,
    AssessmentRecord,
    Booking,
    BookingChange,
    Occupancy,
    ResourceKind,
    TimeOffer,
    TreatmentRecord,
    Triage,
)
from sessions.queries.bookings import GONE
from sessions.queries.waitlist import is_open

UNDER_WAY = (Booking.State.NUMBING, Booking.State.TREATING, Booking.State.OBSERVING)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records, with what it has ahead."""

    patient: Patient
    visits: Sequence[Booking]
    plans: int
    events: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records side by side; `answers` only for whoever may see them. `hindrances` stop the merge."""

    one: Side
    other: Side
    answers: Sequence[Answer]
    clinical: bool
    hindrances: Sequence[str]
    may_merge: bool

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.one, self.other

    @property
    def ids(self) -> list[int]:
        return [self.one.patient.pk, self.other.patient.pk]


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did, and what stands in the way of its undo."""

    merge: PatientMerge
    answers: Sequence[Answer]
    clinical: bool
    hindrances: Sequence[str]
    may_undo: bool
    zone: ZoneInfo


def compare(actor: User, one_id: int, other_id: int, *, now: datetime) -> Comparison:
    """Two records within reach side by side; raises OutOfScope."""
    one, other = both_for(actor, one_id, other_id)
    clinical = may(actor, Can.VIEW_CLINICAL)
    told = facts_together(one, other, on=now.date()).differences if clinical else ()
    overlaps = [each.words for each in overlaps_of(one.pk, other.pk)]
    return Comparison(
        one=_side(one, now),
        other=_side(other, now),
        answers=answers_in_words((each.name, each.kept, each.merged, each.stands) for each in told),
        clinical=clinical,
        hindrances=[*filter(None, [under_way((one.pk, other.pk))]), *overlaps],
        may_merge=may(actor, Can.MERGE_PATIENTS),
    )


def merged_page(actor: User, merge_id: int) -> Merged:
    """One merge within reach; raises OutOfScope."""
    merge = merge_for(actor, merge_id)
    clinical = may(actor, Can.VIEW_CLINICAL)
    told = [(name, *entries) for name, entries in merge.differences.items()] if clinical else []
    hindrances = [] if merge.undone_at else [*undo_hindrances(merge), *made_since(merge)]
    zone = site_for(actor, merge.kept).zone
    return Merged(merge, answers_in_words(told), clinical, hindrances, may(actor, Can.MERGE_PATIENTS), zone)


def _side(patient: Patient, now: datetime) -> Side:
    coming = Booking.objects.filter(patient=patient, ends_at__gte=now).exclude(state__in=GONE)
    visits = list(coming.select_related("site", "clinician").order_by("starts_at"))
    return Side(patient, visits, patient.plans.count(), patient.adverse_events.count())


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two visits that one person cannot both come to."""

    one: Booking
    other: Booking

    @property
    def words(self) -> str:
        return f"{_visit(self.one)} · {_visit(self.other)}"


def overlaps_of(one_id: int, other_id: int) -> list[Overlap]:
    """The visits of two records that take the same five minutes, as the booking grid sees them."""
    mine = {row.slot: row.booking for row in _taken(one_id)}
    found = {}
    for row in _taken(other_id).filter(slot__in=mine):
        found[mine[row.slot].pk, row.booking_id] = Overlap(mine[row.slot], row.booking)
    return list(found.values())


def under_way(patient_ids: Iterable[int]) -> str:
    """Why these records cannot be merged or parted now; empty when no treatment of theirs is open."""
    ids = list(patient_ids)
    if TreatmentRecord.objects.filter(patient__in=ids, state=TreatmentRecord.State.OPEN).exists():
        return _("A treatment record of this patient is open. Sign it first.")
    if Booking.objects.filter(patient__in=ids, state__in=UNDER_WAY).exists():
        return _("A treatment of this patient is under way. Finish it first.")
    return ""


def made_since(merge: PatientMerge) -> list[str]:
    """What was recorded in the events since a merge: nobody but a doctor can tell to which of the two it belongs."""
    mine, since = Q(patient=merge.kept_id), merge.at
    rows: tuple[tuple[str, QuerySet[Any]], ...] = (
        (_("A treatment was given since."), TreatmentRecord.objects.filter(mine, opened_at__gt=since)),
        (_("An adverse event was recorded since."), AdverseEvent.objects.filter(mine, reported_at__gt=since)),
        (_("A call of the patient was recorded since."), Triage.objects.filter(mine, at__gt=since)),
        (_("An assessment was recorded since."), AssessmentRecord.objects.filter(mine, at__gt=since)),
    )
    hindrances = [words for words, found in rows if found.exists()]
    offered = TimeOffer.objects.filter(hold__patient=merge.kept_id, at__gt=since, state=TimeOffer.State.OPEN)
    if any(is_open(each) for each in offered.select_related("hold")):
        hindrances.append(_("A time from the waiting list is being offered. Wait for the answer."))
    told = BookingChange.objects.filter(mine, at__gt=since, notice__state=Notice.State.WAITING)
    if told.exists():
        hindrances.append(_("A message about visits that were changed since is about to go out. Try again afterwards."))
    return hindrances


def _taken(patient_id: int) -> QuerySet[Occupancy]:
    rows = Occupancy.objects.filter(resource_kind=ResourceKind.PATIENT, resource_id=patient_id)
    return rows.select_related("booking__site", "booking__clinician").order_by("slot")


def _visit(booking: Booking) -> str:
    local = booking.starts_at.astimezone(booking.site.zone)
    words = {
        "when": f"{local:%a} {local.day} {local:%b} {local:%H:%M}",
        "what": booking.get_kind_display(),
        "site": booking.site.name,
    }
    return _("%(when)s, %(what)s, %(site)s") % words
