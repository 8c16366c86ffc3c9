"""`docs/catalogue.md`: ingredients with limits and evidence, protocols, techniques, zones, aftercare, messages."""

from collections.abc import Iterator

from protocols.documents.written import (
    EVIDENCE,
    Fact,
    Words,
    amount,
    article,
    hours,
    page,
    span,
    spoken,
    table,
)
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.aftercare import Aftercare
from protocols.rules.kinds.formulation import AnaestheticLimit
from protocols.rules.kinds.ingredients import Allergen, Ingredient
from protocols.rules.kinds.messages import MessageRow, QuietHours
from protocols.rules.kinds.schedule import Interval, Protocol, ProtocolSuggestion
from protocols.rules.kinds.sources import Source
from protocols.rules.kinds.technique import Technique, Zone

ABOUT = (
    "What the rules judge with: ingredients, courses, techniques, and what a patient is told. *Not established* means "
    "that no limit is known: then only what the label of the very product states may be used. The rules themselves: "
    "[rules](rules.md)."
)
NOT_ESTABLISHED = "not established"
PERMITTED = {
    "allowed": "allowed",
    "director_only": "only with the medical director's sign-off",
    "not_for_injection": "not for injection",
}
ANCHORS = {
    "session_start": "the start of the session",
    "session_end": "the end of the session",
    "missed_start": "the start of the missed session",
    "assessment": "the day of the assessment",
    "plan_end": "the end of the plan",
    "consent_expiry": "the day the consent expires",
}
VOLUMES = {"fixed": "fixed", "by_area": "by area", "either": "fixed or by area"}


def catalogue_page(catalogue: Catalogue) -> str:
    """The page; the same release gives the same page."""
    words = Words(catalogue)
    return page(
        "Catalogue",
        catalogue,
        ABOUT,
        _coverage(words),
        _ingredients(words),
        _allergens(words),
        _protocols(words),
        _suggestions(words),
        _intervals(words),
        _techniques(words),
        _zones(words),
        _aftercare(words),
        _messages(words),
        _sources(words),
    )


def _coverage(words: Words) -> list[str]:
    """How many ingredients lack what a formulary should state."""
    rows = words.catalogue.of(Ingredient)
    gaps = {
        "no maximum concentration": sum(row.max_percent is None for row in rows),
        "no maximum dose in a session": sum(_dose(words, row) == NOT_ESTABLISHED for row in rows),
        "no controlled trial of their own": sum(row.evidence not in ("E1", "E2", "EN") for row in rows),
        "no source": sum(not row.sources for row in rows),
    }
    said = [[f"{number} of {len(rows)} ingredients", f"have {gap}"] for gap, number in gaps.items()]
    return ["## What is missing", "", *table(["how many", "what"], said)]


def _ingredients(words: Words) -> list[str]:
    lines = ["## Ingredients", ""]
    for row in words.catalogue.of(Ingredient):
        lines += article(words, row, f"{row.id}: {row.name}", _ingredient(words, row), says=row.role)
    return lines


def _ingredient(words: Words, row: Ingredient) -> list[Fact]:
    permitted = "; ".join(text for text in (PERMITTED[row.permitted], row.permitted_note) if text)
    return [
        ("Group", row.group),
        ("Injection into the scalp", permitted),
        ("Concentration", row.concentration or ("as the label states" if row.label_only else "")),
        ("Highest concentration", amount(row.max_percent, "%") or NOT_ESTABLISHED),
        ("Most in a session", _dose(words, row)),
        ("Limit", row.limit_note),
        ("Typical use", row.typical_use),
        ("Evidence", f"{row.evidence}: {'; '.join(filter(None, (EVIDENCE[row.evidence], row.evidence_note)))}"),
        ("Cautions", row.cautions),
        ("Allergens", row.allergen_keys),
        ("Interactions", row.interactions),
        ("Mixing", row.mixing),
        ("Syringe", "one of its own" if row.separate_syringe else ""),
        ("Prescribed by", "the doctor" if row.doctor_prescribes else ""),
        ("Storage", row.storage),
    ]


def _dose(words: Words, row: Ingredient) -> str:
    anaesthetics = [each for each in words.catalogue.of(AnaestheticLimit) if each.ingredient == row.id]
    by_weight = [
        f"the lower of {amount(each.mg_per_kg, 'mg per kg')} and {amount(each.max_mg, 'mg')} in a day"
        for each in anaesthetics
    ]
    doses = [amount(row.max_session_mg, "mg"), amount(row.max_session_ml, "mL"), *by_weight]
    return "; ".join(filter(None, doses)) or NOT_ESTABLISHED


def _allergens(words: Words) -> list[str]:
    rows = (
        [row.name, words.ingredients(row.excludes), ", ".join(map(spoken, row.excludes_creams))]
        for row in words.catalogue.of(Allergen)
    )
    return ["## Allergens", "", *table(["an allergy to", "excludes", "excludes creams with"], rows)]


def _protocols(words: Words) -> list[str]:
    lines = ["## Protocols", ""]
    for row in words.catalogue.of(Protocol):
        lines += article(words, row, f"{row.id}: {row.name}", _protocol(words, row))
    return lines


def _protocol(words: Words, row: Protocol) -> list[Fact]:
    volume = f"{VOLUMES[row.volume_mode]}; {row.volume_note}" if row.volume_note else VOLUMES[row.volume_mode]
    return [
        ("Ingredients", words.ingredients(row.agents)),
        ("Of these", row.agents_note),
        ("Sessions", str(row.sessions)),
        ("Days, from the first session", ", ".join(map(str, row.target_days))),
        ("Intervals", ", ".join(words.catalogue.row(Interval, each).name for each in row.intervals)),
        ("Assessments", ", ".join(f"{each.code} on day {each.day}" for each in row.assessments)),
        ("Volume", volume),
        ("Techniques", words.techniques(row.techniques)),
        ("Evidence", row.evidence),
        ("Maintenance", "yes" if row.maintenance else ""),
        ("Offered", "" if row.offered else "no"),
    ]


def _suggestions(words: Words) -> list[str]:
    lines = ["## Which protocol for whom", "", "A suggestion; the doctor decides.", ""]
    for row in words.catalogue.of(ProtocolSuggestion):
        facts = [
            ("Considered first", ", ".join(row.suggested)),
            ("Not allowed", ", ".join(row.not_allowed)),
            ("Advice", row.advice),
            ("Caveat", row.caveat),
            ("The doctor judges", row.judged),
        ]
        lines += article(words, row, row.situation, facts)
    return lines


def _intervals(words: Words) -> list[str]:
    rows = (
        [row.name, *map(str, (row.min_days, row.target_days, row.max_days, row.tolerance_days)), row.strength]
        for row in words.catalogue.of(Interval)
    )
    heads = ["interval", "fewest days", "aimed at", "most days", "off without counting", "strength"]
    return ["## Intervals", "", *table(heads, rows)]


def _techniques(words: Words) -> list[str]:
    lines = ["## Techniques", ""]
    for row in words.catalogue.of(Technique):
        lines += article(words, row, f"{row.id}: {row.name}", list(_technique(row)), says=row.use)
    return lines


def _technique(row: Technique) -> Iterator[Fact]:
    yield "Depth", f"{span(row.depth_mm, 'mm')} ({row.depth_note})"
    yield "Angle", row.angle
    yield "Spacing", span(row.spacing_cm, "cm")
    if row.ml_per_point:
        yield "Volume of a point", span(row.ml_per_point, "mL")
    yield "Volume by area", amount(row.ml_per_cm2, "mL per cm²")
    yield "Needle", row.needle
    yield "Points in a session, warned above", amount(row.points_soft, "")
    yield "Points in a session, at most", amount(row.points_hard, "")


def _zones(words: Words) -> list[str]:
    rows = (
        [row.name, amount(row.area_cm2, "cm²"), ", ".join(map(spoken, row.parts)), row.note, row.strength]
        for row in words.catalogue.of(Zone)
    )
    return ["## Zones of the scalp", "", *table(["zone", "usual area", "made of", "note", "strength"], rows)]


def _aftercare(words: Words) -> list[str]:
    lines = ["## Aftercare", ""]
    for row in words.catalogue.of(Aftercare):
        lines += article(words, row, row.id, list(_instruction(words, row)), says=row.text)
    return lines


def _instruction(words: Words, row: Aftercare) -> Iterator[Fact]:
    yield "For whom", row.condition
    yield "From", _moment(row.start_hours)
    yield "Until", _until(row)
    yield "Longer", f"until {hours(row.longer_stop_hours)} after the session" if row.longer_stop_hours else ""
    yield "Techniques", words.techniques(row.techniques)
    yield "Ingredients", words.ingredients(row.ingredients)
    for line in row.lines:
        end = f" until {hours(line.stop_hours)}" if line.stop_hours is not None else " on"
        unless = f", unless {spoken(line.unless)}" if line.unless else ""
        yield "Also says", f"{line.text} (from {_moment(line.start_hours)}{end}{unless})"


def _until(row: Aftercare) -> str:
    if row.stop_at:
        return "the next assessment"
    return "no end" if row.stop_hours is None else f"{hours(row.stop_hours)} after the session"


def _moment(start_hours: int) -> str:
    return f"{hours(start_hours)} after the session" if start_hours else "the end of the session"


def _messages(words: Words) -> list[str]:
    lines = ["## Messages", ""]
    for quiet in words.catalogue.of(QuietHours):
        lines += [
            f"No message goes out from {quiet.from_hour}:00 to {quiet.to_hour}:00; what counts from a date is due at "
            f"{quiet.date_hour}:00.",
            "",
        ]
    for row in words.catalogue.of(MessageRow):
        facts = [("Due", _due(row)), ("Not sent once", row.stops_when)]
        lines += article(words, row, row.id, facts, says=row.purpose)
    return lines


def _due(row: MessageRow) -> str:
    number, unit = (row.after_hours, "h") if row.after_hours is not None else (row.after_days or 0, "days")
    if not number:
        return f"at {ANCHORS[row.anchor]}"
    length = hours(abs(number)) if unit == "h" else f"{abs(number)} days"
    return f"{length} {'before' if number < 0 else 'after'} {ANCHORS[row.anchor]}"


def _sources(words: Words) -> list[str]:
    rows = ([row.id, row.citation, row.read, row.reliability] for row in words.catalogue.of(Source))
    return ["## Sources", "", *table(["", "source", "what of it was read", "reliability"], rows)]
