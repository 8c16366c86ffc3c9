"""What an answer has changed: the verdict on the screen beside the verdict that stood there before it."""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.queries.candidacy import Panel
from patients.rules.candidacy import Verdict
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.candidacy import CandidacyRule
from protocols.rules.kinds.inputs import Input

# The marks tell headlines and questions from rules in the one list that the screen sends back.
_HEADLINE, _ASKED = "=", "?"


@dataclass(frozen=True, slots=True)
class Named:
    """A finding by its rule, in its plain words."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The headline before, when it was another; findings that came and went; questions that are newly waited for."""

    headline: str = ""
    new: tuple[Named, ...] = ()
    cleared: tuple[Named, ...] = ()
    asked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.headline or self.new or self.cleared or self.asked)


def seen(panel: Panel) -> list[str]:
    """What stands on the screen, for the next answer to send back."""
    questions = {*panel.open, *panel.unconfirmed}
    return [f"{_HEADLINE}{_headline(panel)}", *_rules(panel), *(f"{_ASKED}{name}" for name in sorted(questions))]


def changes(was: Iterable[str], panel: Panel, catalogue: Catalogue) -> Changes:
    """What is different from what stood on the screen; nothing when nothing stood there."""
    before = set(was)
    headlines = [each.removeprefix(_HEADLINE) for each in before if each.startswith(_HEADLINE)]
    if not headlines:
        return Changes()
    now, headline = _rules(panel), _headline(panel)
    rows = [row for row in catalogue.of(CandidacyRule) if row.id in before]
    return Changes(
        headline=headlines[0] if headlines[0] != headline and headlines[0] in set(Verdict) else "",
        new=tuple(Named(rule, reason) for rule, reason in now.items() if rule not in before),
        cleared=tuple(Named(row.id, row.reason) for row in rows if row.id not in now),
        asked=tuple(
            row.question for row in catalogue.of(Input) if row.id in panel.open and f"{_ASKED}{row.id}" not in before
        ),
    )


def _headline(panel: Panel) -> str:
    """A contraindication that will pass reads as “not now”."""
    passing = panel.after == Verdict.CONTRAINDICATED and panel.verdict.temporary
    return Verdict.DEFER.value if passing else panel.after


def _rules(panel: Panel) -> dict[str, str]:
    shown = (*panel.stops, *panel.cautions, *panel.passed)
    return {each.finding.rule: each.finding.reason for each in shown}
