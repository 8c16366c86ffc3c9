"""What a patient taps some days after a session, and the signs of 8.4 that it tells of (clinical.md 8.4, 9.1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mesoclinic.rules.tri import Tri, known
from protocols.rules.catalogue import Catalogue
from sessions.rules.triage import Triaged, has_red_flag, triage

NOTHING = "nothing"


class Level(StrEnum):
    """How urgent an answer is: nothing to do, a call within a day, help now or the same day."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


# Each question with the signs of which it can tell; nothing of them is always the first answer.
ASKED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "now": (
            "airway_sign",
            "breathing_sign",
            "circulation_sign",
            "seizure",
            "collapse",
            "chest_pain",
            "worst_headache",
            "vision_loss",
        ),
        "pain": ("expected_mild", "late_severe_pain"),
        "swelling": ("grade_2_symptoms", "eyelid_closed"),
        "infection": ("fever", "pus", "spreading_redness"),
        "skin": ("rash", "nodule", "white_or_blue_skin", "new_bald_patch", "shedding_concern"),
        "else": ("long_headache", "faint"),
    }
)
# Steps of one thing, of which one is true; of every other list somebody may have several.
STEPS = frozenset({"pain", "swelling"})


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answers come to: the answer of 8.4, or none when no sign is told."""

    signs: Mapping[str, Tri]
    triaged: Triaged
    level: Level


def answered(answers: Mapping[str, Collection[str]], catalogue: Catalogue) -> Answered:
    """Every tap counts; a question without an answer leaves its signs unknown, and unknown is never well."""
    signs = {
        sign: known(sign in answers[name]) if answers.get(name) else Tri.UNKNOWN
        for name, offered in ASKED.items()
        for sign in offered
    }
    found = triage(signs, catalogue)
    return Answered(MappingProxyType(signs), found, _level(found))


def _level(found: Triaged) -> Level:
    if has_red_flag(found) is Tri.YES:
        return Level.RED
    row = found.answer
    if found.not_asked or (row is None and found.signs):
        return Level.AMBER
    return Level.AMBER if row is not None and row.target_hours is not None else Level.GREEN
