"""Consultations within an actor's scope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Site
from mesoclinic.templatetags.components import birth_date
from patients.models import Addendum, Candidacy, Consultation, Correction, Patient
from patients.queries.people import reached
from patients.rules.faga import asked
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.diagnosis import Diagnosis, SaltRegion, SeverityScale
from protocols.rules.kinds.inputs import ExaminationItem, ExpectationItem, FagaCriterion, FormSection, Input

LISTED = 100
BIRTH = "date_of_birth"


def consultations_for(actor: User) -> QuerySet[Consultation]:
    """Consultations of patients within the actor's sites, with who and where."""
    found = Consultation.objects.filter(reached(actor))
    return found.select_related("patient", "site", "clinician", "signed_by")


def consultation_for(actor: User, consultation_id: int) -> Consultation:
    """One consultation; raises OutOfScope for another site's and for none at all alike."""
    found = consultations_for(actor).filter(pk=consultation_id).first()
    if found is None:
        raise OutOfScope(_("There is no such consultation at your sites."))
    return found


def open_draft_for(actor: User, patient: Patient) -> Consultation | None:
    """The actor's own open draft for the patient."""
    drafts = consultations_for(actor).filter(patient=patient, clinician=actor, state=Consultation.State.DRAFT)
    return drafts.first()


def worklist_for(actor: User) -> list[Consultation]:
    """The latest consultations, drafts before signed ones."""
    return list(consultations_for(actor).order_by("state", "-started_at")[:LISTED])


def site_for(actor: User, patient: Patient) -> Site:
    """The site where the actor sees the patient: the first that both share."""
    return patient.sites.filter(pk__in=actor.sites.all()).order_by("pk")[0]


def today_at(site: Site) -> date:
    """The calendar day at the site."""
    return clock.now().astimezone(site.zone).date()


def last_candidacy(patient: Patient) -> Candidacy | None:
    """The patient's last verdict with what was acknowledged."""
    found = Candidacy.objects.filter(patient=patient).select_related("release")
    return found.prefetch_related("acknowledgements__by", "overrides__by").first()


def candidacy_of(consultation: Consultation) -> Candidacy | None:
    """The verdict given when the consultation was signed."""
    found = Candidacy.objects.filter(fact_sheet__consultation=consultation, cause="consultation")
    return found.select_related("release", "fact_sheet").prefetch_related("acknowledgements__by").last()


def addenda_of(subject: str) -> QuerySet[Addendum]:
    """What was added to a sealed record, oldest first."""
    return Addendum.objects.filter(subject=subject).select_related("by")


@dataclass(frozen=True, slots=True)
class Read:
    """An answer in words, when it was observed, and what was known before where that differs."""

    question: str
    answer: str
    observed_on: str
    before: str = ""
    sampled: date | None = None
    field: str = ""
    corrected: tuple["Corrected", ...] = ()


@dataclass(frozen=True, slots=True)
class Corrected:
    """One correction of an answer, both values in words; empty is no answer."""

    old: str
    new: str
    correction: Correction


def readable_facts(facts: Mapping[str, Any], catalogue: Catalogue) -> list[tuple[str, str, str]]:
    """(question, answer in words, observed on) of every fact, in the order of the dictionary."""
    read = (each for _section, answers in read_facts(facts, catalogue) for each in answers)
    return [(each.question, each.answer, each.observed_on) for each in read]


def read_facts(
    facts: Mapping[str, Any],
    catalogue: Catalogue,
    before: Mapping[str, Any] | None = None,
    corrections: Iterable[Correction] = (),
) -> list[tuple[str, list[Read]]]:
    """(section, answers) of every fact, in the order of the dictionary; `before` are the facts known until now."""
    marks = list(corrections)
    rows = {name: row for row in catalogue.of(Input) for name in (row.id, row.stored_as) if name}
    titles = {row.id: row.title for row in catalogue.of(FormSection)}
    samples = {row.age_of for row in catalogue.of(Input) if row.age_of}
    found: dict[str, list[Read]] = {}
    for name in (name for name in rows if name in {*facts, *(mark.field for mark in marks)}):
        row, known = rows[name], (before or {}).get(name)
        answer = answer_words(row, facts.get(name), catalogue)
        was = answer_words(row, known, catalogue)
        on = facts.get(name, {}).get("observed_on", "")
        sampled = date.fromisoformat(on) if on and name in samples else None
        corrected = tuple(
            Corrected(answer_words(row, mark.old, catalogue), answer_words(row, mark.new, catalogue), mark)
            for mark in marks
            if mark.field == name
        )
        # The day of birth is the person's: registration corrects it.
        field = "" if name == BIRTH else name
        kept = Read(row.question, answer, on, "" if was == answer else was, sampled, field, corrected)
        found.setdefault(titles[row.section], []).append(kept)
    return list(found.items())


def readable_narrative(narrative: Mapping[str, Any], catalogue: Catalogue) -> list[tuple[str, str]]:
    """(heading, text) of history, examination and expectations."""
    headings = {f"notes__{row.id}": row.title for row in catalogue.of(FormSection)}
    headings |= {f"exam__{row.id}": row.name[:1].upper() + row.name[1:] for row in catalogue.of(ExaminationItem)}
    headings |= {
        f"exam__faga__{row.id}__{part}": question
        for row in catalogue.of(FagaCriterion)
        for part, question in asked(row)
    }
    headings |= {f"salt__{row.id}": f"SALT, {row.name} (%)" for row in catalogue.of(SaltRegion)}
    headings |= {f"expect__{row.id}": row.question for row in catalogue.of(ExpectationItem)}
    return [(heading, str(narrative[name])) for name, heading in headings.items() if narrative.get(name)]


def answer_words(row: Input, entry: Mapping[str, Any] | None, catalogue: Catalogue) -> str:
    """An entry of a fact sheet in words; empty for none."""
    return _in_words(row, entry.get("value"), catalogue) if entry else ""


def _in_words(row: Input, value: Any, catalogue: Catalogue) -> str:
    if isinstance(value, list):
        return ", ".join(_in_words(row, each, catalogue) for each in value) or _("None known")
    if isinstance(value, dict):
        return _entry_in_words(value, catalogue)
    if row.stored_as or row.type == "date":
        return birth_date(date.fromisoformat(value))
    if row.type == "diagnoses" and catalogue.has(Diagnosis, value):
        return catalogue.row(Diagnosis, value).name
    labels = dict(zip(row.values, row.labels, strict=False))
    text = _capital(str(labels.get(str(value), value)).replace("_", " "))
    return f"{text} {row.unit}" if row.unit and row.type in {"whole", "decimal"} and not row.stored_as else text


def _entry_in_words(entry: Mapping[str, Any], catalogue: Catalogue) -> str:
    """A graded scale as `Ludwig I`, an allergy as `Fish: anaphylaxis`."""
    if "scale" in entry:
        known = catalogue.has(SeverityScale, entry["scale"])
        scale = catalogue.row(SeverityScale, entry["scale"]).name if known else entry["scale"]
        return f"{scale} {entry.get('stage') or entry.get('score', '')}"
    return _capital(": ".join(str(part).replace("_", " ") for part in entry.values()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
