"""Verdicts as they were given, and a verdict as the screen shows it: what stops, what is open, what to heed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from mesoclinic.rules.finding import Finding, Level
from patients.models import Candidacy, FactSheet, Patient
from patients.queries.overrides import Overridden
from patients.queries.people import kept
from patients.rules.candidacy import TREATABLE, CandidacyResult, Verdict, required
from patients.rules.overrides import effective
from patients.rules.suggested import Suggestion, suggested
from protocols.models import CatalogueRelease
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.kinds.candidacy import CandidacyRule, VerdictWording
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.sources import Source

# Verdicts of a session's day ask for more and are given again at each session.
WHOLE = ("consultation", "plan signed", "correction")
STOPS = (Level.CONTRAINDICATED, Level.REFER, Level.DEFER)


def newest_sheet(patient: Patient) -> FactSheet | None:
    """What is known of the patient now."""
    return FactSheet.objects.filter(patient=kept(patient)).order_by("-number").first()


def verdict_on(sheet: FactSheet, *, release: CatalogueRelease, on: date) -> Candidacy | None:
    """The verdict that was already given on these facts, by this release, for this day."""
    given = Candidacy.objects.filter(fact_sheet=sheet, release=release, evaluated_on=on, cause__in=WHOLE)
    return given.select_related("fact_sheet", "release").first()


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with its sources written out, and the override that counts for it."""

    finding: Finding
    citations: tuple[str, ...]
    override: Overridden | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing in words, and the inputs that would fill it: (input, question)."""

    rule: str
    text: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A verdict in the order in which a doctor reads it. `open` are the inputs that wait for an answer.

    `unconfirmed` are facts of before that nobody has confirmed: while there are any, nothing is concluded. `so_far`
    is the verdict with the overrides that count, `after` the same held back by them, and `told` what the patient hears.
    `suggested` is what a plan could begin with, once the verdict lets one be made.
    """

    verdict: CandidacyResult
    so_far: str
    after: str
    told: str
    release: str
    stops: tuple[Shown, ...]
    gaps: tuple[Gap, ...]
    cautions: tuple[Shown, ...]
    passed: tuple[Shown, ...]
    asked: int
    open: tuple[str, ...]
    unconfirmed: tuple[str, ...] = ()
    suggested: tuple[Suggestion, ...] = ()

    @property
    def left(self) -> int:
        """How many answers are waited for before it can be signed as concluded."""
        return len({*self.open, *self.unconfirmed})

    @property
    def overridden(self) -> bool:
        """Whether overrides change the verdict."""
        return self.so_far != self.verdict.verdict

    @property
    def answered(self) -> int:
        """How many of the inputs that the verdict needs are known."""
        return self.asked - len(self.open)

    @property
    def clear(self) -> int:
        """How many of them no stop and no caution was read from."""
        read = {name for shown in (*self.stops, *self.cautions) for name, _value in shown.finding.inputs}
        return max(self.answered - len(read), 0)


def panel(
    verdict: CandidacyResult,
    facts: Facts,
    catalogue: Catalogue,
    overridden: Mapping[str, Overridden] | None = None,
    unconfirmed: tuple[str, ...] = (),
) -> Panel:
    """The verdict with everything that its page says about it; `overridden` are the overrides that count, by rule."""
    aside = overridden or {}
    so_far = effective(verdict.verdict, ({"rule": each.rule, "level": each.level} for each in verdict.fired), aside)
    held = unconfirmed and so_far != Verdict.CONTRAINDICATED
    after = Verdict.CANNOT_CONCLUDE.value if held else so_far
    gaps = tuple(_gap(gap, facts, catalogue) for gap in verdict.gaps)
    missing = {name for gap in gaps for name, _question in gap.inputs}
    dates = {row.id for row in catalogue.of(Input) if row.age_of}
    wanted = ({*required(facts, catalogue)} - dates) | missing
    return Panel(
        verdict=verdict,
        so_far=so_far,
        after=after,
        told=catalogue.row(VerdictWording, after).text,
        release=catalogue.release,
        stops=_shown(verdict.fired, STOPS, catalogue, aside),
        gaps=gaps,
        cautions=_shown(verdict.fired, (Level.CAUTION,), catalogue, aside),
        passed=_shown(verdict.fired, (Level.PROCEED,), catalogue, aside),
        asked=len(wanted),
        open=tuple(row.id for row in catalogue.of(Input) if row.id in missing),
        unconfirmed=unconfirmed,
        suggested=suggested(facts, catalogue) if after in TREATABLE else (),
    )


def shown(finding: Finding, catalogue: Catalogue) -> Shown:
    """A finding with what its sources are."""
    return Shown(finding, _citations(finding.sources, catalogue))


@dataclass(frozen=True, slots=True)
class Given:
    """A stored finding with its sources written out, and the override that counts for it."""

    finding: Mapping[str, Any]
    citations: tuple[str, ...]
    override: Overridden | None


def as_given(candidacy: Candidacy, catalogue: Catalogue, overridden: Mapping[str, Overridden]) -> list[Given]:
    """The stored findings, most severe first."""
    order = [*STOPS, Level.CAUTION, Level.PROCEED]
    found = sorted(candidacy.findings, key=lambda each: order.index(Level(each["level"])))
    return [Given(each, _citations(each["sources"], catalogue), overridden.get(each["rule"])) for each in found]


def missing_words(candidacy: Candidacy, catalogue: Catalogue) -> list[str]:
    """What was missing for a verdict, in words."""
    fields = (code.partition(":") for code in candidacy.missing)
    return [
        catalogue.row(Input, field).question if field else catalogue.row(CandidacyRule, rule).reason
        for rule, _colon, field in fields
    ]


def _citations(sources: Iterable[str], catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(catalogue.row(Source, name).citation for name in sources if catalogue.has(Source, name))


def _shown(
    findings: Iterable[Finding], levels: tuple[Level, ...], catalogue: Catalogue, aside: Mapping[str, Overridden]
) -> tuple[Shown, ...]:
    """Those of these levels, the most severe first."""
    rank: Mapping[Level, int] = {level: place for place, level in enumerate(levels)}
    kept = sorted((finding for finding in findings if finding.level in rank), key=lambda each: rank[each.level])
    return tuple(replace(shown(each, catalogue), override=aside.get(each.rule)) for each in kept)


def _gap(gap: Finding, facts: Facts, catalogue: Catalogue) -> Gap:
    if gap.about:
        row = catalogue.row(Input, gap.about)
        return Gap(gap.rule, row.question, ((row.id, row.question),))
    rows = [row for row in catalogue.of(Input) if gap.rule in row.gap_codes]
    # A value that is there and cannot be used, such as an old one, is asked for again.
    unknown = [row for row in rows if facts.fresh(row.id) is None and _asked(row, rows, facts)]
    return Gap(gap.rule, gap.reason, tuple((row.id, row.question) for row in unknown or rows))


def _asked(row: Input, rows: Iterable[Input], facts: Facts) -> bool:
    """A date is asked for once its value is there, and a value that is there is not asked for while its date is."""
    if row.age_of:
        return facts.get(row.age_of) is not None
    ages = [other.id for other in rows if other.age_of == row.id]
    return facts.get(row.id) is None or all(facts.get(name) is not None for name in ages)
