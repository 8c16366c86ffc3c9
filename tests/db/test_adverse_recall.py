"""A lot and everybody who had it, at every site; taken out of use in the whole clinic by one press."""

from uuid import uuid4

import pytest

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, OutOfScope
from protocols.models import Lot
from protocols.services.stock import receive_lot
from sessions.models import TreatmentRecord, TreatmentSession
from sessions.queries.adverse_recall import recall_of, uses_of
from sessions.services.adverse_recall import withhold_everywhere
from tests.builders import adverse, clinic, treatments


@pytest.fixture
def made():
    return treatments.scene()


def elsewhere(lot: Lot) -> Lot:
    """The same lot, received at a site where nobody of the first works."""
    site = clinic.site()
    fields = {"number": lot.number, "expires_on": lot.expires_on, "quantity_ml": lot.on_hand_ml, "key": uuid4().hex}
    return receive_lot(clinic.staff("nurse", at=site), site=site, product=lot.product, **fields)


def test_both_ways_with_dose_and_event(made):
    treatments.prepared(made)
    lot = made.lots["HA_NCL"]
    event = adverse.event(made.patient, by=made.doctor)
    event.lots.add(lot)
    found = recall_of(made.nurse, lot.pk, page="1")
    assert [(use.record.patient, str(use.volume_ml)) for use in found.uses] == [(made.patient, "1.000")]
    assert (found.patients, found.elsewhere, found.events) == (1, 0, [event])
    assert {use.lot for use in uses_of(made.patient)} == set(made.lots.values())


def test_one_press_holds_it_at_every_site_and_flags_what_is_prepared(made):
    treatments.prepared(made)
    lot = made.lots["HA_NCL"]
    other, another = elsewhere(lot), made.lots["VIT_BIOTIN"]
    found = recall_of(clinic.staff("nurse", at=other.site), other.pk, page="1")
    assert (found.patients, found.elsewhere, len(found.everywhere)) == (0, 1, 2)
    held = withhold_everywhere(made.nurse, lot_id=lot.pk, reason="Two infections on it.")
    assert set(held) == {lot, other}
    assert set(Lot.objects.filter(state="quarantined")) == {lot, other}
    assert Lot.objects.get(pk=another.pk).state == "released"
    assert "quarantined" in TreatmentSession.objects.get(pk=made.session.pk).flag
    assert TreatmentRecord.objects.get().started_at is None
    assert AuditEvent.objects.filter(action="lot.quarantined", reason="Two infections on it.").count() == 2
    with pytest.raises(Conflict):
        withhold_everywhere(made.nurse, lot_id=lot.pk, reason="Again.")


def test_without_a_reason_or_at_another_site_nothing_is_held(made):
    lot = made.lots["HA_NCL"]
    with pytest.raises(ClinicError):
        withhold_everywhere(made.nurse, lot_id=lot.pk, reason=" ")
    with pytest.raises(OutOfScope):
        withhold_everywhere(clinic.staff("nurse"), lot_id=lot.pk, reason="Not mine.")
    assert not Lot.objects.exclude(state="released").exists()
