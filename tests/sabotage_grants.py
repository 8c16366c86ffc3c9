"""Every grant: taken from who should have it, and given to who should not."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from mesoclinic import access
from mesoclinic.access import Can
from tests.sabotage import CannotBeDropped, Sabotage


def grants() -> Iterator[Sabotage]:
    """Each pair of a role (or a link) and a capability, dropped when it is granted and added when it is not."""
    doors = _doors()
    for table, who in ((access.GRANTS, "role"), (access.LINK_GRANTS, "link")):
        for name in table:
            for can in Can:
                pair, words = f"{name}: {can}", (*doors.get(can, ()), f"{name}-{can}")
                if can in table[name]:
                    yield Sabotage(f"grant to a {who}", pair, lambda t=table, n=name, c=can: _take(t, n, c), words)
                else:
                    yield Sabotage(f"no grant to a {who}", pair, lambda t=table, n=name, c=can: _give(t, n, c), words)


def _take(table: dict[str, frozenset[Can]], name: str, can: Can) -> None:
    if can not in table[name]:
        raise CannotBeDropped(f"{name} has no {can}")
    table[name] -= {can}


def _give(table: dict[str, frozenset[Can]], name: str, can: Can) -> None:
    table[name] |= {can}


def _doors() -> dict[str, list[str]]:
    """Capability -> the names of the addresses that ask for it."""
    found: dict[str, list[str]] = {}

    def walk(patterns: list[URLPattern | URLResolver], namespace: str) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, pattern.namespace or namespace)
            elif hasattr(pattern.callback, "capability"):
                found.setdefault(pattern.callback.capability, []).append(f"[{namespace}:{pattern.name}]")

    walk(get_resolver().url_patterns, "")
    return found
