"""What is still true: which earlier answers may be confirmed, and which have to be given anew (docs/decisions/017)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts, holds
from protocols.rules.kinds.inputs import Condition, Input


class Manner(StrEnum):
    """How an answer of an earlier consultation comes into the next one."""

    TOGETHER = "together"
    SINGLY = "singly"
    ANEW = "anew"
    MEASURED = "measured"
    LISTED = "listed"


# Histories: what was true usually still is, so a whole section may be asked about at once.
_HISTORY = frozenset({"person", "complaint", "prior_treatment", "medical", "psychology"})
# A result stays what it was on the day of its sample.
_RESULTS = "laboratory"
# Facts of the examination that a later look does not change.
_LASTING = frozenset({"fitzpatrick", "herpes_healed_on", "infection_resolved_on"})
# A session or a day may have changed them, whatever section they stand in.
_CHANGING = frozenset({"expectations", "prior_course", "prior_meso_reaction", "scalp_procedure_on", "cause_addressed"})
# Found with the hand, the eye or a device: they say nothing of another day.
_MEASURED = frozenset({"weight_kg", "bp_sys", "bp_dia", "severity"})
_ALLERGIES = "allergies"
_OTHER_DAY = "day"
# Not required by any rule, and still only asked when it can apply.
_APPLIES = {"hormone_sensitive_cancer": Condition(input="cancer", none_of=("none",))}
# Some rule needs them of some patients; a doctor may want to know them of everybody.
_ALWAYS_ASKED = frozenset({"duration_months", "ferritin", "hb_in_range", "tsh_status"})


def manner_of(row: Input) -> Manner:
    """How an earlier answer to this question may come back; whatever is named nowhere is asked anew."""
    name = row.stored_as or row.id
    if row.id == _ALLERGIES:
        return Manner.LISTED
    if name in _MEASURED:
        return Manner.MEASURED
    if name in _CHANGING:
        return Manner.ANEW
    if row.section == _RESULTS or name in _LASTING:
        return Manner.SINGLY
    return Manner.TOGETHER if row.section in _HISTORY else Manner.ANEW


def asked_when(row: Input) -> Condition | None:
    """The condition under which a question is shown; None for one that is always asked."""
    return None if row.id in _ALWAYS_ASKED else row.when or _APPLIES.get(row.id)


def unconfirmed(
    known: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any], facts: Facts, catalogue: Catalogue
) -> tuple[str, ...]:
    """Names of what is known and was neither confirmed nor answered anew, in the order of the dictionary.

    `given` are today's answers by the name that a sheet keeps, `facts` the same answers read. What is measured is no
    such answer, and what certainly no longer applies is not asked.
    """
    return tuple(
        name
        for row in catalogue.of(Input)
        if (name := row.stored_as or row.id) in known
        and name not in given
        and _says_something(known[name].get("value"))
        and _is_asked(row)
        and holds(asked_when(row), facts) is not Tri.NO
    )


def _says_something(value: object) -> bool:
    return value not in (None, "", "unknown", [])


def _is_asked(row: Input) -> bool:
    """Age is counted from registration, the questions of a session's day are the re-screen's."""
    return row.section != _OTHER_DAY and row.counted != "years" and manner_of(row) is not Manner.MEASURED
