"""Conditions of clinical.md 3.5: scalp and skin."""

from mesoclinic.rules.tri import Tri, differs, less, or_
from patients.rules.conditions.case import Case, answered, condition
from protocols.rules.kinds.candidacy import CandidacyRule

answered("SC-02", "scalp_inflammation", "moderate_severe")
answered("SC-03", "scalp_inflammation", "mild")
answered("SC-05", "herpes", "recurrent")
answered("SC-06", "suspicious_lesion", "yes")
answered("SC-07", "scalp_wound", "yes")
answered("KE-01", "keloid", "head_neck")
answered("KE-02", "keloid", "elsewhere")
answered("PT-01", "fitzpatrick", "IV", "V", "VI")


@condition("SC-01")
def _infection(case: Case, row: CandidacyRule) -> Tri:
    recent = less(case.get("days_since_resolved"), row.limit("clear_for"))
    return or_(differs(case.get("scalp_infection"), "none"), recent)


@condition("SC-04")
def _herpes(case: Case, row: CandidacyRule) -> Tri:
    return or_(case.is_("herpes", "active"), less(case.get("days_since_healed"), row.limit("healed_for")))


@condition("SC-08")
def _healing(case: Case, row: CandidacyRule) -> Tri:
    return or_(
        less(case.get("days_since_transplant"), row.limit("after_transplant")),
        less(case.get("days_since_scalp_procedure"), row.limit("after_procedure")),
    )
