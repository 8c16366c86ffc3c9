"""Paths through days, one layer for each session; each criterion in turn keeps only the best of what is left.

Costs that add up along a path are made as small as they can be by keeping, exactly, the arcs that lie on a best path.
Doing so again with the next cost gives the best of the best: the whole is optimal in the order of the criteria.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

Layer = Mapping[int, Sequence[int]]
"""For each day of a session, the days on which the next may follow."""

Cost = Callable[[int, int, int], int]
"""What it costs at a layer to go from one day to another."""


def cheapest(layers: Sequence[Layer], cost: Cost) -> int:
    """What a cheapest path from the first layer to the last costs."""
    return min(_ahead(layers, cost)[0].values())


def tightened(layers: Sequence[Layer], cost: Cost) -> list[Layer]:
    """Only the arcs that lie on a cheapest path from the first layer to the last."""
    ahead = _ahead(layers, cost)
    kept: list[Layer] = []
    days = set(layers[0])
    for step, layer in enumerate(layers):
        best, after = ahead[step], ahead[step + 1]
        found = {
            day: [to for to in layer[day] if to in after and cost(step, day, to) + after[to] == best[day]]
            for day in days
            if day in best
        }
        kept.append(found)
        days = set(chain.from_iterable(found.values()))
    return kept


def _ahead(layers: Sequence[Layer], cost: Cost) -> list[dict[int, int]]:
    """From each day of each layer, the least that the rest of a path costs; days that lead nowhere are left out."""
    after = dict.fromkeys(chain.from_iterable(layers[-1].values()), 0)
    tables = [after]
    for step in range(len(layers) - 1, -1, -1):
        best = {
            day: min(cost(step, day, to) + after[to] for to in following if to in after)
            for day, following in layers[step].items()
            if any(to in after for to in following)
        }
        tables.append(best)
        after = best
    return tables[::-1]
