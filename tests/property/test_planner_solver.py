"""Courses of 12 sessions in busy clinics, holidays and clock changes among them: the solver finds the same optimum.

Reduced here; `make sweeps` compares 200.
"""

import pytest

from sessions.rules.planner import plan_series
from tests.property.series_cases import Times, cost_of, series_of
from tests.property.solver import SPAN, Model, instance


@pytest.mark.parametrize("seed", [1, 4, 23])
def test_an_independent_solver_finds_the_same_optimum(seed):
    case = instance(seed)
    found = plan_series(case.clinic, case.course, case.preferences, search_days=SPAN, choices=0)
    cost = cost_of(case.course, series_of(found, Times(case.clinic, case.preferences))) if found.complete else None
    assert cost == Model(case).best()
