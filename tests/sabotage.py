"""What can be dropped from the running product, one thing at a time; nothing of it is ever written to a file."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OURS = ("mesoclinic", "patients", "protocols", "sessions", "tests")


class CannotBeDropped(LookupError):
    """What should have been dropped was not found: that is an error of the sabotage, never a test that noticed."""


@dataclass(frozen=True)
class Sabotage:
    """One thing dropped; `words` stand in the names of the tests that are asked first."""

    kind: str
    what: str
    apply: Callable[[], None]
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"


def replace(old: Any, new: Any) -> None:
    """Puts the new thing wherever a module of ours knows the old one by a name."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in OURS]
    places = [(module, name) for module in modules for name, value in [*vars(module).items()] if value is old]
    if not places:
        raise CannotBeDropped(f"no module knows {old!r}")
    for module, name in places:
        setattr(module, name, new)


def answer(register: Any, key: str, value: Any) -> None:
    """From now on the entry of a register answers this, whatever it is asked."""
    if key not in register:
        raise CannotBeDropped(f"{key} is in no register")
    _put(register, key, lambda *_, **__: value)


def _put(register: Any, key: str, value: Any) -> None:
    if isinstance(register, dict):
        register[key] = value
    else:
        # A read-only view is replaced as a whole, wherever it is known.
        replace(register, {**register, key: value})
