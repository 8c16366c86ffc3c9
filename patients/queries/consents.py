"""Consents within an actor's scope, and whether one covers a treatment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.tri import Tri
from patients.models import Consent, PlanVersion, TreatmentPlan
from patients.queries.consent_form import current_form
from patients.queries.people import reached
from patients.rules.consent import Given, Lack, validity
from protocols.queries.catalogue import current_catalogue

WORDS = {
    Lack.NONE: gettext_lazy("No consent is signed for this plan."),
    Lack.WITHDRAWN: gettext_lazy("The consent was withdrawn."),
    Lack.OTHER_PLAN: gettext_lazy("The consent is for another version of the plan."),
    Lack.NOT_YET: gettext_lazy("The consent was signed after this date."),
    Lack.EXPIRED: gettext_lazy("The consent is older than 12 months."),
    Lack.FORM_CHANGED: gettext_lazy("The consent form has changed since it was signed."),
    Lack.ELEMENT_MISSING: gettext_lazy("A part of the consent was not acknowledged."),
    Lack.DATE_UNKNOWN: gettext_lazy("The day of the consent is not recorded."),
    Lack.FORM_UNKNOWN: gettext_lazy("The current consent form is not known."),
    Lack.NO_ELEMENTS: gettext_lazy("The catalogue does not say what a consent needs."),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a plan version's consent stands on a date; `consent` is set only when it holds."""

    holds: Tri
    consent: Consent | None
    lacks: tuple[Lack, ...]
    through: date | None

    @property
    def reason(self) -> str:
        """Why there is no valid consent, in words; empty when there is one."""
        return " ".join(str(WORDS[lack]) for lack in self.lacks)


def consents_for(actor: Actor) -> QuerySet[Consent]:
    """Consents of patients within reach."""
    found = Consent.objects.filter(reached(actor))
    return found.select_related(
        "patient", "site", "offered_by", "document", "plan_version__plan", "plan_version__release"
    )


def consent_for(actor: Actor, consent_id: int) -> Consent:
    """One consent; raises OutOfScope alike for another site's and for none at all."""
    found = consents_for(actor).filter(pk=consent_id).first()
    if found is None:
        raise OutOfScope(_("There is no such consent at your sites."))
    return found


def signed_version_of(plan: TreatmentPlan) -> PlanVersion | None:
    """The newest version of a plan when it is signed: a consent is for that one and for no older one."""
    newest = plan.versions.exclude(state=PlanVersion.State.DRAFT).order_by("-number").first()
    return newest if newest is not None and newest.state == PlanVersion.State.SIGNED else None


def valid_consent_for(version: PlanVersion, on: date) -> Standing:
    """The consent that covers this plan version on a date, or the reason why none does."""
    return standings_on(on, [version])[version.pk]


def standings_on(on: date, versions: Sequence[PlanVersion]) -> dict[int, Standing]:
    """The same of several plan versions, by their numbers, in as many statements as for one."""
    patients = {version.plan.patient_id for version in versions}
    of_them = Q(patient__in=patients) | Q(patient__merged_into__in=patients)
    states = (Consent.State.SIGNED, Consent.State.WITHDRAWN)
    treatment = Consent.objects.filter(of_them, kind=Consent.Kind.TREATMENT, state__in=states)
    given = list(treatment.annotate(person=Coalesce("patient__merged_into", "patient")).order_by("-signed_at", "-pk"))
    form, catalogue = current_form(), current_catalogue()
    found = {}
    for version in versions:
        own = [each for each in given if each.person == version.plan.patient_id]
        last = next((each for each in own if each.plan_version_id == version.pk), own[0] if own else None)
        known = given_of(last) if last is not None else None
        result = validity(known, plan_version=version.pk, form=form, on=on, catalogue=catalogue)
        holds = result.holds is Tri.YES
        found[version.pk] = Standing(result.holds, last if holds else None, result.lacks, result.through)
    return found


def through_of(consent: Consent) -> date | None:
    """The last day on which a signed consent holds."""
    version, on = consent.plan_version_id or 0, consent.signed_on or date.min
    held = validity(given_of(consent), plan_version=version, form=current_form(), on=on, catalogue=current_catalogue())
    return held.through


def given_of(consent: Consent) -> Given:
    """The consent as the rules read it."""
    return Given(
        plan_version=consent.plan_version_id or 0,
        form=consent.template_version,
        elements=frozenset(str(each.get("id")) for each in consent.elements if each.get("at")),
        signed_on=consent.signed_on,
        withdrawn=consent.state == Consent.State.WITHDRAWN,
    )
