"""Words of the settings pages."""

from collections.abc import Iterable, Mapping

from django import template

from mesoclinic.accounts import User
from mesoclinic.settings_pages.queries import day_name
from mesoclinic.settings_pages.steps import Step
from mesoclinic.sites import StaffHours, VisitKind, Weekday
from mesoclinic.typed import hours_text

register = template.Library()


@register.filter
def kinds(values: Iterable[str]) -> str:
    """Kinds of visits in words."""
    return ", ".join(str(VisitKind(value).label) for value in values if value in VisitKind.values)


@register.filter
def remaining(steps: Iterable[Step]) -> int:
    """How many steps are left."""
    return sum(not step.done for step in steps)


@register.filter
def days(week: Mapping[str, str]) -> list[tuple[str, str]]:
    """(weekday, hours) of the days that have any."""
    found = ((str(day.label), week[day_name(day)]) for day in Weekday)
    return [(day, hours) for day, hours in found if hours]


@register.filter
def hours_of(rows: Iterable[StaffHours], person: User) -> str:
    """The week of one person in a line; days that follow each other with the same hours are joined."""
    mine = [row for row in rows if row.user_id == person.pk]
    texts = [hours_text((row.starts_at, row.ends_at) for row in mine if row.weekday == day) for day in Weekday]
    return "; ".join(f"{_span(first, last)} {texts[first]}" for first, last in _runs(texts) if texts[first])


def _runs(texts: list[str]) -> Iterable[tuple[int, int]]:
    first = 0
    for day in range(1, len(texts) + 1):
        if day == len(texts) or texts[day] != texts[first]:
            yield first, day - 1
            first = day


def _span(first: int, last: int) -> str:
    names = [str(Weekday(day).label)[:3] for day in (first, last)]
    return names[0] if first == last else "–".join(names)
