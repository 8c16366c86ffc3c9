"""Conditions of clinical.md 3.6: bleeding."""

from mesoclinic.rules.tri import Tri, and_, at_most, differs, known, less, more, or_
from patients.rules.conditions.case import Case, answered, condition
from protocols.rules.kinds.candidacy import CandidacyRule

answered("BL-01", "bleeding_disorder", "yes")
answered("BL-08", "otc_bleeding_supplements", "yes")


def _warfarin(case: Case) -> Tri:
    return case.is_("anticoagulant", "warfarin")


@condition("BL-02")
def _few_platelets(case: Case, row: CandidacyRule) -> Tri:
    return less(case.get("platelets"), row.limit("platelets"))


@condition("BL-03")
def _inr_missing(case: Case, _: CandidacyRule) -> Tri:
    return and_(_warfarin(case), known(case.fresh("inr") is None))


@condition("BL-04")
def _inr_too_high(case: Case, row: CandidacyRule) -> Tri:
    return and_(_warfarin(case), more(case.fresh("inr"), row.limit("inr")))


@condition("BL-05")
def _anticoagulated(case: Case, row: CandidacyRule) -> Tri:
    controlled = and_(_warfarin(case), at_most(case.fresh("inr"), row.limit("inr")))
    return or_(controlled, case.is_("anticoagulant", "doac", "heparin"))


@condition("BL-06")
def _one_antiplatelet(case: Case, _: CandidacyRule) -> Tri:
    return and_(case.is_("antiplatelet", "single"), case.is_("anticoagulant", "none"))


@condition("BL-07")
def _combined_thinners(case: Case, _: CandidacyRule) -> Tri:
    together = and_(case.is_("antiplatelet", "single", "dual"), differs(case.get("anticoagulant"), "none"))
    return or_(case.is_("antiplatelet", "dual"), together)
