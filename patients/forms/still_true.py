"""Earlier answers beside the questions of a new consultation, and what confirming them puts into its fields."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict

from patients.forms.consultation import initial_of
from patients.queries.consultations import answer_words
from patients.rules.still_true import Manner, manner_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import Input

SECTION = "section:"
_CONFIRMED = (Manner.TOGETHER, Manner.SINGLY)

Known = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Last:
    """An earlier answer in words, its day, and the fields that confirming it fills; empty when it is asked anew."""

    words: str
    on: date | None
    still: str = ""
    together: bool = False


def last_answer(name: str, row: Input, known: Known, catalogue: Catalogue) -> Last | None:
    """What was answered before to the question of this name; None when nothing was."""
    entry = _entry_of(name, known)
    if entry is None or entry.get("value") in (None, "", "unknown", []):
        return None
    day, manner = entry.get("observed_on"), manner_of(row)
    still = json.dumps(_typed(name, entry, catalogue)) if manner in _CONFIRMED else ""
    words = answer_words(row, entry, catalogue)
    return Last(words, date.fromisoformat(day) if day else None, still, manner is Manner.TOGETHER)


def confirm(posted: QueryDict, names: Iterable[str], known: Known, catalogue: Catalogue) -> None:
    """Fill in what is said to be still true: answers by name, or all of a section; what was answered stays."""
    wanted = set(names)
    for row in catalogue.of(Input):
        name, manner = row.stored_as or row.id, manner_of(row)
        asked = name in wanted or (manner is Manner.TOGETHER and f"{SECTION}{row.section}" in wanted)
        if asked and manner in _CONFIRMED and name in known and not any(posted.getlist(name)):
            for field, texts in _typed(name, known[name], catalogue).items():
                posted.setlist(field, texts)


def carried(known: Known, catalogue: Catalogue) -> dict[str, list[str]]:
    """The allergies, as the form's fields hold them: the one list that is brought along, as none may be forgotten."""
    listed = {name: known[name] for name in known if catalogue.has(Input, name) and _is_list(name, catalogue)}
    return {field: texts for name, entry in listed.items() for field, texts in _typed(name, entry, catalogue).items()}


def _is_list(name: str, catalogue: Catalogue) -> bool:
    return manner_of(catalogue.row(Input, name)) is Manner.LISTED


def _entry_of(name: str, known: Known) -> Mapping[str, Any] | None:
    """The entry behind a field: a grade is one of the list of them all."""
    if not name.startswith("severity__"):
        return known.get(name)
    whole = known.get("severity", {})
    graded = [one for one in whole.get("value") or () if f"severity__{one['scale']}" == name]
    return {**whole, "value": graded} if graded else None


def _typed(name: str, entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, list[str]]:
    sampled = f"{name}__observed_on"
    has_sample = any(row.age_of == name for row in catalogue.of(Input))
    fields = initial_of({name: entry}, catalogue)
    return {
        field: [str(each) for each in value] if isinstance(value, list) else [str(value)]
        for field, value in fields.items()
        if value not in (None, "") and (field != sampled or has_sample)
    }
