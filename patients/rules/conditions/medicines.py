"""Conditions of clinical.md 3.8 and 3.9: medicines, mind and laboratory."""

from mesoclinic.rules.tri import Tri, and_, at_least, equals, known, less, not_, or_
from patients.rules.conditions.case import Case, answered, condition
from protocols.rules.kinds.candidacy import CandidacyRule

answered("MD-03", "beta_blocker", "yes")
answered("PS-01", "expectations", "unrealistic")
answered("PS-02", "bdd_screen", "positive")
answered("PS-03", "needle", "vasovagal", "phobia")


@condition("MD-01")
def _isotretinoin_recent(case: Case, row: CandidacyRule) -> Tri:
    recent = less(case.get("days_since_isotretinoin"), row.limit("wait"))
    return or_(case.is_("isotretinoin", "current"), and_(case.is_("isotretinoin", "stopped"), recent))


@condition("MD-02")
def _isotretinoin_label_window(case: Case, row: CandidacyRule) -> Tri:
    days = case.get("days_since_isotretinoin")
    window = and_(at_least(days, row.limit("wait")), less(days, row.limit("label_window")))
    return and_(case.is_("isotretinoin", "stopped"), window)


def _low_iron(case: Case, row: CandidacyRule) -> Tri:
    return or_(less(case.fresh("ferritin"), row.limit("ferritin")), equals(case.fresh("hb_in_range"), "no"))


@condition("LB-01")
def _low_iron_sheds(case: Case, row: CandidacyRule) -> Tri:
    return and_(_low_iron(case, row), case.diagnosed("TE"))


@condition("LB-02")
def _low_iron_limits(case: Case, row: CandidacyRule) -> Tri:
    return and_(_low_iron(case, row), not_(case.diagnosed("TE")))


@condition("LB-03")
def _thyroid_untreated(case: Case, _: CandidacyRule) -> Tri:
    return equals(case.fresh("tsh_status"), "abnormal_untreated")


@condition("LB-04")
def _tests_missing(case: Case, _: CandidacyRule) -> Tri:
    tests = (case.fresh("ferritin"), case.fresh("hb_in_range"), case.fresh("tsh_status"))
    return and_(case.diagnosed("TE"), known(None in tests))


@condition("LB-05")
def _low_vitamin_d(case: Case, row: CandidacyRule) -> Tri:
    return less(case.get("vitd"), row.limit("vitd"))
