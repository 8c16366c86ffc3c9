"""Conditions of clinical.md 3.1 and 3.2: diagnosis, cause and severity."""

from mesoclinic.rules.tri import Tri, and_, at_least, differs, known, less, not_, or_
from patients.rules import severity
from patients.rules.conditions.case import Case, answered, condition, yes
from protocols.rules.kinds.candidacy import CandidacyRule

answered("DX-01", "dx", "AGA_M", "FPHL")
answered("DX-05", "scarring_status", "suspected")
answered("DX-06", "dx", "AA")
answered("DX-11", "dx", "TTM")
answered("DX-12", "dx", "AE")
answered("DX-13", "dx", "UNSPECIFIED")
answered("DX-14", "drug_induced_suspected", "yes")


@condition("DX-02")
def _scarring(case: Case, _: CandidacyRule) -> Tri:
    elsewhere = and_(case.is_("scarring_status", "confirmed"), not_(case.diagnosed("TRAUMA_SCAR")))
    return or_(case.scarring_diagnosis(), elsewhere)


@condition("DX-03")
def _scar_to_treat(case: Case, _: CandidacyRule) -> Tri:
    treated = or_(yes(case, "scar_in_treatment_area"), not_(case.eligible_diagnosis()))
    return and_(case.diagnosed("TRAUMA_SCAR"), treated)


@condition("DX-04")
def _scar_nearby(case: Case, _: CandidacyRule) -> Tri:
    outside = case.is_("scar_in_treatment_area", "no")
    return and_(case.diagnosed("TRAUMA_SCAR"), outside, case.eligible_diagnosis())


@condition("DX-07")
def _acute_effluvium(case: Case, row: CandidacyRule) -> Tri:
    return and_(case.diagnosed("TE"), less(case.get("duration_months"), row.limit("chronic_from")))


@condition("DX-08")
def _chronic_effluvium(case: Case, row: CandidacyRule) -> Tri:
    return and_(case.diagnosed("TE"), at_least(case.get("duration_months"), row.limit("chronic_from")))


@condition("DX-09")
def _cause_continues(case: Case, _: CandidacyRule) -> Tri:
    return and_(case.diagnosed("TE", "TRACTION"), case.is_("cause_addressed", "no"))


@condition("DX-10")
def _traction_stopped(case: Case, _: CandidacyRule) -> Tri:
    return and_(case.diagnosed("TRACTION"), yes(case, "cause_addressed"))


@condition("DX-15")
def _hyperandrogenism(case: Case, _: CandidacyRule) -> Tri:
    return and_(yes(case, "hyperandrogenism_signs"), differs(case.get("sex_at_birth"), "male"))


@condition("SV-01")
def _minimal(case: Case, _: CandidacyRule) -> Tri:
    return case.severity_is("minimal")


@condition("SV-02")
def _mild_or_moderate(case: Case, _: CandidacyRule) -> Tri:
    return case.severity_is("mild", "moderate")


@condition("SV-03")
def _upper_moderate(case: Case, _: CandidacyRule) -> Tri:
    return case.severity_is("upper_moderate")


@condition("SV-04")
def _advanced(case: Case, _: CandidacyRule) -> Tri:
    return case.severity_is("advanced")


@condition("SV-05")
def _stage_missing(case: Case, _: CandidacyRule) -> Tri:
    return and_(case.diagnosed("AGA_M", "FPHL"), known(not severity.has_stage(case.facts, case.catalogue)))


@condition("SV-06")
def _stage_misfit(case: Case, _: CandidacyRule) -> Tri:
    return known(severity.has_misfit(case.facts, case.catalogue))
