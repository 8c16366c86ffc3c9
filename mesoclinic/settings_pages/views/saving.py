"""What every settings page does with its form: save it, or show why not, or show both versions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.http import HttpRequest, QueryDict

from mesoclinic.edits import Change, last_change_of, version_of
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.forms import ClinicForm, Difference, EditForm

FORM_PAGE = "mesoclinic/settings_form.html"


@dataclass(frozen=True, slots=True)
class Saving:
    """What became of a form: saved, or refused with `conflict` when somebody else was first."""

    done: bool
    conflict: "Conflict | None" = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Who was first, and what differs."""

    change: Change | None
    differences: list[Difference]


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, or None when the page is only opened."""
    return request.POST if request.method == "POST" else None


def facts(form: ClinicForm) -> dict[str, Any]:
    """The cleaned values without the version."""
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}


def save(form: ClinicForm, call: Callable[[], object]) -> bool:
    """Whether the form was right and its service took it; a refusal stands beside its field."""
    if not form.is_valid():
        return False
    try:
        call()
    except ClinicError as error:
        form.refuse(error)
    return form.is_valid()


def save_edit(
    form: EditForm, call: Callable[[], object], *, row: Model, zone: ZoneInfo, saved: Callable[[], Mapping[str, Any]]
) -> Saving:
    """The same for an edit; the second of two editors gets both versions and the chance to decide."""
    if not form.is_valid():
        return Saving(done=False)
    try:
        call()
    except StaleRecord as error:
        now = saved()
        conflict = Conflict(last_change_of(row, zone), form.differences(now))
        form.refuse(error)
        form.meet(version_of(now))
        return Saving(done=False, conflict=conflict)
    except ClinicError as error:
        form.refuse(error)
    return Saving(done=form.is_valid())
