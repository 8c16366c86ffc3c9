"""The consultation's pages: every input has its place, the verdict follows each answer, and nothing typed is lost."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse
from pypdf import PdfReader

from mesoclinic.audit import AuditEvent
from patients.forms.consultation import ConsultationForm
from patients.models import Addendum, Candidacy, Consultation, FactSheet
from patients.queries.consultations import today_at
from patients.services.consultations import sign_consultation
from protocols.rules.facts import Allergy, SeverityEntry, from_sheet
from protocols.rules.kinds.candidacy import CandidacyRule
from protocols.rules.kinds.diagnosis import SeverityScale
from protocols.rules.kinds.ingredients import Allergen
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.sources import Source
from tests.builders import catalogue, clinic, consultations, people
from tests.builders.facts import TODAY, shipped
from tests.web.pages import Page

pytestmark = pytest.mark.once

REFERENCE = Path(__file__).parents[2] / "docs/clinical/reference.md"
LIVE = {"HX-Request": "true"}
AGO = timedelta(days=3)
SAMPLES = ("inr", "hba1c", "ferritin", "hb_in_range", "tsh_status")


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site, client):
    doctor = clinic.dermatologist(at=site, name="Dr Elif Aydın")
    client.force_login(doctor)
    catalogue.release()
    return doctor


@pytest.fixture
def patient(site):
    return people.patient(site=site)


@pytest.fixture
def draft(doctor, patient):
    return people.draft_consultation(patient, by=doctor)


def at(made, name="consultation"):
    return reverse(f"patients:{name}", args=[made.pk])


def typed(**answers):
    return {name: value for name, value in answers.items() if value is not None}


def well(patient, **over):
    """What the form of a healthy patient sends, with what differs; None leaves a field empty."""
    return typed(**(consultations.typed(consultations.known(patient)) | over))


def post(client, made, answers, *, action="save", **headers):
    seen = Consultation.objects.get(pk=made.pk).version
    return client.post(at(made), {"version": seen, **answers, "action": action}, headers=headers)


def live(client, made, answers, **over):
    seen = Consultation.objects.get(pk=made.pk).version
    return client.post(at(made), {"version": seen, **answers, **over}, headers=LIVE)


def headline(answer):
    (words,) = re.findall(r"<h2>([^<]+)</h2>", answer.content.decode().partition('class="vhead')[2])[:1]
    return words


def links(answer):
    """The ids that links inside the page point at, and the ids that there are."""
    page = answer.content.decode()
    return set(re.findall(r'<a [^>]*href="#([^"]+)"', page)), set(re.findall(r'\bid="([^"]+)"', page))


def form_of(answer):
    """The consultation's own form as a browser would send it."""
    return next(form for form in Page(answer.content).posting() if "version" in form.names)


def inputs_of_the_reference():
    """The names in the first column of the table of clinical.md 2.1."""
    table = REFERENCE.read_text().partition("### 2.1 ")[2].partition("Inputs of the day")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")][1:]
    return [name.strip() for cell in rows for name in cell.split(",")]


def answer_to(row, today):
    """(what is sent, what a rule then reads) for one input."""
    if row.id == "severity":
        stages = {"norwood": "III", "ludwig": "I", "sinclair": "2"}
        sent = {f"severity__{scale}": stage for scale, stage in stages.items()}
        entries = tuple(SeverityEntry(scale, stage) for scale, stage in stages.items())
        scores = {"salt": Decimal("18.5"), "area_cm2": Decimal(12)}
        sent |= {f"severity__{scale}": str(score) for scale, score in scores.items()}
        return sent, entries + tuple(SeverityEntry(scale, score=score) for scale, score in scores.items())
    if row.id == "allergies":
        return {"allergy__0__class": "fish", "allergy__0__reaction": "urticaria"}, (Allergy("fish", "urticaria"),)
    if row.id == "age_years":
        return {}, today.year - 1992 - (today < date(today.year, 3, 14))
    if row.age_of:
        return {f"{row.age_of}__observed_on": f"{today - AGO:%d.%m.%Y}"}, AGO.days
    if row.stored_as:
        day = today - timedelta(days=400)
        return {row.stored_as: day.isoformat()}, {"days": 400, "months": 13}[row.counted]
    return _plain(row)


def _plain(row):
    number = max(row.hard_min or Decimal(0), Decimal(2)) + (Decimal("0.5") if row.type == "decimal" else 0)
    match row.type:
        case "whole":
            return {row.id: str(number)}, int(number)
        case "decimal":
            return {row.id: str(number).replace(".", ",")}, number
        case "diagnoses":
            return {row.id: ["FPHL", "TE"]}, ("FPHL", "TE")
        case "choices":
            return {row.id: list(row.values[1:3])}, row.values[1:3]
        case "yes_no":
            return {row.id: "yes"}, "yes"
    return {row.id: row.values[0]}, row.values[0]


def test_every_input_of_the_reference_can_be_recorded_and_arrives(client, doctor, patient, draft):
    rows, today = {row.id: row for row in shipped().of(Input)}, today_at(draft.site)
    wanted = {name: answer_to(rows[name], today) for name in inputs_of_the_reference()}
    assert {row.id for row in rows.values() if row.section != "day"} == set(wanted)
    sent = {field: value for answers, _read in wanted.values() for field, value in answers.items()}
    assert set(sent) <= set(form_of(client.get(at(draft))).names)
    assert post(client, draft, sent, action="review").url == at(draft, "review_consultation")
    draft.refresh_from_db()
    signed = {"version": draft.version, "acknowledged": consultations.EVERY_RULE}
    assert client.post(at(draft, "review_consultation"), signed).url == at(draft)
    facts = from_sheet(FactSheet.objects.get().facts, evaluated_on=today, catalogue=shipped())
    assert {name: facts.get(name) for name in wanted} == {name: read for name, (_sent, read) in wanted.items()}
    assert (facts.invalid, facts.unrecognised) == (frozenset(), frozenset())


def test_every_value_of_every_list_can_be_chosen():
    form = ConsultationForm(catalogue=shipped(), today=TODAY)
    for row in shipped().of(Input):
        if row.values and row.section != "day":
            offered = [value for value, _label in form.fields[row.id].choices]
            assert offered[: len(row.values)] == list(row.values)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"weight_kg": "39,9"}, "Usually 40 to 160 kg: check the number."),
        ({"weight_kg": "160.1"}, "Usually 40 to 160 kg: check the number."),
        ({"hba1c": "8,5"}, "69 mmol/mol"),
        ({"vitd": "20"}, "50 nmol/L"),
    ],
)
def test_beside_a_number_stands_what_it_comes_to(client, draft, patient, answers, told):
    assert told in live(client, draft, well(patient, **answers)).content.decode()


@pytest.mark.parametrize("weight", ["40", "160"])
def test_a_weight_at_the_edge_of_the_usual_is_not_remarked_on(client, draft, patient, weight):
    assert "Usually" not in live(client, draft, well(patient, weight_kg=weight)).content.decode()


SALT = {"salt__top": "30", "salt__back": "10", "salt__left": "0", "salt__right": "20"}


def test_salt_is_counted_from_its_four_areas(client, draft, patient):
    told = live(client, draft, well(patient, dx=["AA"], **SALT))
    assert '"severity__salt": "SALT 18: Limited (mild)"' in unescape(told.content.decode())
    post(client, draft, well(patient, dx=["AA"], **SALT), action="review")
    review = client.get(at(draft, "review_consultation")).content.decode()
    assert "SALT 18" in review
    assert "SALT, Right side (%)" in review
    alone = live(client, draft, well(patient, dx=["AA"], severity__salt="20,5")).content.decode()
    assert "SALT 20.5: Moderate" in alone


def test_salt_needs_every_area_and_a_loss_in_its_range(client, draft, patient):
    for areas, control, words in (
        (SALT | {"salt__left": ""}, "id_salt__left", "Enter every area. 0 is no loss."),
        (SALT | {"salt__top": "101"}, "id_salt__top", "from 0 to 100 %"),
    ):
        answer = post(client, draft, well(patient, dx=["AA"], severity__salt="3", **areas), action="review")
        assert answer.status_code == 422
        assert words in Page(answer.content).described(control)
        assert "SALT 3" not in answer.content.decode()


# Answers of trichoscopy, and what they say of female pattern hair loss.
TRICHOSCOPY = [
    ({"yellow_dots__frontal": "5", "thin_hairs__frontal": "20,9"}, "Fulfilled"),
    ({"yellow_dots__frontal": "4", "thin_hairs__frontal": "10", "shaft_diameter__frontal": "57",
      "shaft_diameter__occipital": "57"}, "Not fulfilled"),
    ({"yellow_dots__frontal": "9" * 20}, "Not enough was measured to tell"),
]  # fmt: skip


@pytest.mark.parametrize(("readings", "told"), TRICHOSCOPY)
def test_what_was_measured_says_whether_it_supports_female_pattern_loss(client, draft, patient, readings, told):
    answers = {f"exam__faga__{name}": text for name, text in readings.items()}
    assert told in live(client, draft, well(patient, **answers)).content.decode()
    post(client, draft, well(patient, **answers))
    assert f"data-counted>{told}" in client.get(at(draft)).content.decode()


def test_the_criteria_stay_with_what_they_were_read_from(client, draft, patient):
    assert "Fulfilled" not in live(client, draft, well(patient)).content.decode()
    readings = {f"exam__faga__{name}": text for name, text in TRICHOSCOPY[0][0].items()}
    post(client, draft, well(patient, **readings), action="review")
    review = client.get(at(draft, "review_consultation")).content.decode()
    assert "FAGA criteria (derived field)" in review
    assert "Fulfilled" in review
    assert "Thin hairs &lt; 30 um, frontal" in review


def test_what_is_open_is_named_and_an_answer_moves_the_headline(client, draft, patient):
    first = live(client, draft, {})
    assert b"<html" not in first.content
    assert headline(first) == "Not enough information yet"
    assert "answers left" in first.content.decode()
    seen = live(client, draft, well(patient, epilepsy=None))
    assert headline(seen) == "Not enough information yet"
    assert "<b>Suitable</b>" in seen.content.decode()
    assert "1 answer left" in seen.content.decode()
    assert headline(live(client, draft, well(patient))) == "Suitable"
    assert headline(live(client, draft, well(patient, needle="phobia"))) == "Suitable with conditions"
    assert headline(live(client, draft, well(patient, scalp_wound="yes"))) == "Not now"
    assert headline(live(client, draft, well(patient, pregnancy_status="pregnant"))) == "Not now"
    assert headline(live(client, draft, well(patient, dx=["FPHL", "AA"]))) == "Another specialist first"
    assert headline(live(client, draft, well(patient, keloid="head_neck"))) == "Not suitable"


def test_a_plan_is_suggested_once_the_verdict_lets_one_be_made(client, draft, patient):
    def suggested(**answers):
        page = live(client, draft, well(patient, **answers)).content.decode()
        return page.partition('aria-label="Suggested plan"')[2].partition("</section>")[0]

    assert "P1 (no conception plan) or P5" in suggested()
    assert "If: P1 with no plan to conceive" in suggested(needle="phobia")
    assert "P1 or P4" not in suggested()
    for answers in ({"epilepsy": None}, {"scalp_wound": "yes"}, {"keloid": "head_neck"}):
        assert not suggested(**answers)


def test_a_live_answer_is_saved_and_hands_over_the_next_version(client, draft, patient):
    told = live(client, draft, {"weight_kg": "62,5x"}).content.decode()
    draft.refresh_from_db()
    assert draft.answers["weight_kg"] == ["62,5x"]
    assert f'id="version" value="{draft.version}" hx-swap-oob="true"' in told
    assert "How much do you weigh?: Enter a number" in told


def test_page_and_fragment_share_one_view(client, draft):
    page, swap = client.get(at(draft)), client.get(at(draft), headers=LIVE)
    assert b"<html" in page.content
    assert b"<html" not in swap.content
    assert b'id="verdict"' in swap.content


# What is answered, and the inputs that are then asked for, first the control that each link leads to.
OPEN = {
    "nothing": ({}, ["id_dx_0", "id_allergies_reviewed_0", "id_childbearing_potential_0", "id_cardiac_0"]),
    "could become pregnant": ({"childbearing_potential": "yes"}, ["id_pregnancy_status_0", "id_breastfeeding_0"]),
    "no INR": ({"anticoagulant": "warfarin"}, ["id_inr"]),
    "INR of no date": ({"anticoagulant": "warfarin", "inr": "2.4"}, ["id_inr__observed_on"]),
    "INR too old": ({"anticoagulant": "warfarin", "inr": "2.4", "inr__observed_on": "1.1.2020"}, ["id_inr"]),
    "no HbA1c": ({"diabetes": "type2"}, ["id_hba1c"]),
    "HbA1c of no date": ({"diabetes": "type2", "hba1c": "6.1"}, ["id_hba1c__observed_on"]),
    "telogen effluvium": (
        {"dx": "TE"},
        ["id_onset_on", "id_cause_addressed_0", "id_ferritin", "id_hb_in_range_0", "id_tsh_status_0"],
    ),
    "no stage of FPHL": ({"dx": "FPHL"}, ["id_severity__ludwig_0"]),
    "no stage of AGA_M": ({"dx": "AGA_M"}, ["id_severity__norwood_0"]),
    "a scale that does not fit": ({"dx": "AA", "severity__norwood": "III"}, ["id_severity__norwood_0"]),
    "a scar": ({"dx": "TRAUMA_SCAR"}, ["id_scar_in_treatment_area_0"]),
    "cancer in remission": ({"cancer": "remission"}, ["id_cancer_treatment_ended_on"]),
    "epilepsy": ({"epilepsy": "yes"}, ["id_last_seizure_on"]),
    "a heart attack": ({"cardiac": "mi"}, ["id_cv_event_on"]),
    "nothing and something": ({"cardiac": ["none", "mi"]}, ["id_cardiac_0", "id_cv_event_on"]),
    "isotretinoin stopped": ({"isotretinoin": "stopped"}, ["id_isotretinoin_stopped_on"]),
    "not known": ({"bleeding_disorder": "unknown", "keloid": "unknown"}, ["id_bleeding_disorder_0", "id_keloid_0"]),
}


@pytest.mark.parametrize("what", OPEN)
def test_every_missing_input_is_a_link_to_a_control_of_the_page(client, draft, what):
    answers, asked = OPEN[what]
    post(client, draft, {"sex_at_birth": "female", **answers})
    pointed, present = links(client.get(at(draft)))
    assert set(asked) <= pointed
    assert pointed <= present


def test_a_man_is_not_asked_whether_he_could_be_pregnant(client, doctor, site):
    man = people.draft_consultation(people.patient(site=site, sex_at_birth="male"), by=doctor)
    pointed, present = links(client.get(at(man)))
    assert pointed <= present
    assert not {each for each in pointed if "childbearing" in each or "sex_at_birth" in each}
    verdict = live(client, man, well(man.patient, sex_at_birth="male"))
    assert headline(verdict) == "Suitable"


def test_without_sex_at_birth_only_that_is_asked(client, doctor, site):
    made = people.draft_consultation(people.patient(site=site, sex_at_birth=""), by=doctor)
    page = client.get(at(made))
    pointed, _present = links(page)
    assert page.status_code == 200
    assert "id_sex_at_birth_0" in pointed
    assert "id_childbearing_potential_0" not in pointed


def test_an_impossible_age_is_asked_for_where_it_stands(client, doctor, site):
    made = people.draft_consultation(people.patient(site=site, birth_date=date(1900, 1, 1)), by=doctor)
    pointed, present = links(client.get(at(made)))
    assert "id_date_of_birth" in pointed & present


def test_each_finding_shows_its_reason_its_action_and_its_source_stops_first(client, draft, patient):
    answers = {"pregnancy_status": "possible", "otc_bleeding_supplements": "yes", "epilepsy": None}
    page = unescape(live(client, draft, well(patient, **answers)).content.decode())
    for rule in ("RP-02", "BL-08", "DX-01", "SV-02"):
        row = shipped().row(CandidacyRule, rule)
        said = [f'"rid">{rule}<', row.reason, *(shipped().row(Source, name).citation for name in row.sources)]
        assert [words for words in said if words not in page] == []
    assert shipped().row(CandidacyRule, "BL-08").action in page
    places = [page.index(words) for words in ('"rid">RP-02<', "Epilepsy?</b>", '"rid">BL-08<', '"rid">DX-01<')]
    assert places == sorted(places)


# What is typed, and the words beside its field.
WRONG = {
    "weight_kg": ("abc", "from 25 to 300 kg"),
    "bp_sys": ("124.5", "whole number"),
    "platelets": ("9" * 18, "from 0 to 2000"),
    "onset_on": ("31.2.2026", "day, month and year"),
    "transplant_on": ("1.1.2999", "must not be in the future"),
    "last_seizure_on": ("1.1.1823", "too long ago"),
    "inr__observed_on": ("tomorrow", "day, month and year"),
    "severity__salt": ("101", "from 0 to 100"),
    "exam__hair_density": ("501", "from 0 to 500"),
    "notes__complaint": ("x" * 20_001, "at most 20000 characters"),
}


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(client, draft):
    answer = post(client, draft, {name: text for name, (text, _words) in WRONG.items()}, action="review")
    page = Page(answer.content)
    assert answer.status_code == 422
    for name, (text, words) in WRONG.items():
        assert words in page.described(f"id_{name}"), name
        assert form_of(answer).typed()[name] == text
    pointed, present = links(answer)
    assert pointed <= present
    resumed = form_of(client.get(at(draft))).typed()
    assert all(resumed[name] == text for name, (text, _words) in WRONG.items())
    assert not FactSheet.objects.exists()


@pytest.mark.parametrize(
    ("answers", "control", "words"),
    [
        ({"cardiac": ["none", "mi"]}, "id_cardiac_0", "stands alone"),
        ({"allergy__2__reaction": "urticaria"}, "id_allergy__2__class", "Choose what this reaction was to."),
        ({"epilepsy": "perhaps"}, "id_epilepsy_0", "perhaps is not one"),
        ({"dx": ["FPHL", "BALD"]}, "id_dx_0", "BALD is not one"),
    ],
)
def test_answers_that_contradict_or_do_not_exist_are_refused_beside_the_question(
    client, draft, answers, control, words
):
    answer = post(client, draft, answers, action="review")
    assert answer.status_code == 422
    assert words in Page(answer.content).described(control)


def test_a_live_answer_stays_a_fragment_whatever_was_pressed_or_signed_meanwhile(client, doctor, draft, patient):
    answer = live(client, draft, well(patient) | {"action": "review"})
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    draft.refresh_from_db()
    sign_consultation(doctor, **consultations.signature(draft))
    late = live(client, draft, well(patient, needle="phobia"))
    assert late.status_code == 409
    assert b"<html" not in late.content
    assert "Your text is still here" in late.content.decode()


def test_the_second_window_is_told_and_keeps_its_text(client, draft):
    seen = draft.version
    client.post(at(draft), {"version": seen, "weight_kg": "60", "notes__family": "None."})
    mine = {"version": seen, "weight_kg": "70", "notes__family": "None.", "notes__complaint": "Mine."}
    fragment = client.post(at(draft), mine, headers=LIVE)
    assert fragment.status_code == 409
    assert b"saved in another window" in fragment.content
    assert b'id="version"' not in fragment.content
    answer = client.post(at(draft), mine)
    page = answer.content.decode()
    form = form_of(answer)
    assert (answer.status_code, form.typed()["weight_kg"], form.typed()["notes__complaint"]) == (409, "70", "Mine.")
    differ = re.findall(r'name="theirs" value="([^"]+)"', page)
    assert differ == ["weight_kg", "notes__complaint"]
    assert "hx-post" not in page.partition("<form method")[2].partition(">")[0]
    draft.refresh_from_db()
    assert draft.answers["weight_kg"] == ["60"]
    decided = dict(form.sends) | {"weight_kg": "70", "notes__complaint": "Mine.", "theirs": "weight_kg"}
    assert client.post(at(draft), decided).status_code == 200
    draft.refresh_from_db()
    assert (draft.answers["weight_kg"], draft.answers["notes__complaint"]) == (["60"], ["Mine."])


def test_a_colleagues_draft_can_be_read_and_not_written_into(client, site, draft, patient):
    post(client, draft, {"notes__complaint": "Thinner.", "scalp_wound": "no"})
    client.force_login(clinic.dermatologist(at=site))
    answer = client.get(at(draft))
    page = answer.content.decode()
    assert "Draft of Dr Elif Aydın" in page
    assert "Thinner." in page
    assert 'name="scalp_wound"' not in page
    pointed, present = links(answer)
    assert pointed <= present
    answer = post(client, draft, {"notes__complaint": "Mine."})
    assert answer.status_code == 409
    assert "Mine." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.answers["notes__complaint"] == ["Thinner."]


def test_the_review_names_what_is_open_and_leads_back_to_it(client, draft, patient):
    post(client, draft, well(patient, epilepsy=None))
    page = client.get(at(draft, "review_consultation")).content.decode()
    assert f'href="{at(draft)}#id_epilepsy_0"' in page
    assert "Female pattern hair loss" in page
    assert "No plan can be signed while answers are missing." in page


def test_a_draft_that_cannot_be_read_goes_back_to_its_form(client, draft):
    post(client, draft, {"weight_kg": "abc"})
    assert client.get(at(draft, "review_consultation")).url == at(draft)


def test_signing_asks_for_each_caution_then_locks_and_shows_the_record(client, doctor, draft, patient):
    post(client, draft, well(patient, needle="phobia", notes__complaint="Thinner."))
    draft.refresh_from_db()
    review, sent = at(draft, "review_consultation"), {"version": draft.version}
    answer = client.post(review, sent)
    assert answer.status_code == 422
    assert "Acknowledge each caution first: PS-03" in answer.content.decode()
    assert client.post(review, sent | {"version": 1, "acknowledged": "PS-03"}).status_code == 409
    assert not FactSheet.objects.exists()
    assert client.post(review, sent | {"acknowledged": "PS-03"}).url == at(draft)
    record = client.get(at(draft)).content.decode()
    assert all(words in record for words in ("Locked.", "Suitable with conditions", "PS-03", "Thinner.", "Strong fear"))
    assert client.get(review).url == at(draft)
    assert post(client, draft, {"weight_kg": "1"}).status_code == 200
    assert Candidacy.objects.get().acknowledgements.get().by == doctor


def test_a_record_says_what_was_missing_and_takes_addenda(client, doctor, patient):
    signed = consultations.signed(doctor, patient, epilepsy=None, allergies_reviewed="no")
    page = client.get(at(signed)).content.decode()
    assert all(words in page for words in ("Missing when it was signed", "Epilepsy?", "Allergies must be discussed"))
    address = at(signed, "consultation_addendum")
    refused = client.post(address, {"text": "  "})
    assert refused.status_code == 422
    assert "Enter the text of the addendum." in refused.content.decode()
    assert client.post(address, {"text": "No itching."}).url == at(signed)
    assert Addendum.objects.get().text == "No itching."
    assert "No itching." in client.get(at(signed)).content.decode()


SEVEN = [{"class": each, "reaction": "urticaria"} for each in [row.id for row in shipped().of(Allergen)][:7]]
BEFORE = {
    "keloid": "elsewhere",
    "wilson": "yes",
    "pregnancy_status": "not_pregnant",
    "childbearing_potential": "yes",
    "anticoagulant": "none",
    "weight_kg": "62",
    "severity": [{"scale": "ludwig", "stage": "I"}],
    "onset_on": "2024-05-17",
    "platelets": "210",
}


@pytest.fixture
def again(doctor, patient, clock):
    """The draft of a patient of whom all this was known a month ago."""
    people.fact_sheet(patient, by=doctor, facts=BEFORE)
    clock.advance(days=30)
    return people.draft_consultation(patient, by=doctor)


def row_of(page, name):
    """The row of one question."""
    (found,) = re.findall(rf'<div class="qrow[^>]*data-question="{name}".*?<div class="qa">', page, re.DOTALL)
    return unescape(found)


def test_a_new_consultation_brings_along_nothing_but_sex_and_allergies(client, doctor, patient):
    people.fact_sheet(patient, by=doctor, facts=BEFORE | {"allergies": SEVEN})
    answer = client.post(reverse("patients:start_consultation", args=[patient.pk]))
    made = Consultation.objects.get()
    assert answer.url == at(made)
    sends = {
        name: text for name, text in form_of(client.get(at(made))).sends if name not in ("version", "was") and text
    }
    assert sends.pop("sex_at_birth") == "female"
    assert [sends.pop(f"allergy__{number}__class") for number in range(7)] == [each["class"] for each in SEVEN]
    assert {name for name in sends if not name.startswith(("allergy__", "csrf"))} == set()


def test_each_earlier_answer_stands_with_its_day_beside_its_question(client, again):
    page = client.get(at(again)).content.decode()
    for name, words in {"keloid": "Elsewhere", "onset_on": "17 May 2024", "platelets": "210"}.items():
        assert words in row_of(page, name)
        assert f'name="still" value="{name}"' in row_of(page, name)
    for name, words in {"pregnancy_status": "Not pregnant", "anticoagulant": "None", "weight_kg": "62 kg"}.items():
        assert words in row_of(page, name)
        assert "Answer anew." in row_of(page, name)
    assert "Ludwig I" in row_of(page, "severity__ludwig")
    assert "Answer anew." not in row_of(page, "severity__sinclair")


def test_a_whole_history_is_confirmed_at_once_and_nothing_that_changes(client, again):
    post(client, again, {"still": ["section:medical", "section:reproductive", "section:laboratory", "weight_kg"]})
    again.refresh_from_db()
    kept = {name for name, texts in again.answers.items() if any(texts)}
    assert kept == {"keloid", "wilson"}
    post(client, again, {"still": ["platelets", "keloid"], "keloid": "none"})
    again.refresh_from_db()
    assert (again.answers["platelets"], again.answers["keloid"]) == (["210"], ["none"])


def test_what_is_not_confirmed_is_named_and_holds_the_verdict_back(client, again, patient):
    answers = well(patient, onset_on="17.5.2024", platelets="210")
    told = live(client, again, answers)
    assert headline(told) == "Not enough information yet"
    assert "Verdict so far: <b>Suitable</b>" in told.content.decode()
    assert "1 answer left" in told.content.decode()
    assert links(told)[0] == {"id_wilson_0"}
    assert headline(live(client, again, answers | {"wilson": "unknown"})) == "Suitable"
    assert headline(live(client, again, answers | {"keloid": "head_neck"})) == "Not suitable"


def test_what_an_answer_changed_is_said(client, draft, patient):
    def was(answer):
        return re.findall(r'name="was" value="([^"]+)"', unescape(answer.content.decode()))

    first = live(client, draft, well(patient, epilepsy=None, childbearing_potential=None))
    assert "Since the last answer" not in first.content.decode()
    second = live(client, draft, well(patient, epilepsy=None, pregnancy_status=None), was=was(first))
    assert "<b>Now asked:</b> Are you, or could you be, pregnant now?" in second.content.decode()
    third = live(client, draft, well(patient, needle="phobia"), was=was(second)).content.decode()
    assert "<b>Headline was:</b> Not enough information yet" in third
    assert "<b>New: PS-03</b>" in third
    said = third.partition("data-said")[2].partition("</p>")[0]
    assert re.search(r"Suitable with conditions\..*New:", said, re.DOTALL)
    fourth = live(client, draft, well(patient), was=["=caution", "PS-03", "=<b>", "?x"]).content.decode()
    assert "<b>Cleared: PS-03</b>" in fourth
    assert "was" not in Consultation.objects.get(pk=draft.pk).answers


def test_a_signed_consultation_is_printed_with_patient_version_and_page_numbers(client, doctor, patient):
    signed = consultations.signed(doctor, patient, needle="phobia", epilepsy=None)
    client.post(at(signed, "consultation_addendum"), {"text": "No itching."})
    answer = client.get(at(signed, "consultation_paper"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages]
    assert len(pages) > 1
    for number, text in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in text
        assert f"{patient.full_name}, {patient.record_number}" in text
        assert f"Consultation {signed.pk}, version {signed.version}" in text
    whole = " ".join(pages)
    for words in ("Not enough information yet", "PS-03", "Strong fear", "Epilepsy?", "No itching.", "Dr Elif Aydın"):
        assert words in whole
    assert AuditEvent.objects.filter(action="patient.disclosed", reason="print consultation").exists()


def test_a_draft_has_no_paper(client, draft):
    assert client.get(at(draft, "consultation_paper")).url == at(draft)


def test_a_sample_without_a_date_has_no_age(client, draft, patient):
    post(client, draft, well(patient, anticoagulant="warfarin", inr="2.4"))
    page = live(client, draft, well(patient, anticoagulant="warfarin", inr="2.4", inr__observed_on=""))
    assert headline(page) == "Not enough information yet"
    assert "#id_inr__observed_on" in page.content.decode()


def test_a_question_applies_under_the_conditions_of_the_catalogue(client, draft):
    page = client.get(at(draft)).content.decode()
    when = dict(re.findall(r'data-question="([^"]+)"[^>]* data-when="([^"]+)"', page))
    assert unescape(when["pregnancy_status"]) == '[[{"input": "childbearing_potential", "any": ["yes"], "none": []}]]'
    assert {f"severity__{scale.id}" for scale in shipped().of(SeverityScale)} <= set(when)
    assert {"inr", "hba1c", "cv_event_on", "last_seizure_on", "isotretinoin_stopped_on"} <= set(when)
    assert not {"dx", "onset_on", "ferritin", "conception_plan_6mo", "infection_resolved_on"} & set(when)


def test_the_worklist_leads_to_drafts_and_records(client, doctor, draft, site):
    signed = consultations.signed(doctor, people.patient(site=site))
    page = client.get(reverse("patients:consultations")).content.decode()
    assert page.index(at(draft)) < page.index(at(signed))


def test_every_page_of_a_consultation_is_disclosed(client, doctor, draft, patient):
    signed = consultations.signed(doctor, patient)
    for address in (at(draft), at(signed), reverse("patients:consultations")):
        before = AuditEvent.objects.filter(action="patient.disclosed", patient_id=patient.pk).count()
        client.get(address)
        assert AuditEvent.objects.filter(action="patient.disclosed", patient_id=patient.pk).count() > before


def test_the_pages_ask_the_database_a_bounded_number_of_times(
    client, doctor, draft, patient, django_assert_max_num_queries
):
    worst = well(patient, needle="phobia", otc_bleeding_supplements="yes", scalp_wound="yes", keloid="elsewhere")
    post(client, draft, worst)
    signed = consultations.signed(doctor, patient)
    with django_assert_max_num_queries(25):
        client.get(at(draft))
    with django_assert_max_num_queries(35):
        live(client, draft, worst | {"weight_kg": "61"})
    with django_assert_max_num_queries(25):
        client.get(at(draft, "review_consultation"))
    with django_assert_max_num_queries(25):
        client.get(at(signed))
