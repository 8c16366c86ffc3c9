"""A release written out as the TOML files that `catalogue check` and `catalogue load` read."""

import json
from collections.abc import Iterable, Mapping

from protocols.rules.catalogue import Catalogue, Entry

BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def toml_files(catalogue: Catalogue) -> dict[str, str]:
    """File name -> text, one file for each kind of row; parsing them again gives the same digest."""
    kinds: dict[str, list[Entry]] = {}
    for entry in catalogue.entries:
        kinds.setdefault(entry.kind, []).append(entry)
    return {f"{kind}.toml": _file(kind, entries) for kind, entries in sorted(kinds.items())}


def _file(kind: str, entries: Iterable[Entry]) -> str:
    return f"kind = {_value(kind)}\n" + "".join(f"\n[[row]]\n{_lines(entry.body)}" for entry in entries)


def _lines(body: Mapping[str, object]) -> str:
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in body.items())


def _key(name: str) -> str:
    return name if name and set(name) <= BARE else _text(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    raise TypeError(f"TOML has no way to write {value!r}")


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, which escapes DEL as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
