"""The aftercare sheet on paper: made once from the signed record, stored, never made again."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from mesoclinic import audit, clock, pdf
from mesoclinic.actors import System
from mesoclinic.documents import keep
from mesoclinic.languages import spoken
from mesoclinic.shell import BANNER
from mesoclinic.transactions import atomic
from patients.models import PatientDocument
from protocols.queries.catalogue import catalogue_of, demonstration, draft_rows
from protocols.rules.kinds.adverse_events import TriageAnswer
from sessions.documents.words import moment_words, spoken_to
from sessions.models import Booking, TreatmentRecord
from sessions.queries.aftercare import instructions_for, next_session_after
from sessions.rules.aftercare import Instruction

KIND = "aftercare"
TEMPLATE_VERSION = "aftercare 1"
WASHING = "AC-01a"
# What is said to inform or to help stands in the box; whatever else there is must be left alone.
HELPS = ("AC-05a", "AC-03", "AC-04", "AC-07", "AC-08", "AC-10", "AC-16")
RED_FLAGS = "AC-17"
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ban:
    """Something to leave alone: until when, and how much of the first week that is (0 to 100)."""

    text: str
    until: str
    percent: int
    hours: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """Whom to call when, for which signs."""

    heading: str
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is printed, in the patient's language and the site's time."""

    record: TreatmentRecord
    ended: str
    washing_until: str
    bans: tuple[Ban, ...]
    tips: tuple[str, ...]
    help: tuple[Help, ...]
    next_visit: Booking | None
    catalogue_banner: str


def aftercare_context(record: TreatmentRecord) -> Sheet:
    """The sheet of a signed record; call it in the patient's language and the site's time zone."""
    ended = record.ended_at or record.opened_at
    found = instructions_for(record)
    washing = next((each for each in found if each.id == WASHING), None)
    return Sheet(
        record=record,
        ended=moment_words(ended),
        washing_until=moment_words(washing.stop, since=ended) if washing and washing.stop else "",
        bans=tuple(_ban(each, ended) for each in _banned(found)),
        tips=tuple(_tip(each, ended) for rule in HELPS for each in found if each.id == rule),
        help=_help(record),
        next_visit=next_session_after(record),
        catalogue_banner=_banner(record, found),
    )


def aftercare_paper(record: TreatmentRecord) -> PatientDocument:
    """The stored sheet of a signed record; the first call makes it. Raises pdf.NotRendered."""
    found = _stored(record)
    if found is not None:
        return found
    content = render_aftercare(record)
    with atomic():
        TreatmentRecord.objects.select_for_update().get(pk=record.pk)
        return _stored(record) or _keep(record, content)


def render_aftercare(record: TreatmentRecord) -> bytes:
    """The sheet as PDF/UA-1."""
    with spoken_to(record.patient, record.site):
        language = translation.get_language() or "en"
        sheet = aftercare_context(record)
        context = {
            "sheet": sheet,
            "catalogue_banner": sheet.catalogue_banner,
            "record": record,
            "patient": record.patient,
            "site": record.site,
            "language": language,
            "right_to_left": translation.get_language_bidi(),
            "printed_at": clock.now(),
        }
        html = render_to_string("pdf/aftercare.html", context)
        title = _("After your treatment")
    identifier = hashlib.sha256(f"aftercare:{record.pk}".encode()).hexdigest()[:32]
    return pdf.render(html, language=language, title=title, made_at=clock.now().isoformat(), identifier=identifier)


def _stored(record: TreatmentRecord) -> PatientDocument | None:
    papers = PatientDocument.objects.filter(patient=record.patient_id, kind=KIND, subject=_subject(record))
    return papers.select_related("document").order_by("pk").first()


def _keep(record: TreatmentRecord, content: bytes) -> PatientDocument:
    document = keep(content, kind=KIND, language=spoken(record.patient.language), template_version=TEMPLATE_VERSION)
    fields = {"patient": record.patient, "document": document, "kind": KIND, "subject": _subject(record)}
    paper = PatientDocument.objects.create(**fields)
    audit.record(System("documents"), "paper.made", paper, site_id=record.site_id)
    return paper


def _subject(record: TreatmentRecord) -> str:
    return f"treatment:{record.pk}"


def _banned(found: tuple[Instruction, ...]) -> list[Instruction]:
    apart = {WASHING, RED_FLAGS, *HELPS}
    return sorted((each for each in found if each.id not in apart), key=lambda each: _end_of(each))


def _end_of(instruction: Instruction) -> tuple[bool, str]:
    return instruction.stop is None, instruction.stop.isoformat() if instruction.stop else ""


def _ban(instruction: Instruction, ended: datetime) -> Ban:
    stop = instruction.stop
    length = stop - ended if isinstance(stop, datetime) else WEEK
    notes = [_(line.text) for line in instruction.lines]
    if instruction.start > ended:
        notes.append(_("From %(when)s") % {"when": moment_words(instruction.start, since=ended)})
    return Ban(
        text=_(instruction.text),
        until=moment_words(stop, since=ended) if stop else _("No end"),
        percent=max(0, min(100, round(100 * (length / WEEK)))),
        hours=round(length.total_seconds() / 3600),
        notes=tuple(notes),
    )


def _tip(instruction: Instruction, ended: datetime) -> str:
    parts = [_(instruction.text), *(_(line.text) for line in instruction.lines)]
    if instruction.start > ended:
        parts.append(_("From %(when)s") % {"when": moment_words(instruction.start, since=ended)})
    until = _until(instruction.stop, ended)
    return ". ".join(parts) + (f" ({until})" if until else "") + "."


def _until(stop: datetime | date | None, ended: datetime) -> str:
    # The day of the next assessment is no end of anything that the patient does.
    return _("until %(when)s") % {"when": moment_words(stop, since=ended)} if isinstance(stop, datetime) else ""


def _help(record: TreatmentRecord) -> tuple[Help, ...]:
    headings = {
        1: _("Call %(number)s now:") % {"number": record.site.emergency_number},
        2: _("Call us the same day:"),
    }
    catalogue = catalogue_of(record.session.series.plan_version.release)
    flags = sorted((row for row in catalogue.of(TriageAnswer) if row.red_flag), key=lambda row: row.rank)
    words = sign_words_for_patients()
    return tuple(Help(headings[row.rank], tuple(words.get(sign.id, sign.text) for sign in row.signs)) for row in flags)


def sign_words_for_patients() -> dict[str, str]:
    """The catalogue names signs for staff; these are the same in words for patients."""
    return {
        "airway_sign": _("swollen tongue or throat"),
        "breathing_sign": _("hard to breathe"),
        "circulation_sign": _("cold sweat with a racing heart"),
        "seizure": _("a seizure"),
        "collapse": _("collapse"),
        "chest_pain": _("chest pain"),
        "worst_headache": _("a sudden headache worse than any before"),
        "vision_loss": _("sudden loss of sight"),
        "fever": _("fever of 38 °C or more"),
        "spreading_redness": _("redness that spreads"),
        "pus": _("pus"),
        "late_severe_pain": _("strong or growing pain after two days"),
        "white_or_blue_skin": _("white, blue or black skin"),
        "eyelid_closed": _("an eye swollen shut"),
        "new_bald_patch": _("a new bald patch"),
        "faint": _("fainting"),
    }


def _banner(record: TreatmentRecord, found: tuple[Instruction, ...]) -> str:
    release = record.session.series.plan_version.release
    if draft_rows(release, [("aftercare", each.id) for each in found]):
        return str(BANNER)
    if demonstration(release):
        return _("Demonstration approval: no physician has approved this content.")
    return ""
