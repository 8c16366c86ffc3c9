"""A treatment: nothing starts while anything stops it, what was drawn up adds up, and a signed record stays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, RuleBroken, StaleRecord
from mesoclinic.rules.finding import Level
from patients.models import Acknowledgement, Addendum, Component, Consent, FactSheet, FormulationCheck
from protocols.models import Lot, Movement, Product
from sessions.models import AdverseEvent, Booking, LotUse, TreatmentRecord, TreatmentSession
from sessions.queries.readiness import caution_rules, readiness_of
from sessions.queries.room import room_for
from sessions.queries.treatment import MAY_OPEN, missing_to_sign, record_for, steps_of
from sessions.rules.totals import Given, Rest
from sessions.services import treatment as services
from tests.builders import clinic, consents, people, treatments
from tests.builders.treatments import Scene

YESTERDAY = date(2026, 11, 25)
LOTS, BOOKINGS = Lot.objects.all(), Booking.objects.all()
# Consents that do not cover the session.
CONSENTS: dict[str, dict[str, object]] = {
    "only offered": {"state": "offered"},
    "only shown": {"state": "shown"},
    "refused": {"state": "refused"},
    "withdrawn": {"state": "withdrawn"},
    "of another plan version": {"plan_version": None},
    "a day too old": {"signed_on": date(2025, 11, 25)},
    "in an old form": {"template_version": "treatment-0"},
    "with a part left out": {"elements": []},
}
# Each way in which a prepared session must not start: what happened, and the rule that must stop it.
STOPS: dict[str, tuple[Callable[[Scene], object], str]] = {
    "no re-screen": (lambda made: TreatmentRecord.objects.update(rescreened_on=None), "DY-01"),
    "the re-screen of yesterday": (lambda made: TreatmentRecord.objects.update(rescreened_on=YESTERDAY), "DY-01"),
    "facts that changed since": (lambda made: people.fact_sheet(made.patient), "DY-05"),
    "a product that is not drawn up": (lambda made: consents.component(made.version, "DEXPANTHENOL"), "LOT"),
    "less drawn up than planned": (lambda made: Component.objects.update(volume_ml=Decimal("1.5")), "LOT"),
    "an expired lot": (lambda made: LOTS.update(expires_on=YESTERDAY), "FX-07"),
    "a recalled lot": (lambda made: LOTS.update(state="recalled"), "FX-15"),
    "a quarantined lot": (lambda made: LOTS.update(state="quarantined"), "FX-15"),
    "a product that is not sterile": (lambda made: Product.objects.update(sterile=False), "FX-08"),
    "rows that nobody approved": (lambda made: forbid_drafts(made), "CATALOGUE"),
    "a cancelled visit": (lambda made: BOOKINGS.update(state="cancelled"), "VISIT"),
    "a visit on another day": (
        lambda made: BOOKINGS.update(starts_at=treatments.TODAY + timedelta(days=1), ends_at="2026-11-28T10:00Z"),
        "VISIT",
    ),
    "an adverse event that is not settled": (lambda made: an_event(made), "SD-05"),
}
# Each answer of the day that must stop it: the answer, and the rule.
ANSWERS: dict[str, tuple[dict[str, object], str]] = {
    "a fever": ({"temperature_c": "38.0"}, "DY-02"),
    "an infection": ({"acute_systemic_infection": "yes"}, "DY-02"),
    "no adrenaline": ({"adrenaline_present": "no"}, "DY-08"),
    "adrenaline not asked about": ({"adrenaline_present": None}, "DY-08"),
    "adrenaline out of date": ({"adrenaline_expiry": "2026-11-25"}, "DY-08"),
    "nobody trained": ({"trained_person_present": "no"}, "DY-08"),
    "not able to decide": ({"impaired": "yes"}, "DY-09"),
    "possibly pregnant": ({"pregnancy_status": "possible"}, "RP-02"),
    "blood pressure not measured": ({"bp_sys": None, "bp_dia": None}, "MI-01"),
    "an unread caution": ({"keloid": "elsewhere"}, "KE-02"),
    "an unread caution of the day": ({"needle": "vasovagal", "hours_since_meal": "5"}, "DY-06"),
}


@pytest.fixture(autouse=True)
def _morning(clock):
    clock.set(treatments.TODAY)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back, so that one scene serves many cases."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def forbid_drafts(made: Scene) -> None:
    made.site.allow_draft_catalogue = False
    made.site.save(update_fields=["allow_draft_catalogue"])


def an_event(made: Scene) -> None:
    AdverseEvent.objects.create(
        patient=made.patient,
        site=made.site,
        code="AE-01",
        grade=2,
        worst_grade=2,
        onset_at=treatments.TODAY,
        reported_by=made.doctor,
        reported_at=treatments.TODAY,
    )


def fresh(made: Scene) -> TreatmentRecord:
    return record_for(made.doctor, TreatmentRecord.objects.get(session=made.session).pk)


def refused_start(made: Scene) -> set[str]:
    """The rules that refused the start; that it wrote nothing is asserted."""
    record, checks = fresh(made), FormulationCheck.objects.count()
    with pytest.raises(RuleBroken) as refusal:
        services.start_treatment(made.doctor, record_id=record.pk, version=record.version)
    assert fresh(made).started_at is None
    assert fresh(made).version == record.version
    assert FormulationCheck.objects.count() == checks
    assert TreatmentSession.objects.get(pk=made.session.pk).state == "booked"
    assert not AuditEvent.objects.filter(action="treatment.started").exists()
    return {finding.rule for finding in refusal.value.findings}


def test_whatever_stops_a_session_refuses_its_start_and_writes_nothing():
    made = treatments.scene()
    treatments.prepared(made)
    rules = {}
    for name, (spoil, _rule) in STOPS.items():
        with undone():
            spoil(made)
            rules[name] = refused_start(made)
    assert {name: rule for name, (_spoil, rule) in STOPS.items() if rule not in rules[name]} == {}, rules


def test_without_a_valid_consent_it_does_not_start():
    made = treatments.scene(consent=False)
    treatments.prepared(made)
    assert refused_start(made) == {"SD-08"}
    for over in CONSENTS.values():
        with undone():
            consents.recorded(made.doctor, made.version, **over)
            assert refused_start(made) == {"SD-08"}, over
    consents.recorded(made.doctor, made.version, signed_on=date(2025, 11, 26))
    record = fresh(made)
    services.start_treatment(made.doctor, record_id=record.pk, version=record.version)


def test_an_answer_of_the_day_that_stops_refuses_the_start():
    made = treatments.scene()
    treatments.prepared(made)
    rules = {}
    for name, (answers, _rule) in ANSWERS.items():
        with undone():
            treatments.rescreened(made, fresh(made), **answers)
            rules[name] = refused_start(made)
    assert {name: rule for name, (_answers, rule) in ANSWERS.items() if rule not in rules[name]} == {}, rules


def test_every_lot_in_a_syringe_counts_not_only_the_last():
    made = treatments.scene()
    record = treatments.rescreened(made, services.open_treatment(made.nurse, session_id=made.session.pk))
    first, other = made.lots["VIT_BIOTIN"], made.lots["HA_NCL"]
    second = treatments.another_lot(made, first)
    for lot, volume in ((first, "0.4"), (second, "0.6"), (other, "1")):
        treatments.drawn(made, fresh(made), lot, volume)
    assert readiness_of(fresh(made)).stops == ()
    Lot.objects.filter(pk=first.pk).update(state="recalled")
    assert refused_start(made) == {"LOT"}
    stop = room_for(made.nurse, made.session.pk).stops[0]
    assert first.number in stop.finding.reason
    assert (stop.place, stop.target) == ("here", "void")
    record = fresh(made)
    services.void_treatment(made.doctor, record_id=record.pk, reason="A lot was recalled.")
    assert room_for(made.nurse, made.session.pk).stage == "unopened"


def test_each_stop_says_why_and_what_clears_it_and_where():
    made = treatments.scene(consent=False)
    treatments.rescreened(made, services.open_treatment(made.nurse, session_id=made.session.pk), bp_sys=None)
    forbid_drafts(made)
    stops = room_for(made.nurse, made.session.pk).stops
    assert stops[0].finding.rule == "SD-08"
    assert all(stop.finding.reason and stop.finding.action for stop in stops)
    places = {stop.finding.rule: (stop.place, stop.target) for stop in stops}
    component = Component.objects.filter(plan_version=made.version).last()
    assert places == {
        "SD-08": ("consent", ""),
        "MI-01": ("here", "rescreen_bp_sys"),
        "LOT": ("here", f"lot-{component.pk}"),
        "CATALOGUE": ("catalogue", ""),
    }


def test_starts_when_nothing_stops_it_and_keeps_what_it_rested_on():
    made = treatments.scene()
    record = treatments.prepared(made)
    assert readiness_of(record).stops == ()
    record = services.start_treatment(made.doctor, record_id=record.pk, version=record.version)
    assert record.started_at is not None
    assert record.consent == Consent.objects.get()
    assert record.formulation_check.fact_sheet == record.fact_sheet
    assert record.formulation_check.result == "ok"
    assert record.candidacy.verdict == "proceed"
    assert (fresh(made).session.state, Booking.objects.get().state) == ("in_progress", "treating")
    assert AuditEvent.objects.filter(action="treatment.started", patient_id=made.patient.pk).count() == 1
    with pytest.raises(Conflict, match="already started"):
        services.start_treatment(made.doctor, record_id=record.pk, version=record.version)


def test_a_caution_is_acknowledged_by_the_doctor_and_anew_after_each_re_screen():
    made = treatments.scene()
    record = treatments.rescreened(made, treatments.prepared(made), keloid="elsewhere")
    assert caution_rules(record) == {"KE-02"}
    with pytest.raises(ClinicError, match="KE-02"):
        services.acknowledge_cautions(made.doctor, record_id=record.pk, version=record.version, rules=[])
    assert not Acknowledgement.objects.exists()
    record = services.acknowledge_cautions(
        made.doctor, record_id=record.pk, version=record.version, rules=["KE-02", "XX-99"]
    )
    assert [each.rule for each in Acknowledgement.objects.all()] == ["KE-02"]
    assert readiness_of(record).stops == ()
    record = treatments.rescreened(made, record, keloid="elsewhere")
    assert {stop.rule for stop in readiness_of(record).stops} == {"KE-02"}


def test_the_re_screen_is_the_next_fact_sheet_and_forgets_what_was_asked_and_not_answered():
    made = treatments.scene(facts={"herpes": "recurrent"})
    record = services.open_treatment(made.nurse, session_id=made.session.pk)
    record = treatments.rescreened(made, record, herpes=None)
    sheet = FactSheet.objects.filter(patient=made.patient).order_by("-number").first()
    assert (record.fact_sheet, sheet.source, sheet.by) == (sheet, "rescreen", made.nurse)
    assert "herpes" not in sheet.facts
    assert sheet.facts["keloid"]["value"] == "none"
    assert set(record.day_inputs) == set(treatments.WELL)
    assert record.rescreened_on == date(2026, 11, 26)
    assert any(stop.level is Level.MISSING for stop in readiness_of(record).stops)


def test_the_day_is_the_site_s_own(clock):
    made = treatments.scene(starts_at=treatments.TODAY.replace(hour=23, minute=30))
    clock.set(treatments.TODAY.replace(hour=23, minute=30))  # half past midnight in Madrid
    record = services.open_treatment(made.nurse, session_id=made.session.pk)
    assert treatments.rescreened(made, record).rescreened_on == date(2026, 11, 27)


DEEDS = {
    "rescreen": partial(services.rescreen, facts={}, asked=()),
    "checklist": partial(services.record_checklist, step_id="ST-0", answers={"identity": "done"}),
    "cautions": partial(services.acknowledge_cautions, rules=()),
    "start": services.start_treatment,
    "reaction": partial(services.report_reaction, code="AE-01", grade=1, description=""),
    "finish": services.finish_treatment,
    "sign": services.sign_treatment,
}
DOCTORS_OWN = ("cautions", "start", "finish", "sign")


def test_what_somebody_else_changed_is_not_written_over():
    made = treatments.scene()
    record = treatments.prepared(made)
    seen = record.version
    services.record_checklist(
        made.nurse, record_id=record.pk, version=seen, step_id="ST-0", answers={"identity": "done"}
    )
    before = fresh(made).version
    for deed in DEEDS.values():
        with pytest.raises(StaleRecord, match="Somebody else"):
            deed(made.doctor, record_id=record.pk, version=seen)
    with pytest.raises(StaleRecord):
        treatments.drawn(made, record, made.lots["HA_NCL"])
    assert fresh(made).version == before


def test_a_nurse_prepares_and_the_doctor_does_the_rest():
    made = treatments.scene()
    record = treatments.started(made)
    for name in DOCTORS_OWN:
        with pytest.raises(NotAllowed):
            DEEDS[name](made.nurse, record_id=record.pk, version=record.version)
    with pytest.raises(NotAllowed):
        services.void_treatment(made.nurse, record_id=record.pk, reason="x")
    with pytest.raises(NotAllowed):
        treatments.delivered(made, record, by=made.nurse)
    assert fresh(made).version == record.version
    assert AuditEvent.objects.filter(action="denied.inject", actor_id=made.nurse.pk).count() == len(DOCTORS_OWN) + 2


def test_the_front_desk_does_not_prepare_and_the_director_does_not_inject():
    made = treatments.scene()
    with pytest.raises(NotAllowed):
        services.open_treatment(clinic.desk(made.site), session_id=made.session.pk)
    assert not TreatmentRecord.objects.exists()
    record = treatments.prepared(made)
    with pytest.raises(NotAllowed):
        services.start_treatment(clinic.staff("director", at=made.site), record_id=record.pk, version=record.version)
    assert fresh(made).started_at is None


def test_a_session_of_another_site_is_not_there():
    made, elsewhere = treatments.scene(), clinic.dermatologist(clinic.site())
    record = treatments.prepared(made)
    with pytest.raises(OutOfScope):
        services.open_treatment(elsewhere, session_id=made.session.pk)
    for deed in DEEDS.values():
        with pytest.raises(OutOfScope):
            deed(elsewhere, record_id=record.pk, version=record.version)
    with pytest.raises(OutOfScope):
        services.void_treatment(elsewhere, record_id=record.pk, reason="x")
    with pytest.raises(OutOfScope):
        room_for(elsewhere, made.session.pk)


def test_only_a_booked_session_is_prepared_and_once():
    made = treatments.scene()
    first = services.open_treatment(made.nurse, session_id=made.session.pk)
    assert services.open_treatment(made.doctor, session_id=made.session.pk) == first
    first.delete()
    for state in set(TreatmentSession.State) - set(MAY_OPEN):
        TreatmentSession.objects.update(state=state)
        with pytest.raises(Conflict, match="Only a booked session"):
            services.open_treatment(made.nurse, session_id=made.session.pk)
    assert not TreatmentRecord.objects.exists()


def test_the_same_key_draws_up_once():
    made = treatments.scene()
    record = treatments.rescreened(made, services.open_treatment(made.nurse, session_id=made.session.pk))
    lot = made.lots["VIT_BIOTIN"]
    first = treatments.drawn(made, record, lot, "0.4", key="one")
    assert treatments.drawn(made, record, lot, "0.4", key="one") == first
    assert LotUse.objects.count() == 1
    assert Lot.objects.get(pk=lot.pk).on_hand_ml == Decimal("9.6")
    assert Movement.objects.filter(lot=lot).aggregate(Sum("quantity_ml"))["quantity_ml__sum"] == Decimal("9.6")
    treatments.drawn(made, fresh(made), lot, "0.6", key="two")
    assert Lot.objects.get(pk=lot.pk).on_hand_ml == Decimal(9)


LOT_REFUSALS: dict[str, tuple[Callable[[Scene], object], str, str]] = {
    "expired": (lambda made: LOTS.update(expires_on=YESTERDAY), "1", "Expired 25 Nov 2026. Take another."),
    "recalled": (lambda made: LOTS.update(state="recalled"), "1", "This lot is “Recalled”. Take another."),
    "quarantined": (lambda made: LOTS.update(state="quarantined"), "1", "This lot is “Quarantined”. Take another."),
    "used up": (lambda made: LOTS.update(on_hand_ml=0), "1", "This lot is used up. Take another."),
    "too little left": (lambda made: LOTS.update(on_hand_ml=Decimal("0.5")), "1", "holds 0.500 mL only"),
    "not in the plan": (lambda made: Component.objects.update(syringe="2"), "1", "The plan has no"),
    "more than planned": (lambda made: None, "1.001", "The plan leaves 1 mL"),
    "nothing": (lambda made: None, "0", "Enter a volume"),
    "less than nothing": (lambda made: None, "-1", "Enter a volume"),
    "half a microlitre": (lambda made: None, "0.0005", "Enter a volume"),
    "before the re-screen": (lambda made: TreatmentRecord.objects.update(rescreened_on=None), "1", "re-screen"),
}


def test_a_lot_that_does_not_fit_is_refused_in_a_sentence_and_the_stock_stays():
    made = treatments.scene()
    treatments.rescreened(made, services.open_treatment(made.nurse, session_id=made.session.pk))
    said = {}
    for name, (spoil, volume, _words) in LOT_REFUSALS.items():
        with undone():
            spoil(made)
            stock = list(Lot.objects.values_list("on_hand_ml", flat=True))
            with pytest.raises(ClinicError) as refusal:
                treatments.drawn(made, fresh(made), made.lots["VIT_BIOTIN"], volume)
            said[name] = refusal.value.message
            assert list(Lot.objects.values_list("on_hand_ml", flat=True)) == stock
            assert not LotUse.objects.exists()
    assert {name: said[name] for name, (_s, _v, words) in LOT_REFUSALS.items() if words not in said[name]} == {}


def test_a_lot_of_another_site_is_not_there():
    made, other = treatments.scene(), treatments.scene()
    record = treatments.rescreened(made, services.open_treatment(made.nurse, session_id=made.session.pk))
    with pytest.raises(OutOfScope):
        treatments.drawn(made, record, other.lots["VIT_BIOTIN"])


# What does not add up, and the field that says so: 2 mL were drawn up.
WRONG_SUMS = {
    "a rest that nobody accounts for": ({"rest": [Rest("1", 0, 0)]}, "left_over_1"),
    "no word about the rest": ({"rest": []}, "left_over_1"),
    "a microlitre too much": ({"rest": [Rest("1", 1, 100)]}, "left_over_1"),
    "more injected than drawn up": ({"given": [Given("vertex", "1", 2001)], "rest": [Rest("1", 0, 0)]}, "left_over_1"),
    "a syringe that was never filled": (
        {"given": [Given("vertex", "1", 1900), Given("mid_scalp", "9", 100)]},
        "left_over_1",
    ),
    "nothing injected": ({"given": [], "rest": [Rest("1", 2000, 0)]}, "given"),
    "a zone outside the plan, unexplained": ({"given": [Given("frontal", "1", 1900)]}, "deviations"),
    "another technique, unexplained": ({"technique": "T-NAP"}, "deviations"),
    "a depth out of range, unexplained": ({"depth_mm": Decimal(19)}, "deviations"),
    "blanks are no reason": ({"depth_mm": Decimal(19), "deviations": "  "}, "deviations"),
    "no such technique": ({"technique": "T-XXX", "deviations": "why"}, "technique"),
}


def test_drawn_up_is_injected_and_left_over_and_discarded_in_each_syringe():
    made = treatments.scene()
    record = treatments.started(made)
    fields = {}
    for name, (over, _field) in WRONG_SUMS.items():
        with pytest.raises(ClinicError) as refusal:
            treatments.delivered(made, record, **over)
        fields[name] = refusal.value.field
        assert fresh(made).volumes == {}
    assert fields == {name: field for name, (_over, field) in WRONG_SUMS.items()}


def test_keeps_what_was_given_in_whole_microlitres_with_its_doses():
    made = treatments.scene()
    record = treatments.delivered(made, treatments.started(made), rest=[Rest("1", 60, 40)])
    assert record.volumes["injected_ul"] == 1900
    assert record.volumes["rest"] == [{"syringe": "1", "left_over_ul": 60, "discarded_ul": 40}]
    assert [(row["zone"], row["volume_ul"], row["technique"]) for row in record.zones] == [
        ("vertex", 1000, "T-PAP"),
        ("mid_scalp", 900, "T-PAP"),
    ]
    # 1 mL of each product with 5 mg/mL makes 2 mL; 1.9 mL of it hold 4.75 mg of each.
    assert {name: Decimal(dose) for name, dose in record.volumes["doses"].items()} == {
        "VIT_BIOTIN mg": Decimal("4.75"),
        "HA_NCL mg": Decimal("4.75"),
    }
    shown = room_for(made.doctor, made.session.pk).delivered
    assert shown.volume_ml == Decimal("1.9")
    row = shown.syringes[0]
    assert row.drawn_ml == row.injected_ml + row.left_over_ml + row.discarded_ml == Decimal(2)
    explained = treatments.delivered(made, record, given=[Given("frontal", "1", 1900)], deviations="Vertex is sore.")
    assert explained.zones[0]["zone"] == "frontal"


def test_nothing_is_recorded_as_given_before_the_start():
    made = treatments.scene()
    record = treatments.prepared(made)
    for deed in (partial(treatments.delivered, made, record), partial(DEEDS["finish"], made.doctor)):
        told = {} if deed.func is treatments.delivered else {"record_id": record.pk, "version": record.version}
        with pytest.raises(Conflict, match="not started"):
            deed(**told)


def test_a_reaction_is_an_adverse_event_on_every_lot_and_none_seen_no_longer_holds():
    made = treatments.scene()
    record = treatments.delivered(made, treatments.started(made))
    event = DEEDS["reaction"](made.nurse, record_id=record.pk, version=record.version)
    assert set(event.lots.all()) == set(Lot.objects.filter(site=made.site))
    record = fresh(made)
    assert (record.reactions, record.none_observed) == ([{"code": "AE-01", "grade": 1}], False)
    with pytest.raises(ClinicError, match="does not hold") as refusal:
        treatments.delivered(made, record)
    assert refusal.value.field == "none_observed"
    for wrong in ({"code": "AE-99"}, {"grade": 0}, {"grade": 6}):
        with pytest.raises(ClinicError, match="grade from 1 to 5"):
            DEEDS["reaction"](made.nurse, record_id=record.pk, version=record.version, **wrong)
    assert AdverseEvent.objects.count() == 1


def test_every_mandatory_part_is_asked_for_before_the_signature():
    made = treatments.scene()
    record = treatments.finished(made)
    assert missing_to_sign(record) == []
    missing = {
        "Start the treatment.": {"started_at": None},
        "Record what was injected.": {"volumes": {}},
        "Record the pain.": {"pain": None},
        "Record the bleeding.": {"bleeding": ""},
        "Record reactions, or that none was seen.": {"none_observed": False},
        "Finish the session.": {"ended_at": None},
    }
    for sentence, fields in missing.items():
        with undone():
            TreatmentRecord.objects.update(**fields)
            with pytest.raises(ClinicError, match=sentence):
                DEEDS["sign"](made.doctor, record_id=record.pk, version=record.version)
            assert fresh(made).state == "open"


def test_the_checklist_is_answered_but_for_its_optional_step_before_the_signature():
    made = treatments.scene()
    record = treatments.finished(made, without=("ST-0", "ST-2a"))
    with pytest.raises(ClinicError, match="Answer the 11 open items"):
        DEEDS["sign"](made.doctor, record_id=record.pk, version=record.version)
    items = next(step.items for step in steps_of(record) if step.id == "ST-0")
    answers = {item.id: "not_applicable" for item in items}
    record = services.record_checklist(
        made.nurse, record_id=record.pk, version=record.version, step_id="ST-0", answers=answers
    )
    assert DEEDS["sign"](made.doctor, record_id=record.pk, version=record.version).state == "signed"


def test_the_signature_locks_the_record():
    made = treatments.scene()
    record = treatments.signed(made)
    assert (record.state, record.signed_by, record.session.state) == ("signed", made.doctor, "performed")
    assert Booking.objects.get().state == "done"
    locked = {name: deed for name, deed in DEEDS.items() if name != "reaction"}
    for deed in locked.values():
        with pytest.raises(Conflict, match="This record is locked"):
            deed(made.doctor, record_id=record.pk, version=record.version)
    with pytest.raises(Conflict, match="This record is locked"):
        treatments.delivered(made, record)
    with pytest.raises(Conflict, match="This record is locked"):
        treatments.drawn(made, record, made.lots["HA_NCL"])
    with pytest.raises(IntegrityError, match="guarded"), transaction.atomic():
        TreatmentRecord.objects.filter(pk=record.pk).update(pain=9)
    with pytest.raises(IntegrityError, match="guarded"), transaction.atomic():
        TreatmentRecord.objects.filter(pk=record.pk).update(state="open")


def test_a_late_reaction_is_reported_and_leaves_the_record_as_it_was():
    made = treatments.scene()
    record = treatments.signed(made)
    event = DEEDS["reaction"](made.nurse, record_id=record.pk, version=0)
    assert (event.record, fresh(made).reactions, fresh(made).none_observed) == (record, [], True)
    assert [each.row for each in room_for(made.nurse, made.session.pk).events] == [event]


def test_only_a_locked_record_gets_an_addendum():
    made = treatments.scene()
    record = treatments.finished(made)
    with pytest.raises(ClinicError, match="still open"):
        services.add_addendum(made.nurse, record_id=record.pk, text="Later")
    DEEDS["sign"](made.doctor, record_id=record.pk, version=record.version)
    with pytest.raises(ClinicError, match="Enter the text") as refusal:
        services.add_addendum(made.nurse, record_id=record.pk, text="  ")
    assert refusal.value.field == "text"
    added = services.add_addendum(made.nurse, record_id=record.pk, text="She called: a little redness.")
    assert room_for(made.doctor, made.session.pk).addenda == [added]
    assert AuditEvent.objects.filter(action="addendum.added", patient_id=made.patient.pk).count() == 1


def test_a_voided_record_stays_readable_with_its_reason_and_the_session_is_open_again():
    made = treatments.scene()
    record = treatments.signed(made)
    with pytest.raises(ClinicError, match="Enter the reason") as refusal:
        services.void_treatment(made.doctor, record_id=record.pk, reason=" ")
    assert refusal.value.field == "reason"
    services.void_treatment(made.doctor, record_id=record.pk, reason="Wrong patient.")
    services.add_addendum(made.nurse, record_id=record.pk, text="Told the director.")
    with pytest.raises(Conflict, match="already void"):
        services.void_treatment(made.doctor, record_id=record.pk, reason="Again.")
    room = room_for(made.nurse, made.session.pk)
    assert (room.stage, room.record, room.session.state) == ("locked", record, "unplaced")
    assert (room.void.reason, room.void.by) == ("Wrong patient.", "Dr Elif Aydın")
    assert Addendum.objects.count() == 2
    TreatmentSession.objects.update(state="booked")
    again = services.open_treatment(made.nurse, session_id=made.session.pk)
    assert again != record
    assert [each.record for each in room_for(made.nurse, made.session.pk).voided] == [record]


def test_a_record_voided_before_the_start_leaves_the_session_booked():
    made = treatments.scene()
    record = treatments.prepared(made)
    services.void_treatment(made.doctor, record_id=record.pk, reason="Opened by mistake.")
    room = room_for(made.nurse, made.session.pk)
    assert (room.stage, room.session.state, room.record) == ("unopened", "booked", None)
    assert [each.reason for each in room.voided] == ["Opened by mistake."]


def test_a_checklist_answer_is_added_never_changed():
    made = treatments.scene()
    record = services.open_treatment(made.nurse, session_id=made.session.pk)
    tick = partial(services.record_checklist, made.nurse, record_id=record.pk, step_id="ST-2")
    record = tick(version=record.version, answers={"mask": "not_done"})
    record = tick(version=record.version, answers={"mask": "done"})
    record = tick(version=record.version, answers={"mask": "done"})
    assert [(entry.item, entry.answer) for entry in record.checklist.order_by("pk")] == [
        ("mask", "not_done"),
        ("mask", "done"),
    ]
    step = next(step for step in room_for(made.nurse, made.session.pk).steps if step.row.id == "ST-2")
    assert (step.answers, step.left) == ({"mask": "done"}, len(step.items) - 1)
    for answers in ({}, {"mask": "perhaps"}, {"no_such_item": "done"}):
        with pytest.raises(ClinicError, match="Answer done"):
            tick(version=record.version, answers=answers)
    assert "ST-7" not in {row.id for row in steps_of(record)}
