"""How a lower floor is heard by a higher one without knowing it: one table from event to services."""

from collections.abc import Callable

from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from mesoclinic import transactions

_listeners: dict[str, list[str]] = {}


def listen(event: str, service: str) -> None:
    """Have the service at this dotted path called at the event; apps say so in AppConfig.ready."""
    services = _listeners.setdefault(event, [])
    if service not in services:
        services.append(service)


def announce(event: str, **ids: object) -> None:
    """Call what listens, in the order of listening, inside the open transaction: one refusal undoes all."""
    transactions.require_open()
    for service in _listeners.get(event, ()):
        _resolve(service)(**ids)


@register("news")
def check_listeners(**_: object) -> list[CheckMessage]:
    """Every path in the table leads to a function."""
    return [problem for services in _listeners.values() for service in services for problem in _problems(service)]


def _resolve(service: str) -> Callable[..., object]:
    found: Callable[..., object] = import_string(service)
    return found


def _problems(service: str) -> list[CheckMessage]:
    try:
        _resolve(service)
    except ImportError as problem:
        return [Error(f"Nothing can be called at {service}: {problem}", id="mesoclinic.E201")]
    return []
