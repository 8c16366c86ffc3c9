"""ClinicForm: refusals of a service land beside the field, and the status tells what happened."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from mesoclinic.errors import ClinicError

LONG_TEXT = 20_000


class ClinicForm(forms.Form):
    """A plain form that answers 200 when shown, 422 when wrong, 409 when somebody was first."""

    refused: int = 0

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper

    def refuse(self, error: ClinicError) -> None:
        """Show a service's refusal beside its field, or above the form when the form has no such field."""
        self.refused = error.status
        self.add_error(error.field if error.field in self.fields else None, error.message)

    def accepted_by(self, service: Callable[..., object], *who: object, **which: object) -> bool:
        """Whether the form is right and the service took its values; what the service refuses stands on the form."""
        if not self.is_valid():
            return False
        try:
            service(*who, **which, **self.given())
        except ClinicError as error:
            self.refuse(error)
        return not self.refused

    def given(self) -> dict[str, Any]:
        """What the service takes of a form that is right."""
        return self.cleaned_data

    @property
    def status(self) -> int:
        """The HTTP status that this form's page answers with."""
        if self.refused:
            return self.refused
        return 422 if self.is_bound and self.errors else 200


class VersionedForm(ClinicForm):
    """A form that edits a row: it carries the version that its user saw."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        max_value=2**31 - 1,
        error_messages={"required": _("Open the page again.")},
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs between what is saved now and what was typed."""

    name: str
    label: str
    saved: str
    typed: str


class EditForm(VersionedForm):
    """Edits a saved row, for the version that the user saw. `theirs` names fields to take from the saved row."""

    def __init__(
        self, data: QueryDict | None = None, *, saved: Mapping[str, Any], version: int, **options: Any
    ) -> None:
        super().__init__(_taking_theirs(data, saved), initial={**saved, "version": version}, **options)

    def differences(self, saved: Mapping[str, Any]) -> list[Difference]:
        """Both versions of every field that differs, in words."""
        return list(self._differences(saved))

    def meet(self, version: int) -> None:
        """Carry the saved version, so that the next *Save* is a decision taken with both versions in view."""
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(version)
        self.data = data

    def _differences(self, saved: Mapping[str, Any]) -> Iterator[Difference]:
        for name, theirs in saved.items():
            mine = self.cleaned_data.get(name)
            if name in self.cleaned_data and theirs != mine:
                yield Difference(name, str(self.fields[name].label), self._words(name, theirs), self._words(name, mine))

    def _words(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return now_("Yes") if value else now_("No")
        if isinstance(value, list):
            return ", ".join(self._words(name, each) for each in value) or now_("Nothing chosen")
        if hasattr(value, "strftime"):
            return f"{value:%H:%M}" if hasattr(value, "hour") else f"{value.day} {value:%b %Y}"
        choices: Mapping[Any, Any] = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value) or now_("Not recorded"))


def _taking_theirs(data: QueryDict | None, saved: Mapping[str, Any]) -> QueryDict | None:
    if data is None or "theirs" not in data:
        return data
    merged = data.copy()
    for name in set(data.getlist("theirs")) & set(saved):
        _replace(merged, name, saved[name])
    return merged


def _replace(data: QueryDict, name: str, value: Any) -> None:
    for key in [name, *(f"{name}_{box}" for box in ("day", "month", "year"))]:
        data.pop(key, None)
    if isinstance(value, bool):
        data.update({name: "on"} if value else {})
    elif isinstance(value, list):
        data.setlist(name, [str(each) for each in value])
    else:
        data[name] = value.isoformat() if hasattr(value, "isoformat") else str(value)
