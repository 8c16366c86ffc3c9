"""The preparation sheet of the treatment room: what is drawn up from which lot in which order, and syringe labels."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from mesoclinic import audit, clock, pdf
from mesoclinic.accounts import User
from mesoclinic.documents import keep
from mesoclinic.errors import ClinicError
from mesoclinic.transactions import atomic
from patients.documents.plan_summary import banner_of, fingerprint, kept, mg_of
from patients.models import Component, PatientDocument
from patients.queries.banner import Banner, banner_for
from patients.queries.plans import technique_of
from protocols.models import Lot
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.formulation import FormulationRule
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.technique import Technique, Zone
from protocols.rules.technique import TechniqueResult, check_technique
from sessions.models import Booking, LotUse, TreatmentSession
from sessions.queries.treatment import booking_of, lot_uses, record_of, today_at

KIND = "preparation sheet"
TEMPLATE = "preparation 1"


@dataclass(frozen=True, slots=True)
class Draw:
    """One product to draw up: its place in the order, its lots as far as they are known."""

    order: int
    part: Component
    mg: Decimal | None
    lots: tuple[Lot, ...]
    mixing: str
    storage: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One syringe with everything that goes into it, in order."""

    name: str
    draws: tuple[Draw, ...]

    @property
    def volume_ml(self) -> Decimal:
        """What is in it when all is drawn up."""
        return sum((draw.part.volume_ml for draw in self.draws), Decimal(0))

    @property
    def mixed(self) -> bool:
        """Whether more than one product goes into it."""
        return len(self.draws) > 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is printed."""

    session: TreatmentSession
    booking: Booking | None
    banner: Banner
    technique: Technique
    made: TechniqueResult
    zones: tuple[tuple[str, str, int | None], ...]
    syringes: tuple[Drawn, ...]
    minutes: Decimal
    cautions: tuple[str, ...]


def sheet_of(actor: User, session: TreatmentSession) -> Sheet:
    """The sheet of a session as things stand now."""
    version, site = session.series.plan_version, session.series.site
    catalogue = catalogue_of(version.release)
    made = check_technique(technique_of(version), catalogue=catalogue)
    check = version.checks.first()
    return Sheet(
        session=session,
        booking=booking_of(session),
        banner=banner_for(actor, session.series.patient, on=today_at(site)),
        technique=catalogue.row(Technique, version.technique),
        made=made,
        zones=tuple(
            (catalogue.row(Zone, each["zone"]).name, each["area_cm2"], made.points_by_zone.get(each["zone"]))
            for each in version.zones
        ),
        syringes=_syringes(actor, session, catalogue),
        minutes=catalogue.row(FormulationRule, "FX-07").limit("mixed_minutes"),
        cautions=tuple(f"{each['reason']} ({each['rule']})" for each in (check.findings if check else ())),
    )


def preparation_sheet(actor: User, session: TreatmentSession) -> PatientDocument:
    """The stored sheet that reads as things stand now, made when there is none. Raises ClinicError."""
    sheet, banner = sheet_of(actor, session), banner_of(session.series.plan_version)
    template = f"{TEMPLATE} {fingerprint(_content(sheet, banner))}"
    subject = f"session:{session.pk}"
    return kept(subject, KIND, template) or _made(actor, sheet, banner, subject, template)


def render_sheet(sheet: Sheet, *, banner: str) -> bytes:
    """The sheet as PDF/UA-1. Raises pdf.NotRendered."""
    session, site = sheet.session, sheet.session.series.site
    language = get_language() or "en"
    with timezone.override(site.zone):
        context = {
            "sheet": sheet,
            "catalogue_banner": banner,
            "patient": session.series.patient,
            "site": site,
            "version": session.series.plan_version,
            "language": language,
            "right_to_left": get_language_bidi(),
            "printed_at": clock.now(),
        }
        html = render_to_string("pdf/preparation.html", context)
    identifier = hashlib.sha256(f"preparation:{session.pk}".encode()).hexdigest()[:32]
    made_at = clock.now().isoformat()
    return pdf.render(html, language=language, title=_("Preparation sheet"), made_at=made_at, identifier=identifier)


def _syringes(actor: User, session: TreatmentSession, catalogue: Catalogue) -> tuple[Drawn, ...]:
    record = record_of(actor, session)
    uses = lot_uses(record) if record else []
    groups: dict[str, list[Draw]] = {}
    for part in session.series.plan_version.components.select_related("product").order_by("syringe", "pk"):
        group = groups.setdefault(part.syringe, [])
        group.append(_draw(len(group) + 1, part, uses, catalogue))
    return tuple(Drawn(name, tuple(draws)) for name, draws in groups.items())


def _draw(order: int, part: Component, uses: Iterable[LotUse], catalogue: Catalogue) -> Draw:
    row = catalogue.row(Ingredient, part.ingredient) if catalogue.has(Ingredient, part.ingredient) else None
    served = [use.lot for use in uses if use.lot.product_id == part.product_id and use.syringe == part.syringe]
    return Draw(
        order=order,
        part=part,
        mg=mg_of(part),
        lots=tuple(dict.fromkeys(served)),
        mixing=_said(row.mixing) if row else "",
        storage=_said(row.storage) if row else "",
    )


def _said(text: str) -> str:
    """The text of a row without the marks of its sources."""
    return re.sub(r"\s*\[[^\]]*\]", "", text)


def _content(sheet: Sheet, banner: str) -> Iterable[object]:
    yield from (banner, get_language(), sheet.session.series.plan_version_id, sheet.cautions)
    yield from (sheet.booking and sheet.booking.starts_at, sheet.banner.allergies, sheet.banner.pregnancy)
    yield sheet.banner.blood_thinners
    for syringe in sheet.syringes:
        for draw in syringe.draws:
            yield (syringe.name, draw.part.pk, [(lot.number, lot.expires_on, lot.state) for lot in draw.lots])


def _made(actor: User, sheet: Sheet, banner: str, subject: str, template: str) -> PatientDocument:
    try:
        content = render_sheet(sheet, banner=banner)
    except pdf.NotRendered as problem:
        raise ClinicError(_("The paper could not be made. Try again in a minute.")) from problem
    with atomic():
        document = keep(content, kind=KIND, language=get_language() or "en", template_version=template)
        series = sheet.session.series
        paper = PatientDocument.objects.create(patient=series.patient, document=document, kind=KIND, subject=subject)
        audit.record(actor, "paper.made", paper, patient_id=series.patient_id, site_id=series.site_id, reason=KIND)
    return paper
