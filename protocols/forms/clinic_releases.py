"""A release of the clinic: its name, and each of its rows as a form made from the row's dataclass."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from crispy_forms.layout import Div, Field, Fieldset, Layout
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm, EditForm, VersionedForm
from mesoclinic.widgets import Chips
from protocols.queries.drafts import Edited
from protocols.rules.catalogue import Problem
from protocols.rules.editing import NO, YES, Cell, cell_of, cells
from protocols.rules.rows import KINDS

LONGEST_TEXT, LONGEST_LIST = 2000, 4000
MOST_LINES = 12
ACROSS = 110
SHORT = 30
EVIDENCE = frozenset({"strength", "sources", "note"})


class NameForm(ClinicForm):
    """What the clinic's release is called."""

    name = forms.CharField(
        label=_("Name of the release"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Letters, digits, points and hyphens. Plans and papers name it."),
        error_messages={"required": _("Give the release a name.")},
    )


class FinishForm(VersionedForm, NameForm):
    """The name under which the draft is finished, and the state of it that was read."""

    def meet(self, version: int) -> None:
        """Carry the saved version, so that the next press is a decision taken with both in view."""
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(version)
        self.data = data


class TakeBackForm(VersionedForm):
    """The change that is taken back, as it was read."""


class TextCell(forms.CharField):
    """A text as the catalogue keeps it: lines end alike, whatever the browser sends."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class RowForm(EditForm):
    """Every value of a row beside its name; what the values may be is the catalogue's own check, shown beside them."""

    because = TextCell(
        label=_("Reason for the change"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Why this clinic does it otherwise. Whoever approves the row reads it."),
        error_messages={"required": _("Say why the row is changed.")},
    )
    source = TextCell(
        label=_("Source of the change"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("A paper, a guideline, the minutes of a meeting: what somebody else can look up."),
        error_messages={"required": _("Name the source of the change.")},
    )

    def __init__(self, data: QueryDict | None = None, *, edited: Edited, parent: str) -> None:
        self.edited, self.known = edited, edited.cells
        saved = {field_name(path): text for path, text in edited.facts.items()}
        super().__init__(data, saved=saved, version=edited.version)
        before = _before(edited)
        for cell in self.known:
            self.fields[field_name(cell.path)] = _field(cell, before.get(cell.path, cell.text), parent)
        self.order_fields([*(field_name(cell.path) for cell in self.known), "because", "source"])

    @property
    def texts(self) -> dict[str, str]:
        """What was typed, by the path of each cell."""
        return {cell.path: self.data[name] for cell in self.known if (name := field_name(cell.path)) in self.data}

    def show(self, problems: Iterable[Problem]) -> None:
        """Each problem beside its value in plain words; what concerns another row stands above the form."""
        for problem in problems:
            cell = cell_of(problem.field, self.known) if self._is_ours(problem) else None
            name = field_name(cell.path) if cell else None
            words = (
                words_of(problem, cell)
                if self._is_ours(problem)
                else f"{problem.file} {problem.row}: {problem.message}"
            )
            if words not in self.errors.get(name or "__all__", ()):
                self.add_error(name, words)

    def _is_ours(self, problem: Problem) -> bool:
        return (problem.file, problem.row) == (self.edited.kind, self.edited.code)

    @property
    def helper(self) -> Any:
        helper = super().helper
        own = [cell for cell in self.known if cell.path not in EVIDENCE]
        evidence = [cell for cell in self.known if cell.path in EVIDENCE]
        helper.layout = Layout(
            "version",
            Fieldset(now_("Values"), Div(*map(_place, own), css_class="cells")),
            Fieldset(now_("Evidence"), Div(*map(_place, evidence), css_class="cells")),
            Fieldset(now_("Your change"), "because", "source"),
        )
        return helper


def field_name(path: str) -> str:
    """The name of a cell's field: its path without brackets and points, never one of the form's own."""
    return path if path in ("because", "source") else "row-" + "-".join(re.findall(r"\w+", path))


def label_of(cell: Cell) -> str:
    """`depth_mm.low` as "Depth mm: low", `fits[0].diagnosis` as "Fits 1: diagnosis", a limit by its own name."""
    steps = [re.sub(r"\[(\d+)\]", lambda found: f" {int(found[1]) + 1}", step) for step in cell.path.split(".")]
    words = steps[0].split(" ")[0] + f": {cell.about}" if cell.about else ": ".join(steps)
    words = words.replace("_", " ")
    return words[:1].upper() + words[1:]


def words_of(problem: Problem, cell: Cell | None) -> str:
    """What is wrong, as somebody reads it who does not know how a catalogue is written."""
    shape = cell.shape if cell else ""
    if problem.code == "missing-key":
        return now_("Enter a value.")
    if problem.code in ("unknown-reference", "unknown-source"):
        code, _is_not, kinds = problem.message.partition(" is not the id of any ")
        return now_("The catalogue has no %(kind)s “%(code)s”.") % {"kind": kinds.replace("_", " "), "code": code}
    if problem.code == "wrong-type" and shape in _WRONG:
        return str(_WRONG[shape])
    if problem.code == "wrong-value" and shape == "choice":
        return now_("Choose one of the list.")
    words = problem.message.removeprefix(problem.field).strip()
    return f"{words[:1].upper()}{words[1:]}."


_WRONG = {
    "number": _("Enter a number, such as 0.5."),
    "whole": _("Enter a whole number."),
    "yes_no": _("Choose yes or no."),
    "lines": _("Enter whole numbers, one on each line."),
}


def _before(edited: Edited) -> Mapping[str, str]:
    """The texts of the row as the parent has it, by the path of each cell."""
    if edited.before is None:
        return {}
    return {cell.path: cell.text for cell in cells(KINDS[edited.kind], edited.before)}


def _field(cell: Cell, before: str, parent: str) -> forms.Field:
    shown = ", ".join(before.split("\n")) or now_("Not stated")
    changed = now_("%(release)s: %(value)s") % {"release": parent, "value": shown} if before != cell.text else ""
    longest = LONGEST_LIST if cell.shape == "lines" else LONGEST_TEXT
    hint = now_("One on each line.") if cell.shape == "lines" else ""
    hint = now_("To add an entry; else left empty.") if cell.adds else changed or hint
    return TextCell(label=label_of(cell), required=False, max_length=longest, widget=_widget(cell), help_text=hint)


def _widget(cell: Cell) -> forms.Widget:
    if cell.shape == "yes_no":
        return Chips(choices=((YES, _("Yes")), (NO, _("No"))))
    if cell.shape == "choice":
        return forms.Select(choices=[(each, each.replace("_", " ") or now_("Not stated")) for each in cell.choices])
    if cell.shape in ("number", "whole"):
        return forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
    lines = cell.text.count("\n") + 1 if cell.shape == "lines" else 1 + len(cell.text) // ACROSS
    return forms.Textarea({"rows": min(lines, MOST_LINES)})


def _place(cell: Cell) -> Field:
    """A sentence takes the whole width; numbers, choices, lists and short words share a line."""
    wide = cell.shape == "text" and len(cell.text) > SHORT
    return Field(field_name(cell.path), wrapper_class="wide" if wide else "")
