"""What a patient has answered by link, beside what is recorded: for the clinician who decides field by field."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.sites import Site
from mesoclinic.typed import parse_date
from patients.models import Consultation, FactSheet, IntakeDraft, Patient, PatientLink, Proposal
from patients.queries.consultations import open_draft_for, readable_facts, readable_narrative
from patients.queries.links import open_links
from patients.queries.people import patient_for, reached
from patients.rules.intake import UNKNOWN, Standing, standing
from patients.rules.still_true import Manner, manner_of
from protocols.queries.catalogue import current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import Input

PURPOSE = "intake"
ARRIVED = 100
NOTES = "notes__"
NARRATIVE = (NOTES, "expect__")
# The fields in which the doctor's form takes a list, a date or a number have no place for “I do not know”.
_TAKES_UNKNOWN = frozenset({"choice", "yes_no"})
_BOTH_PARTS = ("class", "reaction")
_MOST_CARRIED = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """What a clinician has in view: the draft (0 for none), its version and the number of the fact sheet."""

    draft: int = 0
    version: int = 0
    sheet: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One answer of the patient beside the record. `writes` is whether a consultation has a place for it.

    `outdated` is an answer of an earlier day to what has to be answered anew each time (decision 017).
    """

    proposal: Proposal
    row: Input | None
    question: str
    said: str
    recorded: str
    standing: Standing
    writes: bool
    outdated: bool = False

    @property
    def field(self) -> str:
        return self.proposal.field

    @property
    def open(self) -> bool:
        return self.proposal.accepted is None

    @property
    def plain(self) -> bool:
        """Whether it may be taken over together with others: it adds to the record or agrees with it."""
        fits = self.standing in (Standing.NEW, Standing.SAME)
        return self.open and self.writes and fits and not self.outdated


@dataclass(frozen=True)
class Page:
    """The answers of the latest intake that was sent, if any."""

    patient: Patient
    link: PatientLink | None
    lines: Sequence[Line]
    draft: Consultation | None
    seen: Seen

    @cached_property
    def open(self) -> list[Line]:
        """What waits for a decision, the answers that are milder than the record first."""
        order = (Standing.MILDER, Standing.DIFFERENT, Standing.NEW, Standing.SAME)
        return sorted((line for line in self.lines if line.open), key=lambda line: order.index(line.standing))

    @cached_property
    def plain(self) -> list[Line]:
        return [line for line in self.lines if line.plain]

    @cached_property
    def decided(self) -> list[Line]:
        return [line for line in self.lines if not line.open]

    def of(self, fields: Collection[str]) -> list[Line]:
        """The lines of these fields."""
        return [line for line in self.lines if line.field in fields]


@dataclass(frozen=True, slots=True)
class Standby:
    """Where an intake stands: the open link, and how many answers of the last one wait for the clinician."""

    link: PatientLink | None
    sent_at: datetime | None
    answers: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """An intake with answers that wait: whose, where, since when, how many."""

    patient: Patient
    site: Site
    sent_at: datetime
    waiting: int


def page_for(actor: User, patient_id: int) -> Page:
    """Every answer beside the record of now; raises OutOfScope."""
    patient = patient_for(actor, patient_id)
    link, draft = last_sent(patient), open_draft_for(actor, patient)
    sheet = FactSheet.objects.filter(patient=patient).order_by("-number").first()
    seen = Seen(draft.pk if draft else 0, draft.version if draft else 0, sheet.number if sheet else 0)
    facts, answers = dict(sheet.facts) if sheet else {}, dict(draft.answers) if draft else {}
    facts = _registered(patient) | facts
    catalogue = current_catalogue()
    sent = link.proposals.select_related("link", "decided_by") if link else ()
    return Page(patient, link, [_line(each, facts, answers, catalogue) for each in sent], draft, seen)


def kept_answers(link: PatientLink) -> tuple[dict[str, list[str]], int]:
    """What the patient has typed so far, and the version of it."""
    draft = IntakeDraft.objects.filter(link=link).first()
    return (dict(draft.answers), draft.version) if draft else ({}, 0)


def last_sent(patient: Patient) -> PatientLink | None:
    """The link of the latest intake that was sent."""
    sent = patient.links.filter(purpose=PURPOSE, used_at__isnull=False)
    return sent.select_related("site").order_by("-used_at").first()


def standby_of(patient: Patient) -> Standby:
    """Where the patient's intake stands; says nothing of the answers themselves."""
    sent = last_sent(patient)
    decided = list(sent.proposals.values_list("accepted", flat=True)) if sent else []
    link = open_links(PURPOSE).filter(patient=patient).first()
    return Standby(link, sent.used_at if sent else None, len(decided), decided.count(None))


def waiting_intakes_for(actor: User) -> list[Arrived]:
    """Intakes with answers that nobody has decided on, the oldest first."""
    undecided = Count("proposals", filter=Q(proposals__accepted=None))
    sent = PatientLink.objects.filter(reached(actor), purpose=PURPOSE, used_at__isnull=False)
    found = sent.annotate(waiting=undecided).filter(waiting__gt=0).select_related("patient", "site").order_by("used_at")
    return [Arrived(each.patient, each.site, each.used_at or each.made_at, each.waiting) for each in found[:ARRIVED]]


@dataclass(frozen=True)
class Noted:
    """What a draft says of the patient's own answers; asked of the database only where it is shown."""

    consultation: Consultation

    @cached_property
    def waiting(self) -> int:
        """How many wait for a decision."""
        return standby_of(self.consultation.patient).waiting

    @cached_property
    def taken(self) -> list[str]:
        """The questions whose answers were taken over into this consultation."""
        catalogue = current_catalogue()
        taken = self.consultation.proposals.filter(accepted=True)
        return [_words(each.field, each.value, catalogue)[0] for each in taken]


def typed_into(answers: Mapping[str, Sequence[str]], line: Line) -> dict[str, list[str]]:
    """The fields of a draft that the answer fills, as if the doctor had typed it; notes are added to."""
    field, value = line.field, line.proposal.value
    if field.startswith(NOTES):
        said = _("The patient writes: %(text)s") % {"text": value}
        return {field: ["\n".join(filter(None, (*answers.get(field, ()), said)))]}
    if field == "allergies":
        return _allergy_rows(answers, value)
    return {field: [str(each) for each in value] if isinstance(value, list) else [str(value)]}


def _allergy_rows(answers: Mapping[str, Sequence[str]], value: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    # The rows that stand there are emptied, also those that a consultation brings along without a change.
    known = sum(name.startswith("allergy__") and name.endswith("__class") for name in answers)
    rows = range(max(known, len(value), _MOST_CARRIED))
    return {
        f"allergy__{number}__{part}": [value[number][part] if number < len(value) else ""]
        for number in rows
        for part in _BOTH_PARTS
    }


def _registered(patient: Patient) -> dict[str, Any]:
    return {"sex_at_birth": {"value": patient.sex_at_birth}} if patient.sex_at_birth else {}


def _line(
    proposal: Proposal, facts: Mapping[str, Any], answers: Mapping[str, Sequence[str]], catalogue: Catalogue
) -> Line:
    field, said = proposal.field, proposal.value
    question, words = _words(field, said, catalogue)
    row = _row_of(field, catalogue)
    if row is None:
        now = "\n".join(answers.get(field, ()))
        stands = Standing.NEW if not now or field.startswith(NOTES) else _apart(now, said)
        return Line(proposal, row, question, words, now, stands, writes=True)
    sheet, draft = facts.get(field, {}).get("value"), _in_draft(row, answers)
    now = draft if draft is not None else sheet
    recorded = _words(field, now, catalogue)[1] if now not in (None, "") else ""
    writes = said != UNKNOWN or (row.type in _TAKES_UNKNOWN and not row.stored_as)
    stands = standing(row, said, sheet, draft)
    return Line(proposal, row, question, words, recorded, stands, writes, _is_outdated(proposal, row))


def _is_outdated(proposal: Proposal, row: Input) -> bool:
    return manner_of(row) is Manner.ANEW and proposal.made_at.date() < clock.now().date()


def _apart(recorded: str, said: str) -> Standing:
    return Standing.SAME if recorded == said else Standing.DIFFERENT


def _row_of(field: str, catalogue: Catalogue) -> Input | None:
    return next((row for row in catalogue.of(Input) if field == (row.stored_as or row.id)), None)


def _words(field: str, value: Any, catalogue: Catalogue) -> tuple[str, str]:
    """(question, answer) in the words of the clinic; an answer that the patient does not know says so."""
    if field.startswith(NARRATIVE):
        return next(iter(readable_narrative({field: value}, catalogue)), (field, str(value)))
    unknown = value == UNKNOWN
    read = readable_facts({field: {"value": [] if unknown else value}}, catalogue)
    question, words, _on = next(iter(read), (field, str(value), ""))
    return question, _("Does not know") if unknown else words


def _in_draft(row: Input, answers: Mapping[str, Sequence[str]]) -> Any:
    """What a draft says about an input, in the form in which a fact sheet keeps it; None when it says nothing."""
    if row.type == "allergies":
        listed = _draft_allergies(answers)
        return listed if listed or answers.get("allergies_reviewed") == ["yes"] else None
    texts = [text for text in answers.get(row.stored_as or row.id, ()) if text]
    if not texts or row.type in ("choices", "diagnoses"):
        return texts or None
    if row.stored_as or row.type == "date":
        day = parse_date(texts[0])
        return day.isoformat() if day else None
    return _number(texts[0]) if row.type in ("whole", "decimal") else texts[0]


def _number(text: str) -> str | None:
    try:
        return str(Decimal(text.replace(",", ".")))
    except InvalidOperation:
        return None


def _draft_allergies(answers: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    numbers = range(_MOST_CARRIED)
    rows = ([next(iter(answers.get(f"allergy__{n}__{part}", ())), "") for part in _BOTH_PARTS] for n in numbers)
    return [{"class": allergen, "reaction": reaction or UNKNOWN} for allergen, reaction in rows if allergen]
