"""The plan on paper for the patient: made from the signed version, kept, and made again only when it would differ."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language_bidi, override
from django.utils.translation import gettext as _

from mesoclinic import audit, clock, pdf
from mesoclinic.actors import Actor
from mesoclinic.documents import keep
from mesoclinic.errors import ClinicError
from mesoclinic.languages import spoken
from mesoclinic.shell import BANNER
from mesoclinic.transactions import atomic
from patients.models import Component, PatientDocument, PlanVersion
from patients.queries.plans import technique_of
from protocols.models import CatalogueRelease
from protocols.queries.catalogue import catalogue_of, demonstration, draft_rows
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.schedule import Interval, Protocol
from protocols.rules.kinds.technique import Technique, Zone
from protocols.rules.technique import check_technique

KIND = "plan summary"
TEMPLATE = "plan summary 1"


@dataclass(frozen=True, slots=True)
class Visit:
    """A session by its number: days after the first one, and the days that may lie between it and the one before."""

    ordinal: int
    day: int
    least: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """What is in the liquid: the substance, mL and mg."""

    name: str
    volume_ml: Decimal
    mg: Decimal | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that is printed."""

    version: PlanVersion
    protocol: Protocol
    technique: Technique
    zones: tuple[tuple[str, str], ...]
    points: int | None
    contents: tuple[Content, ...]
    visits: tuple[Visit, ...]
    checks: tuple[tuple[str, int], ...]


def summary_of(version: PlanVersion) -> Summary:
    """The summary of a version; call it in the patient's language."""
    catalogue = catalogue_of(version.release)
    protocol = catalogue.row(Protocol, version.protocol)
    names = {"interim": _("Interim check"), "interim2": _("Second interim check"), "final": _("Final check")}
    gaps = [catalogue.row(Interval, name) for name in protocol.intervals]
    return Summary(
        version=version,
        protocol=protocol,
        technique=catalogue.row(Technique, version.technique),
        zones=tuple((catalogue.row(Zone, each["zone"]).name, each["area_cm2"]) for each in version.zones),
        points=check_technique(technique_of(version), catalogue=catalogue).points,
        contents=tuple(
            Content(_name(part, version.release), part.volume_ml, mg_of(part)) for part in version.components.all()
        ),
        visits=tuple(
            Visit(
                number + 1,
                day,
                gaps[number - 1].min_days if number else None,
                gaps[number - 1].max_days if number else None,
            )
            for number, day in enumerate(protocol.target_days[: version.session_count])
        ),
        checks=tuple((names[each.code], each.day) for each in protocol.assessments),
    )


def plan_summary(actor: Actor, version: PlanVersion) -> PatientDocument:
    """The stored paper of a signed version, made when there is none that reads the same. Raises ClinicError."""
    language, banner = spoken(version.plan.patient.language), banner_of(version)
    template = f"{TEMPLATE} {fingerprint([language, banner])}"
    subject = f"plan version:{version.pk}"
    return kept(subject, KIND, template) or _made(actor, version, language, banner, subject, template)


def render_summary(version: PlanVersion, *, language: str, banner: str) -> bytes:
    """The paper as PDF/UA-1. Raises pdf.NotRendered."""
    site = version.plan.site
    with override(language), timezone.override(site.zone):
        context = {
            "summary": summary_of(version),
            "catalogue_banner": banner,
            "patient": version.plan.patient,
            "site": site,
            "language": language,
            "right_to_left": get_language_bidi(),
            "printed_at": clock.now(),
        }
        html = render_to_string("pdf/plan_summary.html", context)
        title = _("Your treatment plan")
    identifier = hashlib.sha256(f"plan version:{version.pk}".encode()).hexdigest()[:32]
    return pdf.render(html, language=language, title=title, made_at=clock.now().isoformat(), identifier=identifier)


def banner_of(version: PlanVersion) -> str:
    """What a paper of this version has to say of the catalogue it rests on; empty once its rows are approved."""
    used = [("protocol", version.protocol), ("technique", version.technique)]
    used += [("zone", each["zone"]) for each in version.zones]
    used += [("ingredient", part.ingredient) for part in version.components.all()]
    if draft_rows(version.release, used):
        return str(BANNER)
    if demonstration(version.release):
        return _("Demonstration approval: no physician has approved this content.")
    return ""


def kept(subject: str, kind: str, template: str) -> PatientDocument | None:
    """The stored paper of this subject that was made of the same content."""
    papers = PatientDocument.objects.filter(kind=kind, subject=subject, document__template_version=template)
    return papers.select_related("document").order_by("-pk").first()


def fingerprint(content: Iterable[object]) -> str:
    """A short name of what a paper is made of."""
    return hashlib.sha256("\n".join(map(str, content)).encode()).hexdigest()[:12]


def mg_of(part: Component) -> Decimal | None:
    """The dose of a component, None while its strength is not known."""
    return None if part.mg_per_ml is None else part.mg_per_ml * part.volume_ml


def _made(
    actor: Actor, version: PlanVersion, language: str, banner: str, subject: str, template: str
) -> PatientDocument:
    try:
        content = render_summary(version, language=language, banner=banner)
    except pdf.NotRendered as problem:
        raise ClinicError(_("The paper could not be made. Try again in a minute.")) from problem
    with atomic():
        document = keep(content, kind=KIND, language=language, template_version=template)
        patient = version.plan.patient
        paper = PatientDocument.objects.create(patient=patient, document=document, kind=KIND, subject=subject)
        audit.record(actor, "paper.made", paper, patient_id=patient.pk, site_id=version.plan.site_id, reason=KIND)
    return paper


def _name(part: Component, release: CatalogueRelease) -> str:
    catalogue = catalogue_of(release)
    known = catalogue.has(Ingredient, part.ingredient)
    return catalogue.row(Ingredient, part.ingredient).name if known else part.product.name
