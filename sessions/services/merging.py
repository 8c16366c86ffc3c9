"""When two records become one, or part again, their series and visits follow with every minute that they take."""

from collections.abc import Collection

from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.actors import Actor
from mesoclinic.errors import Conflict
from mesoclinic.transactions import atomic
from patients.models import Notice, PatientLink, PatientMerge
from patients.services.merging import follow, followed
from sessions.models import Booking, BookingChange, BookingUse, Occupancy, ResourceKind, Series
from sessions.queries.merging import made_since, overlaps_of, under_way


def wait_for_treatments(*, patient_ids: Collection[int]) -> None:
    """Hold the visits of both records; raises Conflict while a treatment is under way."""
    list(Booking.objects.select_for_update(of=("self",)).filter(patient__in=patient_ids).order_by("pk"))
    if words := under_way(patient_ids):
        raise Conflict(words)


def follow_merge(*, actor: Actor, merge_id: int) -> None:
    """Series and visits follow the kept record; raises Conflict when two visits would be at the same time."""
    merge = PatientMerge.objects.get(pk=merge_id)
    # Whoever began to treat while this waited for the two records was first.
    wait_for_treatments(patient_ids=(merge.kept_id, merge.merged_id))
    if found := overlaps_of(merge.kept_id, merge.merged_id):
        words = _("Two visits are at the same time. Move or cancel one first: %(visits)s.")
        raise Conflict(words % {"visits": "; ".join(each.words for each in found)})
    follow(merge, Series.objects.all())
    follow(merge, BookingChange.objects.all())
    _take_time(follow(merge, Booking.objects.all()), merge.kept_id)
    audit.record(actor, "visits.followed", merge, patient_id=merge.kept_id)


def refuse_what_rests_on_it(*, merge_id: int) -> None:
    """Raises Conflict when something was recorded in the events since."""
    if hindrances := made_since(PatientMerge.objects.get(pk=merge_id)):
        words = _("This merge cannot be undone any more: only a doctor can tell whose this is.")
        raise Conflict(" ".join([words, *hindrances]))


def go_back(*, actor: Actor, merge_id: int) -> None:
    """What had followed goes back, with what was booked since of a series that had; other new visits stay."""
    merge = PatientMerge.objects.get(pk=merge_id)
    series = followed(merge, Series._meta.label_lower)
    Series.objects.filter(pk__in=series).update(patient=merge.merged_id)
    changes = followed(merge, BookingChange._meta.label_lower)
    BookingChange.objects.filter(pk__in=changes).update(patient=merge.merged_id)
    of_series = Q(treatment_session__series__in=series) | Q(assessment_point__series__in=series)
    moved = followed(merge, Booking._meta.label_lower)
    back = Booking.objects.filter(Q(pk__in=moved) | of_series, patient=merge.kept_id)
    ids = list(back.values_list("pk", flat=True))
    Booking.objects.filter(pk__in=ids).update(patient=merge.merged_id)
    _take_time(ids, merge.merged_id)
    about = Q(pk=None)
    for each in ids:
        about |= Q(subject=f"booking:{each}") | Q(subject__startswith=f"booking:{each}:")
    for number in series:
        about |= Q(subject__startswith=f"series:{number}:")
    for model in (Notice, PatientLink):
        model._default_manager.filter(about, patient=merge.kept_id).update(patient=merge.merged_id)
    audit.record(actor, "visits.went_back", merge, patient_id=merge.merged_id)


def _take_time(bookings: Collection[int], patient_id: int) -> None:
    """The time that these visits take is this patient's from now on; the grid has the last word."""
    taken = {"resource_kind": ResourceKind.PATIENT, "booking__in": bookings}
    try:
        with atomic():
            BookingUse.objects.filter(**taken).update(resource_id=patient_id)
            Occupancy.objects.filter(**taken).update(resource_id=patient_id)
    except IntegrityError as problem:
        raise Conflict(_("Two visits are at the same time. Nothing was merged. Compare again.")) from problem
