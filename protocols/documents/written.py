"""Catalogue values as a physician reads them in Markdown: questions for inputs, names for codes, citations in full."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.candidacy import Limited
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.inputs import Condition, Input
from protocols.rules.kinds.sources import Source
from protocols.rules.kinds.technique import Range, Technique
from protocols.rules.rows import RowBase

BANNER = (
    "> **Starting values. Not approved for clinical use until the clinic's medical director has reviewed and signed "
    "them.**"
)
STRENGTHS = {
    "A": "drug label, guideline or formal consensus",
    "B": "published trial, cohort or cases in scalp mesotherapy",
    "C": "common practice or expert opinion, no direct evidence",
    "P": "clinic policy, a conservative start value",
}
RELIABILITY = {
    "H": "peer-reviewed or official",
    "M": "summary of such",
    "L": "commercial or clinic page",
    "-": "from memory, to be verified",
}
EVIDENCE = {
    "E1": "two or more controlled trials",
    "E2": "one controlled trial",
    "E3": "uncontrolled human series only",
    "E4": "only as part of a mixture, or oral, topical or in-vitro data",
    "E0": "nothing found",
    "EN": "a controlled trial found no advantage",
    "anaesthesia": "used for anaesthesia, not for the hair",
}
HOURS_A_DAY, SAID_IN_DAYS_FROM = 24, 48
Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """Turns ids of one release into what they stand for."""

    catalogue: Catalogue

    def sources(self, row: RowBase) -> list[str]:
        """Every source written out, with how far it is relied on."""
        found = [self.catalogue.row(Source, source) for source in row.sources]
        return [f"{each.id} {each.citation} ({RELIABILITY[each.reliability]})" for each in found]

    def inputs(self, names: Iterable[str]) -> str:
        """What is asked, with the input's name."""
        return "; ".join(self.input(name) for name in names)

    def input(self, name: str) -> str:
        """A question of the consultation, or the name of what the app knows of the course or the mixture."""
        if not self.catalogue.has(Input, name):
            return spoken(name)
        row = self.catalogue.row(Input, name)
        return f"{row.question} (`{name}`{f', {row.unit}' if row.unit else ''})"

    def ingredients(self, codes: Iterable[str]) -> str:
        return ", ".join(f"{self.catalogue.row(Ingredient, code).name} (`{code}`)" for code in codes)

    def techniques(self, codes: Iterable[str]) -> str:
        return ", ".join(f"{self.catalogue.row(Technique, code).name} (`{code}`)" for code in codes)


def article(words: Words, row: RowBase, heading: str, facts: Iterable[Fact], *, says: str = "") -> list[str]:
    """The section of one row: what it says, its facts, its strength and its sources; what is empty is left out."""
    ends = [("Note", row.note), ("Strength", strength(row))]
    lines = [f"- **{name}:** {safe(text)}" for name, text in (*facts, *ends) if text]
    sources = [f"  - {safe(text)}" for text in words.sources(row)]
    lines += ["- **Sources:**", *sources] if sources else ["- **Sources:** none"]
    said = [f"{safe(says[:1].upper() + says[1:]).rstrip('.')}.", ""] if says else []
    return [f"### {safe(heading)}", "", *said, *lines, ""]


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table; an empty cell stays empty."""
    heads = list(columns)
    return [_cells(heads), _cells("---" for _ in heads), *(_cells(map(safe, row)) for row in rows), ""]


def _cells(texts: Iterable[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def page(title: str, catalogue: Catalogue, about: str, *sections: list[str]) -> str:
    """A whole page with the banner that everything from the catalogue carries."""
    made = f"Release {catalogue.release}, sha256 `{catalogue.sha256}`. Written by `manage.py catalogue docs`."
    lines = [f"# {title}", "", BANNER, "", made, "", about, ""]
    return "\n".join([*lines, *(line for section in sections for line in section)]).rstrip() + "\n"


def safe(text: str) -> str:
    """The text with what Markdown would read as mark-up; code spans of ours stay."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*<\[\]])", r"\\\1", part) for part in parts)


def strength(row: RowBase) -> str:
    """`A/P: drug label …; clinic policy …`."""
    return f"{row.strength}: " + "; ".join(STRENGTHS[code] for code in row.strength.split("/"))


def limits(row: Limited) -> str:
    """Every number of the rule with its unit."""
    return "; ".join(f"{spoken(each.name)} {amount(each.value, each.unit)}" for each in row.limits)


def amount(value: Decimal | int | None, unit: str) -> str:
    """A number as the catalogue writes it, with its unit; nothing when it is not established."""
    if value is None:
        return ""
    return f"{value:f} {unit}".strip() if isinstance(value, Decimal) else f"{value} {unit}".strip()


def span(found: Range, unit: str) -> str:
    """`2 to 4 mm, usually 2`."""
    return f"{found.low} to {found.high} {unit}, usually {found.usual}"


def when(condition: Condition | None) -> str:
    """`when cardiac is mi or stroke_tia`; nothing when it is always."""
    if condition is None:
        return ""
    values, verb = (condition.any_of, "is") if condition.any_of else (condition.none_of, "is known and not")
    return f"when `{condition.input}` {verb} {' or '.join(values)}"


def hours(number: int) -> str:
    """`48 h` or `168 h (7 days)`."""
    days, rest = divmod(number, HOURS_A_DAY)
    return f"{number} h" if rest or number < SAID_IN_DAYS_FROM else f"{number} h ({days} days)"


def spoken(name: str) -> str:
    return name.replace("_", " ")
