"""What a doctor finds and plans: fact sheets, verdicts and safety checks that the rules really give."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from mesoclinic.accounts import User
from mesoclinic.actors import System
from patients.documents import consent_text, digest_of
from patients.documents.signature import TYPED
from patients.models import (
    Acknowledgement,
    Candidacy,
    Component,
    Consent,
    Consultation,
    FactSheet,
    FormulationCheck,
    Patient,
    PlanVersion,
    TreatmentPlan,
)
from patients.queries.acknowledgements import cautions, stored
from patients.queries.consent_form import current_form
from patients.queries.plans import Ingredient, mixture, technique_of
from patients.rules.candidacy import TREATABLE, evaluate
from patients.rules.consent import required_elements
from patients.services.facts import BIRTH
from patients.services.plans import OK_RESULTS, check_version
from protocols.queries.catalogue import catalogue_of
from protocols.rules.facts import from_sheet
from protocols.rules.formulation import check_mixture
from sessions.demo.care import MAN, NOTES, PLANS, WELL, WOMAN
from sessions.demo.scale.batch import Batch
from sessions.demo.scale.place import Place

RECIPES = (("P1", 6), ("P8", 5), ("P1", 8), ("P5", 4), ("P8", 6), ("P8", 8))
SKINS = ("I", "II", "III", "IV", "V")
ASKED = {"how": "Face to face", "interpreter": "", "present": ""}
# How many in a hundred have what makes a verdict milder or harder.
INFECTED, ON_ASPIRIN, PRESSURE = 3, 8, 4
PERCENT = 100
TALK = timedelta(minutes=15)


@dataclass(slots=True)
class Seen:
    """A signed consultation and what follows from it; `facts` are as the rules read them."""

    consultation: Consultation
    sheet: FactSheet
    verdict: Candidacy

    @property
    def suitable(self) -> bool:
        return self.verdict.verdict in TREATABLE


@dataclass(slots=True)
class Planned:
    """A signed plan with what a treatment by it refers to."""

    seen: Seen
    version: PlanVersion
    components: list[Component]
    check: FormulationCheck
    consent: Consent


@dataclass(slots=True)
class Care:
    """Consultations and plans of one site; what is the same for all plans of a recipe is made once."""

    place: Place
    batch: Batch
    form: str = field(default_factory=current_form)
    _mixtures: dict[str, Any] = field(default_factory=dict)
    _texts: dict[tuple[str, int, int], dict[str, Any]] = field(default_factory=dict)

    def consult(self, patient: Patient, doctor: User, at: datetime, luck: Random) -> Seen:
        """A signed consultation with its fact sheet, and the verdict of that day with each caution read."""
        on, end = at.astimezone(self.place.site.zone).date(), at + TALK
        facts = _facts(patient, on, luck)
        catalogue = catalogue_of(self.place.release)
        result = evaluate(from_sheet(facts, evaluated_on=on, catalogue=catalogue), catalogue)
        consultation = Consultation(
            patient=patient,
            site=self.place.site,
            clinician=doctor,
            narrative=NOTES,
            state=Consultation.State.SIGNED,
            version=2,
            started_at=at,
            saved_at=end,
            signed_at=end,
            signed_by=doctor,
        )
        sheet = FactSheet(
            patient=patient,
            number=1,
            facts=facts,
            source=FactSheet.Source.CONSULTATION,
            consultation=consultation,
            by=doctor,
            at=end,
        )
        verdict = Candidacy(
            patient=patient,
            fact_sheet=sheet,
            release=self.place.release,
            evaluated_on=on,
            cause="consultation",
            verdict=result.verdict,
            provisional=result.provisional,
            temporary=result.temporary,
            findings=stored(result.fired),
            missing=list(result.missing),
            made_at=end,
        )
        self.batch.add(consultation, sheet, verdict)
        self.batch.add(
            *(Acknowledgement(candidacy=verdict, rule=each["rule"], by=doctor, at=end) for each in cautions(verdict))
        )
        self.batch.record(doctor, "consultation.signed", consultation, patient=patient)
        return Seen(consultation, sheet, verdict)

    def plan(self, seen: Seen, protocol: str, sessions: int) -> Planned | None:
        """The plan signed at the end of the consultation and its consent; None when the mixture is not safe."""
        _count, technique, recipe, area, volume = PLANS[protocol]
        consultation, end = seen.consultation, seen.verdict.made_at
        plan = TreatmentPlan(
            patient=consultation.patient, consultation=consultation, site=self.place.site, created_at=end
        )
        version = PlanVersion(
            plan=plan,
            number=1,
            protocol=protocol,
            release=self.place.release,
            technique=technique,
            zones=[{"zone": zone, "area_cm2": str(Decimal(area) / 2)} for zone in ("mid_scalp", "vertex")],
            spacing_cm=Decimal("1.0"),
            ml_per_point=Decimal("0.05"),
            depth_mm=Decimal("1.0"),
            volume_mode="fixed" if volume else "by_area",
            volume_ml=Decimal(volume) if volume else None,
            session_count=sessions,
            goals="Slow the loss; fuller parting in photographs after six months.",
            state=PlanVersion.State.SIGNED,
            version=2,
            made_at=end,
            signed_at=end,
            signed_by=consultation.clinician,
            candidacy=seen.verdict,
        )
        parts = [
            Ingredient(self.place.products[code], Decimal(amount), "1", self.place.products[code].mg_per_ml)
            for code, amount in recipe
        ]
        check = self._check(seen, version, parts)
        if check.result not in OK_RESULTS:
            return None
        self.batch.add(plan, version)
        components = [
            Component(
                plan_version=version,
                product=part.product,
                ingredient=part.product.ingredient,
                volume_ml=part.volume_ml,
                mg_per_ml=part.mg_per_ml,
            )
            for part in parts
        ]
        self.batch.add(*components)
        self.batch.then(Component, lambda: self._keep(check))
        self.batch.record(consultation.clinician, "plan.signed", version, patient=consultation.patient)
        return Planned(seen, version, components, check, self._consent(version, consultation.clinician))

    def _check(self, seen: Seen, version: PlanVersion, parts: list[Ingredient]) -> FormulationCheck:
        on, catalogue = seen.verdict.evaluated_on, catalogue_of(self.place.release)
        facts = from_sheet(seen.sheet.facts, evaluated_on=on, catalogue=catalogue)
        result = check_mixture(mixture(parts), technique_of(version), facts=facts, evaluated_on=on, catalogue=catalogue)
        return FormulationCheck(
            plan_version=version,
            fact_sheet=seen.sheet,
            release=self.place.release,
            evaluated_on=on,
            cause="plan signed",
            result=result.result,
            findings=stored(result.findings),
            missing=list(result.missing),
            made_at=seen.verdict.made_at,
        )

    def _keep(self, check: FormulationCheck) -> None:
        """The mixture of a recipe is written down by the clinic's own service once, and copied from then on."""
        version = check.plan_version
        if version.protocol not in self._mixtures:
            kept = check_version(System("seed"), version=version, sheet=check.fact_sheet, cause=check.cause)
            self._mixtures[version.protocol] = kept.mixture
        check.mixture = self._mixtures[version.protocol]
        self.batch.add(check)

    def _consent(self, version: PlanVersion, doctor: User) -> Consent:
        patient, at = version.plan.patient, version.made_at + timedelta(minutes=5)
        consent = Consent(
            patient=patient,
            site=self.place.site,
            kind=Consent.Kind.TREATMENT,
            plan_version=version,
            template_version=self.form,
            language="en",
            elements=[
                {"id": each, "at": at.isoformat()} for each in required_elements(catalogue_of(self.place.release))
            ],
            state=Consent.State.SIGNED,
            offered_by=doctor,
            offered_at=version.made_at,
            shown_at=version.made_at,
            signed_at=at,
            signed_on=at.astimezone(self.place.site.zone).date(),
            method=TYPED,
            signature_name=patient.full_name,
        )

        def complete() -> None:
            consent.text = self._text(version, doctor)
            consent.text_sha256 = digest_of(consent.text)
            self.batch.add(consent)

        self.batch.then(Component, complete)
        self.batch.record(doctor, "consent.signed", consent, patient=patient)
        return consent

    def _text(self, version: PlanVersion, doctor: User) -> dict[str, Any]:
        """The text of another plan by the same doctor and recipe, but for whose it is."""
        key = version.protocol, version.session_count, doctor.pk
        if key not in self._texts:
            self._texts[key] = consent_text(version, "en", asked=ASKED | {"by": doctor.name})
        own = {
            "patient": version.plan.patient.full_name,
            "plan": self._texts[key]["plan"] | {"id": version.plan_id},
        }
        return self._texts[key] | own


def _facts(patient: Patient, on: date, luck: Random) -> dict[str, Any]:
    usual = MAN if patient.sex_at_birth == "male" else WOMAN
    over: dict[str, object] = {
        "sex_at_birth": patient.sex_at_birth,
        "fitzpatrick": luck.choice(SKINS),
        "weight_kg": str(luck.randrange(48, 104)),
        "bp_sys": str(luck.randrange(104, 142)),
        "bp_dia": str(luck.randrange(62, 88)),
    }
    chance = luck.randrange(PERCENT)
    if chance < INFECTED:
        over["scalp_infection"] = "bacterial"
    elif chance < INFECTED + ON_ASPIRIN:
        over["antiplatelet"] = "single"
    elif chance < INFECTED + ON_ASPIRIN + PRESSURE:
        over |= {"bp_sys": "174", "bp_dia": "102"}
    answers = WELL | usual | over | {BIRTH: patient.birth_date.isoformat()}
    return {name: {"value": value, "observed_on": on.isoformat()} for name, value in answers.items()}
