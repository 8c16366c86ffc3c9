"""Two records of one person become one, whole or not at all, and part again while nothing new rests on the merge.

What still lives follows the kept record; what is sealed stays where it was sealed and is read through the pointer.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import Any, cast

from django.db.models import F, Model, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import Role, User
from mesoclinic.errors import ClinicError, Conflict, StaleRecord
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from patients.models import (
    Consent,
    Consultation,
    FactSheet,
    Measurement,
    MergedRow,
    Notice,
    Patient,
    PatientLink,
    PatientMerge,
    PatientSite,
    Todo,
    TreatmentPlan,
    TwoPeople,
)
from patients.queries.candidacy import newest_sheet
from patients.queries.consultations import site_for, today_at
from patients.queries.merging import (
    both_for,
    differing_details,
    facts_together,
    merge_for,
    undo_hindrances,
)
from patients.queries.people import PERSON, records_of_person
from patients.rules.merging import Together
from patients.services.candidacy import judge
from patients.services.facts import write_fact_sheet
from patients.services.links import revoke
from patients.services.registration import Person, checked
from protocols.queries.catalogue import current_catalogue, current_release
from protocols.rules.kinds.inputs import Input

CAUSE = "records merged"
LONGEST_TODO = Todo._meta.get_field("text").max_length or 0
# Rows that were made by a merge, not moved by it.
SITE_MADE, TODO_MADE = "site made", "todo made"
LIVING: tuple[type[Model], ...] = (TreatmentPlan, PatientLink, Notice, Todo, Measurement)
OPEN_CONSENT = (Consent.State.OFFERED, Consent.State.SHOWN, Consent.State.REFUSED)


def ask_for_merge(actor: User, *, one_id: int, other_id: int) -> Todo:
    """Ask the doctors of the site to compare two records; the same again asks once."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        one, other = both_for(actor, one_id, other_id)
        text = _("%(one)s and %(other)s may be one person. Compare the two records and merge them.")
        asked = {
            "site": site_for(actor, one),
            "patient": one,
            "role": Role.DERMATOLOGIST,
            "text": text % {"one": one.record_number, "other": other.record_number},
            "done_at": None,
        }
        todo, new = Todo.objects.get_or_create(**asked, defaults={"due_at": clock.now()})
        if new:
            for patient in (one, other):
                audit.record(actor, "patient.merge_asked", todo, patient_id=patient.pk)
    return todo


def tell_apart(actor: User, *, one_id: int, other_id: int) -> TwoPeople:
    """Somebody compared two records: they are of two people, and the list of likely duplicates names them no more."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        both_for(actor, one_id, other_id)
        return _told_apart(actor, one_id, other_id)


def merge_patients(
    actor: User, *, kept_id: int, merged_id: int, seen: Mapping[int, int], taken: Collection[str]
) -> PatientMerge:
    """Make two records one; `taken` are the details whose value comes from the merged one, `seen` both versions.

    Raises Conflict when somebody was first, a treatment is under way or two visits overlap; StaleRecord when the
    details changed since they were seen; ClinicError when the chosen details contradict each other.
    """
    access.require(actor, Can.MERGE_PATIENTS)
    with atomic():
        both_for(actor, kept_id, merged_id)
        # Visits are held before people, as those do who lead a visit on.
        news.announce("patient.merging", patient_ids=(kept_id, merged_id))
        kept, merged = _both_held(kept_id, merged_id, seen)
        told = facts_together(kept, merged, on=today_at(site_for(actor, kept)))
        merge = _new_merge(actor, kept, merged, told, taken)
        _end_links_of_merged(actor, merge)
        _move_what_lives(merge)
        _point_at_kept(merge)
        news.announce("patient.merged", actor=actor, merge_id=merge.pk)
        _write_together(actor, merge, told)
        _ask_to_look(actor, merge, told)
        for patient in (kept, merged):
            changed = sorted(merge.details) if patient is kept else ["merged_into"]
            audit.record(actor, "patient.merged", merge, patient_id=patient.pk, changed=changed)
    return merge


def undo_merge(actor: User, *, merge_id: int, reason: str) -> PatientMerge:
    """Part the two records again; raises Conflict in words once something rests on the merge.

    Links that died with it stay dead. A detail that somebody has changed since stays as it is.
    """
    access.require(actor, Can.MERGE_PATIENTS)
    if not reason.strip():
        raise ClinicError(_("Enter the reason."), "reason")
    with atomic():
        merge = merge_for(actor, merge_id)
        news.announce("patient.merging", patient_ids=(merge.kept_id, merge.merged_id))
        _lock_records((merge.kept_id, merge.merged_id))
        merge = merge_for(actor, merge_id)
        _still_undoable(merge)
        news.announce("patient.unmerging", merge_id=merge.pk)
        _take_apart(actor, merge)
        news.announce("patient.unmerged", actor=actor, merge_id=merge.pk)
        merge.undone_at, merge.undone_by, merge.undone_reason = clock.now(), actor, reason.strip()
        merge.save(update_fields=["undone_at", "undone_by", "undone_reason"])
        _write_apart(actor, merge)
        _told_apart(actor, merge.kept_id, merge.merged_id)
        for patient_id in (merge.kept_id, merge.merged_id):
            audit.record(actor, "patient.unmerged", merge, patient_id=patient_id, reason=reason.strip())
    return merge


def follow(merge: PatientMerge, rows: QuerySet[Any]) -> list[int]:
    """Those of the rows that belong to the merged record follow the kept one, and are noted for an undo."""
    model = rows.model
    found = list(rows.filter(patient=merge.merged_id).order_by("pk").values_list("pk", flat=True))
    note(merge, model._meta.label_lower, found)
    model._default_manager.filter(pk__in=found).update(patient=merge.kept_id)
    return found


def note(merge: PatientMerge, kind: str, rows: Iterable[int]) -> None:
    """Keep which rows an undo has to take back."""
    MergedRow.objects.bulk_create(MergedRow(merge=merge, kind=kind, row=each) for each in rows)


def followed(merge: PatientMerge, kind: str) -> list[int]:
    """The rows of a kind that the merge has moved or made."""
    return list(merge.rows.filter(kind=kind).values_list("row", flat=True))


def _told_apart(actor: User, one_id: int, other_id: int) -> TwoPeople:
    first, second = sorted((one_id, other_id))
    apart, new = TwoPeople.objects.get_or_create(
        first_id=first, second_id=second, defaults={"by": actor, "at": clock.now()}
    )
    for patient_id in (first, second) if new else ():
        audit.record(actor, "patient.told_apart", apart, patient_id=patient_id)
    return apart


def _both_held(kept_id: int, merged_id: int, seen: Mapping[int, int]) -> tuple[Patient, Patient]:
    held = _lock_records((kept_id, merged_id))
    if any(each.merged_into_id is not None for each in held.values()):
        raise Conflict(_("A colleague has just merged one of these two records. Nothing was merged twice."))
    if any(each.version != seen.get(each.pk) for each in held.values()):
        raise StaleRecord(_("Somebody else changed one of these records meanwhile. Nothing was merged. Compare again."))
    return held[kept_id], held[merged_id]


def _lock_records(patient_ids: Iterable[int]) -> dict[int, Patient]:
    held = Patient.objects.select_for_update(no_key=True).filter(pk__in=patient_ids).order_by("pk")
    return {each.pk: each for each in held}


def _new_merge(actor: User, kept: Patient, merged: Patient, told: Together, taken: Collection[str]) -> PatientMerge:
    chosen = {name for name in differing_details(kept, merged) if name in taken}
    details = {name: [getattr(kept, name), getattr(merged, name)] for name in PERSON if name in chosen}
    before = newest_sheet(kept)
    _set_details(kept, {name: after for name, (_before, after) in details.items()})
    return PatientMerge.objects.create(
        kept=kept,
        merged=merged,
        details=details,
        differences={each.name: [each.kept, each.merged, each.stands] for each in told.differences},
        before=before,
        by=actor,
        at=clock.now(),
    )


def _set_details(patient: Patient, changes: Mapping[str, object]) -> None:
    person = {name: getattr(patient, name) for name in PERSON} | dict(changes)
    Patient.objects.filter(pk=patient.pk).update(version=F("version") + 1, **checked(cast(Person, person)))
    patient.refresh_from_db()


def _end_links_of_merged(actor: User, merge: PatientMerge) -> None:
    """Links about the person end, and the desk sends a new one; a link about one visit follows its visit."""
    open_ones = PatientLink.objects.filter(used_at=None, revoked_at=None, expires_at__gt=clock.now())
    personal = open_ones.filter(patient=merge.merged_id, subject=f"patient:{merge.merged_id}")
    for link in personal.select_for_update(of=("self",)):
        revoke(actor, link)
        text = _("A link that a patient had not used ended when two records were merged. Send a new one.")
        same = {"site": link.site, "patient": merge.kept, "role": Role.FRONT_DESK, "text": text, "done_at": None}
        Todo.objects.get_or_create(**same, defaults={"due_at": clock.now()})


def _move_what_lives(merge: PatientMerge) -> None:
    for model in LIVING:
        follow(merge, model._default_manager.all())
    follow(merge, Consultation.objects.filter(state=Consultation.State.DRAFT))
    follow(merge, Consent.objects.filter(state__in=OPEN_CONSENT))


def _point_at_kept(merge: PatientMerge) -> None:
    """The merged record, and those merged into it before, point at the kept one; each is known where any of them is."""
    earlier = list(Patient.objects.filter(merged_into=merge.merged_id).values_list("pk", flat=True))
    note(merge, Patient._meta.label_lower, earlier)
    Patient.objects.filter(pk__in=[*earlier, merge.merged_id]).update(
        merged_into=merge.kept_id, version=F("version") + 1
    )
    records = records_of_person(merge.kept_id)
    sites = Site.objects.filter(patient_sites__patient__in=records).distinct()
    for patient, site in product(records, sites):
        link, new = PatientSite.objects.get_or_create(patient=patient, site=site, defaults={"linked_at": clock.now()})
        note(merge, SITE_MADE, [link.pk] if new else [])


def _write_together(actor: User, merge: PatientMerge, told: Together) -> None:
    """What the merged record knew is known from now on, and every open plan is judged by it."""
    if not FactSheet.objects.filter(patient=merge.merged_id).exists():
        return
    _write_and_judge(actor, merge.kept, told.facts)


def _write_apart(actor: User, merge: PatientMerge) -> None:
    """Each record knows again what it knew before."""
    merge.kept.refresh_from_db()
    if FactSheet.objects.filter(patient=merge.merged_id).exists():
        _write_and_judge(actor, merge.kept, merge.before.facts if merge.before else {})
    news.announce("patient.facts_changed", actor=actor, patient_id=merge.merged_id)


def _write_and_judge(actor: User, patient: Patient, facts: Mapping[str, object]) -> None:
    sheet = write_fact_sheet(actor, patient=patient, facts=facts, source=FactSheet.Source.MERGER)
    on = today_at(site_for(actor, patient))
    judge(actor, sheet=sheet, release=current_release(), on=on, cause=CAUSE)


def _ask_to_look(actor: User, merge: PatientMerge, told: Together) -> None:
    if not told.differences:
        return
    rows = {row.stored_as or row.id: row.question for row in current_catalogue().of(Input)}
    asked = " · ".join(rows.get(each.name, each.name) for each in told.differences)
    text = _("Two records were merged that answer differently. Ask again in a consultation: %(questions)s")
    todo = Todo.objects.create(
        site=site_for(actor, merge.kept),
        patient=merge.kept,
        role=Role.DERMATOLOGIST,
        text=Truncator(text % {"questions": asked}).chars(LONGEST_TODO),
        due_at=clock.now(),
    )
    note(merge, TODO_MADE, [todo.pk])
    audit.record(actor, "todo.asked", todo, patient_id=merge.kept_id)


def _still_undoable(merge: PatientMerge) -> None:
    if merge.undone_at is not None:
        raise Conflict(_("A colleague has undone this merge already."))
    if hindrances := undo_hindrances(merge):
        words = _("This merge cannot be undone any more: only a doctor can tell whose this is.")
        raise Conflict(" ".join([words, *hindrances]))


def _take_apart(actor: User, merge: PatientMerge) -> None:
    models: tuple[type[Model], ...] = (*LIVING, Consultation, Consent)
    for model in models:
        rows = followed(merge, model._meta.label_lower)
        model._default_manager.filter(pk__in=rows).update(patient=merge.merged_id)
    PatientSite.objects.filter(pk__in=followed(merge, SITE_MADE)).delete()
    earlier = followed(merge, Patient._meta.label_lower)
    Patient.objects.filter(pk__in=earlier).update(merged_into=merge.merged_id, version=F("version") + 1)
    Patient.objects.filter(pk=merge.merged_id).update(merged_into=None, version=F("version") + 1)
    for todo in Todo.objects.filter(pk__in=followed(merge, TODO_MADE), done_at=None):
        todo.done_at = clock.now()
        todo.save(update_fields=["done_at"])
        audit.record(actor, "todo.done", todo, patient_id=merge.kept_id, changed=["done_at"])
    _set_details(merge.kept, _details_before(merge))


def _details_before(merge: PatientMerge) -> dict[str, object]:
    """What the kept record said before, where nobody has changed it since."""
    read = {each.name: each.to_python for each in Patient._meta.concrete_fields}
    return {
        name: read[name](before)
        for name, (before, after) in merge.details.items()
        if getattr(merge.kept, name) == read[name](after)
    }
