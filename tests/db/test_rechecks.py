"""What rests on facts, the release or a lot is judged anew when they change, and what it endangers says so."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from mesoclinic import clock
from mesoclinic.actors import System
from patients.models import Acknowledgement, Candidacy, FactSheet, FormulationCheck
from patients.queries.acknowledgements import acknowledged, cautions
from patients.queries.banner import current_facts
from patients.services.facts import write_fact_sheet
from protocols.models import Lot, Product
from protocols.queries.catalogue import read_shipped
from protocols.services.catalogue import activate_release, load_release
from protocols.services.stock import receive_lot, set_lot_state
from sessions.models import LotUse, TreatmentRecord, TreatmentSession
from sessions.services.facts import flag_prepared, recheck_every_open_plan
from tests.builders import bookings, clinic, consents, facts, people, plans

THURSDAY = date(2099, 12, 10)


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site)


@pytest.fixture
def version(site, doctor):
    measures = {"spacing_cm": "1", "ml_per_point": "0.05", "depth_mm": "1", "session_count": 2}
    made = plans.signed_plan(people.patient(site=site), doctor, site, **measures)
    consents.component(made, mg_per_ml=5)
    Product.objects.update(vehicle=["water"], sterile=True, for_injection=True, composition_known=True)
    Product.objects.update(mg_per_ml=5, injectable_proof=True, cross_linked=False, director_approved_at=clock.now())
    return made


def learn(doctor, patient, **over):
    """The next fact sheet of a healthy woman with what differs."""
    answers = {name: value for name, value in facts.WOMAN.items() if name != "age_years"} | over
    today = clock.now().date().isoformat()
    sheet = {name: {"value": value, "observed_on": today} for name, value in answers.items()}
    source = FactSheet.Source.CORRECTION
    return write_fact_sheet(doctor, patient=patient, facts=current_facts(patient) | sheet, source=source)


def flags(version):
    return set(TreatmentSession.objects.filter(series__plan_version=version).values_list("flag", flat=True))


def test_a_new_fact_brings_a_new_verdict_and_check_of_each_open_plan(doctor, version):
    sheet = learn(doctor, version.plan.patient)
    assert Candidacy.objects.get(fact_sheet=sheet).cause == "facts changed"
    assert FormulationCheck.objects.get(fact_sheet=sheet).plan_version == version


def test_sessions_ahead_are_flagged_by_a_stop_and_cleared_when_it_is_gone(site, doctor, version):
    bookings.series(clinic.desk(site), version, THURSDAY, earliest=time(14))
    patient = version.plan.patient
    learn(doctor, patient, pregnancy_status="pregnant")
    (flag,) = flags(version)
    assert flag.startswith("Check before the session: RP-01")
    learn(doctor, patient)
    assert flags(version) == {""}


def test_a_plan_that_is_over_is_not_judged_again(doctor, version):
    type(version).objects.filter(pk=version.pk).update(state="stopped")
    sheet = learn(doctor, version.plan.patient)
    assert not Candidacy.objects.filter(fact_sheet=sheet).exists()


def test_another_release_judges_every_open_plan(doctor, version):
    sheet = learn(doctor, version.plan.patient)
    recheck_every_open_plan(actor=doctor, release_id=version.release_id)
    causes = Candidacy.objects.filter(fact_sheet=sheet).values_list("cause", flat=True)
    assert "release activated" in causes


def test_activating_a_release_is_heard(doctor, version, site):
    learn(doctor, version.plan.patient)
    before = Candidacy.objects.count()
    shipped = replace(read_shipped("2026.1"), release="2026.1-clinic")
    other = load_release(System("test"), catalogue=shipped)
    activate_release(clinic.staff("director", at=site), release=other)
    assert Candidacy.objects.count() > before


def test_a_withheld_lot_flags_the_session_that_was_prepared_with_it(site, doctor, version):
    series = bookings.series(clinic.desk(site), version, THURSDAY, earliest=time(14))
    nurse = clinic.staff("nurse", at=site)
    product = version.components.get().product
    lot = receive_lot(
        nurse, site=site, product=product, number="L1", expires_on=THURSDAY, quantity_ml=Decimal(5), key="k"
    )
    prepared, untouched = series.sessions.order_by("ordinal")
    record = TreatmentRecord.objects.create(
        session=prepared, patient=series.patient, site=site, opened_by=nurse, opened_at=clock.now()
    )
    movement = lot.movements.get()
    LotUse.objects.create(
        record=record, lot=lot, movement=movement, ingredient=product.ingredient, syringe="1", volume_ml=Decimal(1)
    )
    set_lot_state(nurse, lot_id=lot.pk, state=Lot.State.RECALLED, reason="Recalled by its maker.")
    prepared.refresh_from_db()
    untouched.refresh_from_db()
    assert "L1" in prepared.flag
    assert untouched.flag == ""
    flag_prepared(actor=nurse, lot_id=lot.pk)
    assert TreatmentSession.objects.get(pk=prepared.pk).flag == prepared.flag


def test_a_caution_read_once_is_read_for_the_same_facts_and_words(doctor, version):
    patient = version.plan.patient
    learn(doctor, patient, otc_bleeding_supplements="yes")
    first = Candidacy.objects.filter(patient=patient).first()
    assert not acknowledged(first)
    for finding in cautions(first):
        Acknowledgement.objects.create(candidacy=first, rule=finding["rule"], by=doctor, at=clock.now())
    recheck_every_open_plan(actor=doctor, release_id=version.release_id)
    again = Candidacy.objects.filter(patient=patient).first()
    assert again.pk != first.pk
    assert acknowledged(again)


def test_a_caution_of_other_words_has_to_be_read_again(doctor, version):
    patient = version.plan.patient
    learn(doctor, patient, otc_bleeding_supplements="yes")
    first = Candidacy.objects.filter(patient=patient).first()
    for finding in cautions(first):
        Acknowledgement.objects.create(candidacy=first, rule=finding["rule"], by=doctor, at=clock.now())
    other = Candidacy.objects.get(pk=first.pk)
    other.pk, other.findings = None, [{**each, "reason": "Other words."} for each in first.findings]
    other.save(force_insert=True)
    assert acknowledged(first)
    assert not acknowledged(other)
