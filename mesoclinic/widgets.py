"""Inputs of the clinic: three answers to a question, a date in three boxes, chips and pictures to choose from."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.widgets import ChoiceWidget
from django.utils.translation import gettext_lazy as _

TRI_CHOICES = (("yes", _("Yes")), ("no", _("No")), ("unknown", _("Unknown")))


class RadioGroup(ChoiceWidget):
    """Radio buttons in a look of their own. Not a RadioSelect: crispy replaces that one's template."""

    input_type = "radio"
    option_template_name = "django/forms/widgets/radio_option.html"
    use_fieldset = True

    def first_id(self, group_id: str) -> str:
        """The id of the first control, for links of the error summary."""
        return f"{group_id}_0"

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """A group has a legend, no label: only its options have an id to point at."""
        return super().id_for_label(id_, index) if index is not None else ""


class TriState(RadioGroup):
    """Yes, no or unknown, and nothing chosen until somebody answers; keys Y, N and U."""

    template_name = "widgets/tri_state.html"

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = TRI_CHOICES) -> None:
        super().__init__(attrs, choices)


class Chips(RadioGroup):
    """One of a few short words."""

    template_name = "widgets/chips.html"


class ManyChips(Chips):
    """Any of a few short words."""

    input_type = "checkbox"
    allow_multiple_selected = True

    def use_required_attribute(self, initial: Any) -> bool:
        """A browser would ask for every box to be ticked."""
        return False

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)


class Picks(RadioGroup):
    """One answer of a list, each as wide as a thumb wants it."""

    template_name = "widgets/picks.html"


class ManyPicks(ManyChips):
    """Any answers of a list, each as wide as a thumb wants it."""

    template_name = "widgets/picks.html"


class PictureRadio(RadioGroup):
    """One of several drawings: `pictures` maps a choice to (static path, small text)."""

    template_name = "widgets/picture_radio.html"

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        pictures: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(attrs, choices)
        self.pictures = dict(pictures or {})

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        option["picture"], option["detail"] = self.pictures.get(str(value), ("", ""))
        return option


class ThreeBoxDate(forms.Widget):
    """Day, month and year in three boxes; the text joins them as ISO where it can, so that a DateField judges it."""

    template_name = "widgets/three_box_date.html"
    use_fieldset = True
    parts = (("day", _("Day"), 2), ("month", _("Month"), 2), ("year", _("Year"), 4))

    def first_id(self, group_id: str) -> str:
        return f"{group_id}_day"

    def id_for_label(self, id_: str | None) -> str:
        return ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        typed = self._typed(value)
        context["boxes"] = [
            {"name": f"{name}_{part}", "part": part, "label": label, "length": length, "value": typed.get(part, "")}
            for part, label, length in self.parts
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str | None:
        """`1992-3-14`, or the whole date when somebody put it into the first box or under the plain name."""
        day, month, year = (str(data.get(f"{name}_{part}") or "").strip() for part, _label, _length in self.parts)
        if not month and not year:
            return day or data.get(name)
        return f"{year}-{month}-{day}"

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(key in data for key in (name, *(f"{name}_{part}" for part, _label, _length in self.parts)))

    def _typed(self, value: Any) -> dict[str, str]:
        """What stands in the boxes: the parts of a date, or what was typed, kept as it was."""
        if hasattr(value, "year"):
            return {"day": str(value.day), "month": str(value.month), "year": str(value.year)}
        year, hyphen, rest = str(value or "").partition("-")
        month, second, day = rest.partition("-")
        return {"day": day, "month": month, "year": year} if hyphen and second else {"day": year}
