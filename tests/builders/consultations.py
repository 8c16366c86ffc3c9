"""Consultations and plans led through their own services: a healthy woman or man, and a nutrient mixture."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mesoclinic import clock
from mesoclinic.accounts import User
from patients.models import Consultation, FactSheet, Patient, PlanVersion, TreatmentPlan
from patients.queries.consultations import today_at
from patients.queries.plans import Ingredient, version_of
from patients.services.consultations import save_draft, sign_consultation, start_consultation
from patients.services.facts import write_fact_sheet
from patients.services.plans import draft_plan, save_plan, sign_plan
from protocols.models import Product
from protocols.rules.kinds.candidacy import CandidacyRule
from tests.builders import catalogue
from tests.builders.facts import MAN, WOMAN, shipped

EVERY_RULE = [row.id for row in shipped().of(CandidacyRule)]
NUTRIENTS = {"VIT_BIOTIN": "1", "DEXPANTHENOL": "1", "MIN_ZINC": "0.5", "AA_ARGININE": "0.5", "HA_NCL": "1"}


def known(patient: Patient, **over: object) -> dict[str, object]:
    """The answers of a healthy patient with what differs; None empties an input."""
    usual = MAN if patient.sex_at_birth == "male" else WOMAN
    answers = {name: str(value) if isinstance(value, int) else value for name, value in (usual | over).items()}
    return {name: value for name, value in answers.items() if name != "age_years" and value is not None}


def sheet(answers: Mapping[str, object], observed_on: str = "2026-03-02") -> dict[str, dict[str, object]]:
    """Answers as a consultation's form hands them over."""
    return {name: {"value": value, "observed_on": observed_on} for name, value in answers.items()}


def typed(answers: Mapping[str, object]) -> dict[str, list[str]]:
    """The same answers as the form's fields hold them."""
    fields: dict[str, list[str]] = {}
    for name, value in answers.items():
        match value:
            case list() if name == "severity":
                fields |= {f"severity__{graded['scale']}": [graded["stage"]] for graded in value}
            case list() if name == "allergies":
                for number, allergy in enumerate(value):
                    fields[f"allergy__{number}__class"] = [allergy["class"]]
                    fields[f"allergy__{number}__reaction"] = [allergy["reaction"]]
            case list():
                fields[name] = value
            case _:
                fields[name] = [str(value)]
    return fields


def draft(doctor: User, patient: Patient, **over: object) -> Consultation:
    """An open consultation in which everything is answered; `over` are the answers that differ."""
    catalogue.release()
    made = start_consultation(doctor, patient_id=patient.pk)
    save_draft(doctor, consultation_id=made.pk, version=made.version, answers=typed(known(patient, **over)))
    made.refresh_from_db()
    return made


def signed(doctor: User, patient: Patient, **over: object) -> Consultation:
    """A signed consultation, each of its cautions acknowledged; `over` are the answers that differ."""
    made = draft(doctor, patient, **over)
    return sign_consultation(doctor, **signature(made, facts=sheet(known(patient, **over), today(made))))


def signature(made: Consultation, **over: Any) -> dict[str, Any]:
    """What signs a draft of `draft`, every caution acknowledged; `over` are arguments that differ."""
    usual: dict[str, Any] = {
        "consultation_id": made.pk,
        "version": made.version,
        "facts": sheet(known(made.patient), today(made)),
        "narrative": {"notes__complaint": "Thinner for two years."},
        "acknowledged": EVERY_RULE,
    }
    return usual | over


def today(made: Consultation) -> str:
    """The clinic's day of a consultation."""
    return today_at(made.site).isoformat()


def learned(doctor: User, patient: Patient, **over: object) -> FactSheet:
    """The next fact sheet of a healthy patient with what a re-screen found to differ."""
    facts = sheet(known(patient, **over), clock.now().date().isoformat())
    return write_fact_sheet(doctor, patient=patient, facts=facts, source=FactSheet.Source.RESCREEN)


def product(ingredient: str, **over: Any) -> Product:
    """A complete product record of an ingredient, 5 mg/mL and approved."""
    fields: dict[str, Any] = {
        **dict.fromkeys(("sterile", "for_injection", "composition_known", "injectable_proof"), True),
        "ingredient": ingredient,
        "manufacturer": "Maker",
        "container": "single_dose",
        "mg_per_ml": Decimal(5),
        "vehicle": ["water"],
        "cross_linked": False,
        "director_approved_at": clock.now(),
    } | over
    name = fields.pop("name", f"{ingredient.title()} ampoule")
    return Product.objects.get_or_create(name=name, defaults=fields)[0]


def parts(volumes: Mapping[str, str] | None = None) -> list[Ingredient]:
    """The nutrient mixture of 4 mL, or these millilitres by ingredient."""
    wanted = NUTRIENTS if volumes is None else volumes
    made = {ingredient: product(ingredient) for ingredient in wanted}
    return [Ingredient(made[name], Decimal(volume), "1", made[name].mg_per_ml) for name, volume in wanted.items()]


def wishes(**over: Any) -> dict[str, Any]:
    """A nutrient course of ten sessions on 80 cm²: 80 points of 0.05 mL, papules."""
    usual: dict[str, Any] = {
        "protocol": "P5",
        "technique": "T-PAP",
        "zones": [{"zone": "mid_scalp", "area_cm2": "40"}, {"zone": "vertex", "area_cm2": "40"}],
        "spacing_cm": Decimal("1.0"),
        "ml_per_point": Decimal("0.05"),
        "depth_mm": Decimal("1.0"),
        "volume_mode": "by_area",
        "volume_ml": None,
        "session_count": 10,
        "goals": "A fuller parting.",
    }
    return usual | over


def plan(
    doctor: User, consultation: Consultation, volumes: Mapping[str, str] | None = None, **over: Any
) -> TreatmentPlan:
    """A saved draft plan of the nutrient course; `over` are wishes that differ."""
    made = draft_plan(doctor, consultation_id=consultation.pk)
    seen = version_of(made).version
    save_plan(doctor, plan_id=made.pk, version=seen, parts=parts(volumes), **wishes(**over))
    return made


def signed_version(doctor: User, made: TreatmentPlan) -> PlanVersion:
    """The plan's newest version, signed."""
    return sign_plan(doctor, plan_id=made.pk, version=version_of(made).version)
