"""Records that may be of one person, what differs between two of them, and merges with what stands in an undo's way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, combinations
from typing import Any

from django.db.models import CharField, Count, F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower, Right
from django.utils.translation import gettext as _

from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import (
    Consent,
    Consultation,
    FactSheet,
    Patient,
    PatientDocument,
    PatientLink,
    PatientMerge,
    Photo,
    PlanVersion,
    TreatmentPlan,
    TwoPeople,
)
from patients.queries.banner import current_facts
from patients.queries.consultations import answer_words
from patients.queries.people import PERSON, PHONE_TAIL, duplicates_of, patients_for, reached, reasons
from patients.rules.merging import Entry, Together, together
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.inputs import Input

LISTED = 50
# A number of the clinic itself, typed for everybody who has none, says nothing of who is who.
LARGEST_GROUP = 8
# What two records share when the warning names them.
SHARED = (("search_name", "birth_date"), ("address",), ("tail",))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records within reach that may be of one person, the older first, and what is alike."""

    first: Patient
    second: Patient
    alike: tuple[str, ...]


def likely_pairs(actor: Actor) -> list[Pair]:
    """The first fifty pairs that the warning at registration would name, those alike in most first."""
    living = patients_for(actor).filter(merged_into=None)
    found: dict[tuple[int, int], Pair] = {}
    for one, other in chain.from_iterable(_alike_in(fields, living) for fields in SHARED):
        alike = reasons(other, one.search_name, one.birth_date, one.phone, one.email)
        found[one.pk, other.pk] = Pair(one, other, alike)
    looked_at = TwoPeople.objects.filter(first__in=[one for one, _other in found])
    told_apart = set(looked_at.values_list("first", "second"))
    left = [pair for key, pair in found.items() if key not in told_apart]
    return sorted(left, key=lambda each: (-len(each.alike), each.first.search_name, each.first.pk))[:LISTED]


def pairs_of(actor: Actor, patient: Patient) -> list[Pair]:
    """A patient beside each record within reach that may be of the same person."""
    known = duplicates_of(
        actor,
        search_name=patient.search_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
        email=patient.email,
    )
    others = ((each.patient, each.alike) for each in known.here if each.patient.pk != patient.pk)
    return [_pair(patient, other, alike) for other, alike in others]


def _pair(one: Patient, other: Patient, alike: tuple[str, ...]) -> Pair:
    return Pair(one, other, alike) if one.pk < other.pk else Pair(other, one, alike)


def _alike_in(fields: tuple[str, ...], living: QuerySet[Patient]) -> Iterator[tuple[Patient, Patient]]:
    """Every two who share these, the older record first."""
    local = Func(F("phone_digits"), Value("0"), function="LTRIM", output_field=CharField())
    rows = living.annotate(tail=Right(local, PHONE_TAIL), address=Lower("email")).order_by()
    rows = rows.exclude(**{fields[0]: ""})
    often = rows.values(*fields).annotate(number=Count("pk")).filter(number__gt=1).order_by(*fields)
    groups = list(often.values_list(*fields)[:LISTED])
    same = Q(pk__in=())
    for group in groups:
        same |= Q(**dict(zip(fields, group, strict=True)))
    known: dict[tuple[object, ...], list[Patient]] = {}
    for patient in rows.filter(same).order_by("pk"):
        known.setdefault(tuple(getattr(patient, field) for field in fields), []).append(patient)
    for group in known.values():
        yield from combinations(group[:LARGEST_GROUP], 2)


def both_for(actor: Actor, one_id: int, other_id: int) -> tuple[Patient, Patient]:
    """Two records within reach; raises OutOfScope when one of them is not, was merged, or they are the same."""
    found = {each.pk: each for each in patients_for(actor).filter(pk__in=(one_id, other_id), merged_into=None)}
    if len(found) != 2:
        raise OutOfScope(_("There are no such two patients at your sites."))
    return found[one_id], found[other_id]


def differing_details(one: Patient, other: Patient) -> list[str]:
    """The names of the details on which two records do not agree."""
    return [name for name in PERSON if getattr(one, name) != getattr(other, name)]


def facts_together(kept: Patient, merged: Patient, *, on: date) -> Together:
    """What is known of both, judged by the release in force."""
    ours, theirs = current_facts(kept), current_facts(merged)
    if not ours or not theirs:
        return Together({**ours, **theirs}, ())
    return together(ours, theirs, on=on, catalogue=current_catalogue())


def merges_for(actor: Actor) -> QuerySet[PatientMerge]:
    """Merges within reach; once the two have parted again, both of them have to be."""
    within = Q(undone_at=None) | Q(reached(actor, "merged"))
    return PatientMerge.objects.filter(within, reached(actor, "kept")).select_related(
        "kept", "merged", "by", "undone_by"
    )


def merge_for(actor: Actor, merge_id: int) -> PatientMerge:
    """One merge; raises OutOfScope."""
    found = merges_for(actor).filter(pk=merge_id).first()
    if found is None:
        raise OutOfScope(_("There is no such merge at your sites."))
    return found


def standing_merge_of(patient: Patient) -> PatientMerge | None:
    """The last merge into this record that was not undone."""
    return PatientMerge.objects.filter(kept=patient, undone_at=None).select_related("merged", "by").first()


def merged_since(consultation: Consultation) -> bool:
    """Whether a merge rests on what this consultation said: its answers stand among those of the other record."""
    standing = PatientMerge.objects.filter(undone_at=None, at__gte=consultation.signed_at or consultation.started_at)
    return standing.filter(Q(kept=consultation.patient) | Q(merged=consultation.patient)).exists()


def undo_hindrances(merge: PatientMerge) -> list[str]:
    """What was recorded since: nobody but a doctor can tell to which of the two it belongs."""
    return list(_hindrances(merge))


def _hindrances(merge: PatientMerge) -> Iterator[str]:
    later = PatientMerge.objects.filter(pk__gt=merge.pk, undone_at=None)
    if later.filter(kept__in=(merge.kept_id, merge.merged_id)).exists() or later.filter(merged=merge.kept_id).exists():
        yield _("One of the two was merged again since. Undo that merge first.")
    newest = FactSheet.objects.filter(patient=merge.kept_id).order_by("-number").first()
    if newest is not None and newest.pk != merge.before_id and newest.source != FactSheet.Source.MERGER:
        yield _("Answers were recorded since.")
    for words, rows in _recorded(merge):
        if rows.exists():
            yield words


def _recorded(merge: PatientMerge) -> Sequence[tuple[str, QuerySet[Any]]]:
    mine, since = {"patient": merge.kept_id}, merge.at
    return (
        (_("A consultation was started since."), Consultation.objects.filter(started_at__gt=since, **mine)),
        (_("A consultation was signed since."), Consultation.objects.filter(signed_at__gt=since, **mine)),
        (_("A plan was made since."), TreatmentPlan.objects.filter(created_at__gt=since, **mine)),
        (_("A plan was changed since."), _versions(merge)),
        (_("A consent was asked for or signed since."), Consent.objects.filter(offered_at__gt=since, **mine)),
        (_("A consent was asked for or signed since."), Consent.objects.filter(signed_at__gt=since, **mine)),
        (_("A paper was made since."), PatientDocument.objects.filter(document__made_at__gt=since, **mine)),
        (_("A photograph was taken since."), Photo.objects.filter(taken_at__gt=since, **mine)),
        (_("A link was sent since."), _personal_links(merge)),
    )


def _personal_links(merge: PatientMerge) -> QuerySet[PatientLink]:
    """Those about the person; a link about a visit comes and goes with the visit."""
    made = PatientLink.objects.filter(patient=merge.kept_id, made_at__gt=merge.at)
    return made.filter(subject=f"patient:{merge.kept_id}")


def _versions(merge: PatientMerge) -> QuerySet[PlanVersion]:
    mine = PlanVersion.objects.filter(plan__patient=merge.kept_id)
    return mine.filter(made_at__gt=merge.at) | mine.filter(signed_at__gt=merge.at)


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that two records answer differently, in words; `stands` is empty when it is open again."""

    question: str
    kept: str
    merged: str
    stands: str


def answers_in_words(differences: Iterable[tuple[str, Entry, Entry, Entry | None]]) -> list[Answer]:
    """(name, kept, merged, what stands) in words, in the order of the dictionary."""
    told = {name: entries for name, *entries in differences}
    if not told:
        return []
    catalogue = current_catalogue()
    rows = {row.stored_as or row.id: row for row in catalogue.of(Input)}
    return [
        Answer(row.question, *(answer_words(row, entry, catalogue) for entry in told[name]))
        for name, row in rows.items()
        if name in told
    ]
