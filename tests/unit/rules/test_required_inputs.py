"""Each input of clinical.md 2.1 without which nothing is concluded, and each laboratory value that grows too old."""

import pytest

from patients.rules.candidacy import evaluate, required
from protocols.rules.kinds.inputs import Input
from tests.builders.facts import man, shipped, woman

ALWAYS = (
    "age_years", "sex_at_birth", "dx", "scarring_status", "scalp_infection", "scalp_inflammation", "scalp_wound",
    "suspicious_lesion", "herpes", "prior_meso_reaction", "bleeding_disorder", "anticoagulant", "antiplatelet",
    "keloid", "immunosuppression", "cancer", "diabetes", "autoimmune", "epilepsy", "cardiac", "isotretinoin",
    "expectations",
)  # fmt: skip
# What is required only after another answer, with that answer.
AFTER = {
    "childbearing_potential": {"sex_at_birth": "female"},
    "pregnancy_status": {"childbearing_potential": "yes"},
    "breastfeeding": {"childbearing_potential": "yes"},
    "scar_in_treatment_area": {"dx": ["AGA_M", "TRAUMA_SCAR"]},
    "duration_months": {"dx": ["TE"]},
    "cause_addressed": {"dx": ["TRACTION"]},
    "months_since_cancer_treatment": {"cancer": "remission"},
    "months_since_seizure": {"epilepsy": "yes"},
    "months_since_cv_event": {"cardiac": ["mi"]},
    "days_since_isotretinoin": {"isotretinoin": "stopped"},
}
ON_THE_DAY = {
    "bp_sys": {},
    "bp_dia": {},
    "temperature_c": {},
    "acute_systemic_infection": {},
    "impaired": {},
    "hours_since_meal": {"needle": "vasovagal"},
}
# An effluvium with everything that it needs to be judged, and the code that a gap in it has.
EFFLUVIUM: dict[str, object] = {
    "dx": ["TE"],
    "severity": None,
    "duration_months": 8,
    "cause_addressed": "yes",
    "ferritin": 60,
    "ferritin_age_days": 180,
    "hb_in_range": "yes",
    "hb_age_days": 180,
    "tsh_status": "normal",
    "tsh_age_days": 180,
}
WARFARIN: dict[str, object] = {"anticoagulant": "warfarin", "inr": "2.5", "inr_age_days": 7}
SUGAR: dict[str, object] = {"diabetes": "type2", "hba1c": "6.9", "hba1c_age_days": 90}
# By the age of a value: a case that is fine on its last day, and the code of the gap a day later.
AGES = {
    "ferritin_age_days": (EFFLUVIUM, "LB-04"),
    "hb_age_days": (EFFLUVIUM, "LB-04"),
    "tsh_age_days": (EFFLUVIUM, "LB-04"),
    "inr_age_days": (WARFARIN, "BL-03"),
    "hba1c_age_days": (SUGAR, "DM-03"),
}


def missing(facts, **options):
    return evaluate(facts, shipped(), **options).missing


def test_every_input_that_is_required_is_asked_for_here():
    own_code = {"severity", "allergies_reviewed"} | {name for age in AGES for name in (age, aged_by(age))}
    required = {row.id for row in shipped().of(Input) if row.required in ("always", "when") or row.on_day == "required"}
    assert required == {*ALWAYS, *AFTER, *ON_THE_DAY} | own_code
    assert {row.id for row in shipped().of(Input) if row.max_age_days is not None} == set(map(aged_by, AGES))


def aged_by(age: str) -> str:
    return shipped().row(Input, age).age_of


@pytest.mark.parametrize("name", ALWAYS)
def test_without_it_nothing_is_concluded(name):
    result = evaluate(man(**{name: None}), shipped())
    assert f"MI-01:{name}" in result.missing
    assert result.verdict == "cannot_conclude"


@pytest.mark.parametrize("name", AFTER)
def test_after_another_answer_nothing_is_concluded_without_it(name):
    person = woman if name in ("childbearing_potential", "pregnancy_status", "breastfeeding") else man
    assert f"MI-01:{name}" in missing(person(**AFTER[name] | {name: None}))


@pytest.mark.parametrize("name", ON_THE_DAY)
def test_on_the_day_nothing_is_concluded_without_it(name):
    facts = man(**ON_THE_DAY[name] | {name: None})
    assert f"MI-01:{name}" in missing(facts, on_day=True)
    assert f"MI-01:{name}" not in missing(facts)


@pytest.mark.parametrize("age", AGES)
def test_a_value_counts_through_its_last_day(age):
    case, code = AGES[age]
    assert missing(man(**case)) == ()
    assert missing(man(**case | {age: case[age] + 1})) == (code,)
    assert missing(man(**case | {age: None})) == (code,)
    assert missing(man(**case | {aged_by(age): None})) == (code,)


@pytest.mark.parametrize("name", ALWAYS)
def test_what_a_verdict_needs_is_named_whether_it_is_known_or_not(name):
    assert name in required(man(), shipped())
    assert name in required(man(**{name: None}), shipped())


def test_what_is_needed_after_another_answer_or_on_the_day_is_named_only_then():
    assert "inr" not in required(man(), shipped())
    assert {"childbearing_potential", "pregnancy_status", "breastfeeding"} <= {*required(woman(), shipped())}
    assert not {"childbearing_potential", "pregnancy_status"} & {*required(man(), shipped())}
    assert not set(ON_THE_DAY) - {"bp_sys", "bp_dia"} & {*required(man(), shipped())}


def test_what_was_given_wrong_is_named():
    assert "ferritin" not in required(man(), shipped())
    assert "ferritin" in required(man(ferritin="much"), shipped())
