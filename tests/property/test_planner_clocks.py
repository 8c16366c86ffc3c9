"""A series keeps its time on the wall over every change of the clocks; `make sweeps` tries 500 over each."""

import pytest

from tests.property.drifts import ZONES, drift


@pytest.mark.parametrize("zone", ZONES)
def test_no_session_drifts_when_the_clocks_change(zone):
    found = drift(zone, series=1)
    assert found.drifted == 0
    assert bool(found.crossed) == (zone != "Europe/Istanbul")
