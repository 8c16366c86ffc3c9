from decimal import Decimal

import pytest

from mesoclinic.rules.arithmetic import round_half_up, round_to
from protocols.rules.kinds.inputs import Input
from protocols.rules.units import in_other_unit
from tests.builders.facts import shipped


def other(name, value):
    return in_other_unit(shipped().row(Input, name), value)


def test_hba1c_in_mmol_per_mol_as_the_reference_works_it_out():
    found = other("hba1c", Decimal("8.5"))
    assert (round_to(found, Decimal("0.1")), round_half_up(found)) == (Decimal("69.4"), 69)


@pytest.mark.parametrize(("value", "nanomoles"), [(Decimal(20), 50), (Decimal("19.9"), Decimal("49.75")), (0, 0)])
def test_vitamin_d_in_nmol_per_litre(value, nanomoles):
    assert other("vitd", value) == nanomoles


def test_there_is_none_without_another_unit_or_without_a_number():
    assert other("ferritin", Decimal(30)) is None
    assert other("hba1c", None) is None
