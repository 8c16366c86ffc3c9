"""Conditions of clinical.md 3.3 and 3.4: age, reproduction, allergy and earlier reactions."""

from mesoclinic.rules.tri import Tri, and_, at_least, differs, known, less, or_
from patients.rules.conditions.case import Case, answered, condition, yes
from protocols.rules.exclusions import SEVERE_REACTIONS
from protocols.rules.kinds.candidacy import CandidacyRule

answered("RP-01", "pregnancy_status", "pregnant")
answered("RP-02", "pregnancy_status", "possible")
answered("RP-03", "breastfeeding", "yes")
answered("PR-01", "prior_meso_reaction", "sentinel")
answered("PR-02", "prior_meso_reaction", "grade3")
answered("PR-03", "prior_meso_reaction", "grade2_unresolved")
answered("PR-04", "prior_course", "non_responder")


@condition("AG-01")
def _under_age(case: Case, row: CandidacyRule) -> Tri:
    return less(case.get("age_years"), row.limit("adult_from"))


@condition("AG-02")
def _older(case: Case, row: CandidacyRule) -> Tri:
    return at_least(case.get("age_years"), row.limit("older_from"))


@condition("RP-06")
def _may_conceive(case: Case, _: CandidacyRule) -> Tri:
    return and_(yes(case, "conception_plan_6mo"), differs(case.get("sex_at_birth"), "male"))


@condition("AL-00")
def _allergies_not_discussed(case: Case, _: CandidacyRule) -> Tri:
    return known(case.get("allergies_reviewed") != "yes")


@condition("AL-01")
def _severe_to_unidentified(case: Case, _: CandidacyRule) -> Tri:
    return case.allergic(
        lambda allergy, allergen: allergen.group == "unidentified" and allergy.reaction in SEVERE_REACTIONS
    )


@condition("AL-03")
def _anaphylaxis_to_identified(case: Case, _: CandidacyRule) -> Tri:
    return case.allergic(
        lambda allergy, allergen: allergen.group != "unidentified" and allergy.reaction == "anaphylaxis"
    )


@condition("AL-05")
def _allergy_to_material(case: Case, _: CandidacyRule) -> Tri:
    return case.allergic(lambda _, allergen: allergen.group == "material")


@condition("AL-06")
def _allergy_risk_too_high(case: Case, row: CandidacyRule) -> Tri:
    many = at_least(case.get("drug_allergy_count"), row.limit("drug_allergies"))
    return or_(many, yes(case, "mast_cell_disorder"), yes(case, "uncontrolled_asthma"))
