"""Consultations and plans of the demo, made and signed by its doctors through the clinic's own services."""

from decimal import Decimal
from typing import Any

from mesoclinic import clock
from mesoclinic.accounts import User
from patients.models import Consultation, Patient, PlanVersion, TreatmentPlan
from patients.queries.plans import Ingredient, version_of
from patients.services.consultations import save_draft, sign_consultation, start_consultation
from patients.services.plans import draft_plan, save_plan, sign_plan
from protocols.models import Product
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.candidacy import CandidacyRule

WELL: dict[str, object] = {
    "scarring_status": "none",
    "scalp_infection": "none",
    "scalp_inflammation": "none",
    "scalp_wound": "no",
    "suspicious_lesion": "no",
    "herpes": "none",
    "prior_meso_reaction": "none",
    "bleeding_disorder": "no",
    "anticoagulant": "none",
    "antiplatelet": "none",
    "keloid": "none",
    "immunosuppression": "none",
    "cancer": "none",
    "diabetes": "none",
    "autoimmune": "none",
    "epilepsy": "no",
    "cardiac": ["none"],
    "isotretinoin": "never",
    "expectations": "realistic",
    "allergies_reviewed": "yes",
    "allergies": [],
    "bp_sys": "124",
    "bp_dia": "78",
    "fitzpatrick": "III",
    "conception_plan_6mo": "no",
}
MAN: dict[str, object] = {
    "weight_kg": "78",
    "dx": ["AGA_M"],
    "severity": [{"scale": "norwood", "stage": "III"}],
}
WOMAN: dict[str, object] = {
    "weight_kg": "62",
    "childbearing_potential": "yes",
    "pregnancy_status": "not_pregnant",
    "breastfeeding": "no",
    "dx": ["FPHL"],
    "severity": [{"scale": "ludwig", "stage": "I"}],
}
NOTES = {
    "notes__complaint": "Thinning for about two years, more in the parting. No treatment so far.",
    "notes__examination": "Miniaturised hairs on trichoscopy, no scarring. Pull test negative.",
}
NUTRIENTS = (
    ("VIT_BIOTIN", "1.0"),
    ("DEXPANTHENOL", "1.0"),
    ("MIN_ZINC", "0.5"),
    ("AA_ARGININE", "0.5"),
    ("HA_NCL", "1.0"),
)
# protocol: sessions, technique, what goes in, area in cm2, set volume in mL
PLANS: dict[str, tuple[int, str, tuple[tuple[str, str], ...], str, str | None]] = {
    "P1": (10, "T-PAP", (("DRG_MINOXIDIL", "1.0"),), "20", "1.0"),
    "P4": (3, "T-PAP", (("DRG_DUTASTERIDE", "1.0"),), "20", "1.0"),
    "P5": (10, "T-PAP", NUTRIENTS, "80", None),
    "P8": (12, "T-PAP", (("NUC_PDRN", "2.0"),), "40", "2.0"),
}


def consult(doctor: User, patient: Patient, **over: object) -> Consultation:
    """A signed consultation of a healthy man or woman; `over` are the answers that differ."""
    draft = start_consultation(doctor, patient_id=patient.pk)
    facts = _facts(patient, over)
    return sign_consultation(
        doctor,
        consultation_id=draft.pk,
        version=draft.version,
        facts=facts,
        narrative=NOTES,
        acknowledged=_cautions(),
    )


def leave_draft(doctor: User, patient: Patient) -> Consultation:
    """A consultation that was begun and not finished."""
    draft = start_consultation(doctor, patient_id=patient.pk)
    answers = {"dx": ["TE"], "scalp_infection": ["none"], "notes__complaint": [NOTES["notes__complaint"]]}
    save_draft(doctor, consultation_id=draft.pk, version=draft.version, answers=answers)
    return draft


def plan(doctor: User, consultation: Consultation, protocol: str, sessions: int = 0) -> TreatmentPlan:
    """A draft plan of the consultation by one of the usual recipes, with as many sessions unless told otherwise."""
    count, technique, mixture, area, volume = PLANS[protocol]
    made = draft_plan(doctor, consultation_id=consultation.pk)
    products = {product.ingredient: product for product in Product.objects.filter(active=True)}
    parts = [Ingredient(products[code], Decimal(amount), "1", products[code].mg_per_ml) for code, amount in mixture]
    zones = [
        {"zone": "mid_scalp", "area_cm2": str(Decimal(area) / 2)},
        {"zone": "vertex", "area_cm2": str(Decimal(area) / 2)},
    ]
    save_plan(
        doctor,
        plan_id=made.pk,
        version=version_of(made).version,
        parts=parts,
        protocol=protocol,
        technique=technique,
        zones=zones,
        spacing_cm=Decimal("1.0"),
        ml_per_point=Decimal("0.05"),
        depth_mm=Decimal("1.0"),
        volume_mode="fixed" if volume else "by_area",
        volume_ml=Decimal(volume) if volume else None,
        session_count=sessions or count,
        goals="Slow the loss; fuller parting in photographs after six months.",
    )
    return made


def sign(doctor: User, made: TreatmentPlan) -> PlanVersion:
    """The plan's newest version, signed."""
    return sign_plan(doctor, plan_id=made.pk, version=version_of(made).version)


def _facts(patient: Patient, over: dict[str, object]) -> dict[str, Any]:
    usual = MAN if patient.sex_at_birth == "male" else WOMAN
    answers = WELL | usual | {"sex_at_birth": patient.sex_at_birth} | over
    today = clock.now().date().isoformat()
    return {name: {"value": value, "observed_on": today} for name, value in answers.items()}


def _cautions() -> list[str]:
    """Every rule that can be a caution: the demo's doctors read whatever fires."""
    return [row.id for row in current_catalogue().of(CandidacyRule)]
