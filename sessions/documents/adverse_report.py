"""The report of an adverse event for a regulator: what is asked, and nothing that tells who the patient is."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from mesoclinic import audit, clock, pdf
from mesoclinic.accounts import User
from mesoclinic.documents import keep
from mesoclinic.errors import ClinicError
from patients.models import PatientDocument
from patients.queries.banner import age_on
from protocols.models import Lot
from sessions.models import AdverseEvent, LotUse
from sessions.queries.adverse import name_of

KIND = "adverse event report"
TEMPLATE = "adverse event report 1"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A lot that is named, and what of it the patient was given in the session."""

    lot: Lot
    uses: tuple[LotUse, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that is printed: no name, no birth date, no record number, no contact."""

    event: AdverseEvent
    name: str
    age: int
    sex: str
    hours: int | None
    session: int | None
    technique: str
    zones: tuple[str, ...]
    suspects: tuple[Suspect, ...]


def paper_of(event: AdverseEvent) -> Paper:
    """What the report says as the event stands now."""
    record, patient = event.record, event.patient
    on = event.onset_at.astimezone(event.site.zone).date()
    return Paper(
        event=event,
        name=name_of(event.code),
        age=age_on(patient.birth_date, on),
        sex=patient.get_sex_at_birth_display() if patient.sex_at_birth else "",
        hours=hours_since(event),
        session=record.session.ordinal if record else None,
        technique=record.technique if record else "",
        zones=tuple(dict.fromkeys(str(each.get("zone", "")) for each in record.zones)) if record else (),
        suspects=tuple(_suspect(event, lot) for lot in event.lots.all()),
    )


def hours_since(event: AdverseEvent) -> int | None:
    """Whole hours between the end of the session, or its start while it lasts, and the beginning of the event."""
    moment = event.record and (event.record.ended_at or event.record.started_at)
    return max((event.onset_at - moment) // HOUR, 0) if moment else None


def keep_report(actor: User, event: AdverseEvent) -> PatientDocument:
    """Make the paper and keep it; call it inside the open transaction. Raises ClinicError."""
    try:
        content = render_report(paper_of(event))
    except pdf.NotRendered as problem:
        raise ClinicError(_("The paper could not be made. Try again in a minute.")) from problem
    document = keep(content, kind=KIND, language=get_language() or "en", template_version=TEMPLATE)
    subject = f"adverse event:{event.pk}"
    paper = PatientDocument.objects.create(patient=event.patient, document=document, kind=KIND, subject=subject)
    audit.record(actor, "paper.made", paper, patient_id=event.patient_id, site_id=event.site_id, reason=KIND)
    return paper


def render_report(paper: Paper) -> bytes:
    """The report as PDF/UA-1. Raises pdf.NotRendered."""
    event, language = paper.event, get_language() or "en"
    with timezone.override(event.site.zone):
        context = {
            "paper": paper,
            "event": event,
            "site": event.site,
            "language": language,
            "right_to_left": get_language_bidi(),
            "printed_at": clock.now(),
        }
        html = render_to_string("pdf/adverse_report.html", context)
    identifier = hashlib.sha256(f"adverse event:{event.pk}:{event.version}".encode()).hexdigest()[:32]
    made_at = clock.now().isoformat()
    return pdf.render(html, language=language, title=_("Adverse event report"), made_at=made_at, identifier=identifier)


def _suspect(event: AdverseEvent, lot: Lot) -> Suspect:
    uses = event.record.lot_uses.filter(lot=lot).order_by("pk") if event.record else ()
    return Suspect(lot, tuple(uses))
