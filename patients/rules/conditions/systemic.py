"""Conditions of clinical.md 3.7: immunity, cancer, diabetes, autoimmune disease, epilepsy, heart and circulation."""

from mesoclinic.rules.tri import Tri, and_, at_least, differs, known, less, not_, or_
from patients.rules.conditions.case import Case, answered, both, condition
from protocols.rules.exclusions import CV_EVENTS, recent_event
from protocols.rules.kinds.candidacy import CandidacyRule

answered("IM-01", "immunosuppression", "significant")
answered("IM-02", "immunosuppression", "mild")
answered("ON-01", "cancer", "active")
answered("ON-04", "scalp_radiotherapy_or_skin_cancer", "yes")
answered("AI-01", "autoimmune", "flare")
answered("AI-02", "autoimmune", "stable")


@condition("ON-02")
def _recent_remission(case: Case, row: CandidacyRule) -> Tri:
    recent = less(case.get("months_since_cancer_treatment"), row.limit("since_treatment"))
    return both(case, "cancer", "remission", recent)


@condition("ON-03")
def _long_remission(case: Case, row: CandidacyRule) -> Tri:
    long_ago = at_least(case.get("months_since_cancer_treatment"), row.limit("since_treatment"))
    return both(case, "cancer", "remission", long_ago)


def _diabetic(case: Case) -> Tri:
    return differs(case.get("diabetes"), "none")


@condition("DM-01")
def _sugar_too_high(case: Case, row: CandidacyRule) -> Tri:
    return and_(_diabetic(case), at_least(case.fresh("hba1c"), row.limit("hba1c")))


@condition("DM-02")
def _sugar_controlled(case: Case, row: CandidacyRule) -> Tri:
    return and_(_diabetic(case), less(case.fresh("hba1c"), row.limit("hba1c")))


@condition("DM-03")
def _hba1c_missing(case: Case, _: CandidacyRule) -> Tri:
    return and_(_diabetic(case), known(case.fresh("hba1c") is None))


@condition("EP-01")
def _recent_seizure(case: Case, row: CandidacyRule) -> Tri:
    return both(case, "epilepsy", "yes", less(case.get("months_since_seizure"), row.limit("since_seizure")))


@condition("EP-02")
def _epilepsy_controlled(case: Case, row: CandidacyRule) -> Tri:
    return both(case, "epilepsy", "yes", at_least(case.get("months_since_seizure"), row.limit("since_seizure")))


@condition("CV-01")
def _recent_event(case: Case, row: CandidacyRule) -> Tri:
    return recent_event(case.facts, row.limit("since_event"))


@condition("CV-02")
def _pressure_too_high(case: Case, row: CandidacyRule) -> Tri:
    return _pressure_at_least(case, row)


@condition("CV-03")
def _pressure_raised(case: Case, row: CandidacyRule) -> Tri:
    return and_(_pressure_at_least(case, row), not_(case.fires("CV-02")))


def _pressure_at_least(case: Case, row: CandidacyRule) -> Tri:
    return or_(
        at_least(case.get("bp_sys"), row.limit("bp_sys")),
        at_least(case.get("bp_dia"), row.limit("bp_dia")),
    )


@condition("CV-07")
def _heart_condition(case: Case, row: CandidacyRule) -> Tri:
    lasting = case.is_(
        "cardiac",
        "heart_failure",
        "pericardial_disease",
        "pulm_htn_mitral_stenosis",
        "phaeochromocytoma",
        "arrhythmia",
        "stable_angina",
    )
    months = case.get("months_since_cv_event")
    past_event = and_(case.is_("cardiac", *CV_EVENTS), at_least(months, row.limit("since_event")))
    return or_(lasting, past_event)
