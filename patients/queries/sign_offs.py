"""Sign-offs of director-only ingredients: what was asked, what still waits, and what the director reads of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import Component, PlanVersion, SignOff
from patients.queries.banner import current_facts
from patients.queries.candidacy import Shown, shown
from patients.queries.consultations import today_at
from patients.queries.people import reached
from patients.queries.plans import formulation_digest, mixture_of, technique_of
from protocols.queries.catalogue import catalogue_of
from protocols.rules.facts import from_sheet
from protocols.rules.formulation import FormulationResult, check_mixture
from protocols.rules.kinds.ingredients import Ingredient

DIRECTOR_ONLY = "director_only"
TONES = {SignOff.State.ASKED: "info", SignOff.State.GRANTED: "ok", SignOff.State.REFUSED: "bad"}


@dataclass(frozen=True, slots=True)
class NamedSignOff:
    """A sign-off with the name of its ingredient, and whether the mixture is still the one that was asked about."""

    sign_off: SignOff
    name: str
    current: bool

    @property
    def tone(self) -> str:
        """How it looks; what concerns another mixture is of no matter any more."""
        return TONES[SignOff.State(self.sign_off.state)] if self.current else ""


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that the director decides by."""

    sign_off: SignOff
    ingredient: Ingredient
    current: bool
    parts: tuple[Component, ...]
    check: FormulationResult
    findings: tuple[Shown, ...]


def sign_offs_for(actor: Actor) -> QuerySet[SignOff]:
    """Sign-offs of patients within reach, the newest first."""
    found = SignOff.objects.filter(reached(actor, "plan_version__plan__patient"))
    return found.select_related("asked_by", "decided_by", "plan_version__release", "plan_version__plan__patient")


def sign_off_for(actor: Actor, sign_off_id: int) -> SignOff:
    """One sign-off; raises OutOfScope for another site's and for none at all alike."""
    found = sign_offs_for(actor).select_related("plan_version__plan__site").filter(pk=sign_off_id).first()
    if found is None:
        raise OutOfScope(_("There is no such request at your sites."))
    return found


def waiting_for(actor: Actor) -> list[NamedSignOff]:
    """What the director has still to decide: asked about the mixture as it stands in the draft, the oldest first."""
    asked = sign_offs_for(actor).filter(state=SignOff.State.ASKED, plan_version__state=PlanVersion.State.DRAFT)
    found = asked.select_related("plan_version__plan__site").prefetch_related("plan_version__components__product")
    return [each for each in _named(found.order_by("asked_at", "pk")) if each.current]


def sign_offs_of(version: PlanVersion) -> list[NamedSignOff]:
    """What was asked and decided for a plan version."""
    return _named(version.sign_offs.select_related("asked_by", "decided_by", "plan_version__release"))


def request_of(sign_off: SignOff) -> Request:
    """The request with the mixture as it stands and what the safety check says of it today."""
    version = sign_off.plan_version
    catalogue, on = catalogue_of(version.release), today_at(version.plan.site)
    facts = from_sheet(current_facts(version.plan.patient), evaluated_on=on, catalogue=catalogue)
    check = check_mixture(mixture_of(version), technique_of(version), facts=facts, evaluated_on=on, catalogue=catalogue)
    return Request(
        sign_off,
        catalogue.row(Ingredient, sign_off.ingredient),
        is_current(sign_off),
        tuple(version.components.select_related("product")),
        check,
        tuple(shown(finding, catalogue) for finding in check.findings),
    )


def is_current(sign_off: SignOff) -> bool:
    """Whether the stored formulation is the one that the director was asked about."""
    version = sign_off.plan_version
    return sign_off.formulation_sha256 == formulation_digest(version.components.all(), cream=version.anaesthetic_cream)


def director_only(version: PlanVersion) -> list[str]:
    """The ingredients of a version that only the director may allow."""
    catalogue = catalogue_of(version.release)
    used = dict.fromkeys(part.ingredient for part in version.components.all())
    known = [name for name in used if catalogue.has(Ingredient, name)]
    return [name for name in known if catalogue.row(Ingredient, name).permitted == DIRECTOR_ONLY]


def other_directors(sign_off: SignOff, than: User) -> bool:
    """Whether somebody else could decide."""
    staff = User.objects.filter(sites=sign_off.plan_version.plan.site, is_active=True).exclude(pk=than.pk)
    return any(Role.DIRECTOR in each.roles for each in staff)


def _named(found: Iterable[SignOff]) -> list[NamedSignOff]:
    return [NamedSignOff(each, _name(each), is_current(each)) for each in found]


def _name(sign_off: SignOff) -> str:
    catalogue = catalogue_of(sign_off.plan_version.release)
    known = catalogue.has(Ingredient, sign_off.ingredient)
    return catalogue.row(Ingredient, sign_off.ingredient).name if known else sign_off.ingredient
