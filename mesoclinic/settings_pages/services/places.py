"""Sites: what they are called, when they are open, on which days they are closed."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import TypedDict, Unpack, cast

import holidays
from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.edits import changed_fields, unique
from mesoclinic.errors import ClinicError, OutOfScope
from mesoclinic.settings_pages import queries
from mesoclinic.sites import Closure, OpeningHours, Site
from mesoclinic.transactions import atomic
from mesoclinic.typed import parse_hours

LONGEST_CLOSURE = timedelta(days=366)


class SiteFacts(TypedDict, total=False):
    """What a site is called, where it is and how it is reached; keys are those of the form."""

    name: str
    address: str
    phone: str
    time_zone: str
    country: str
    emergency_number: str
    on_call: int | None
    quiet_from: time
    quiet_to: time
    link_hours: int
    approver_differs: bool


def add_site(actor: User, **facts: Unpack[SiteFacts]) -> Site:
    """Open another site; whoever adds it works there."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        with unique(_("There is a site of this name already."), "name"):
            site = Site.objects.create(**_columns(actor, facts))
        actor.sites.add(site)
        audit.record(actor, "site.added", site, site_id=site.pk)
    return site


def update_site(actor: User, *, site_id: int, version: int, **facts: Unpack[SiteFacts]) -> Site:
    """Change what a site is called and how it is reached; raises StaleRecord when somebody else was first."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        site = _own(actor, site_id)
        changed = changed_fields(queries.site_facts(site), version, facts)
        with unique(_("There is a site of this name already."), "name"):
            Site.objects.filter(pk=site.pk).update(**_columns(actor, facts))
        audit.record(actor, "site.changed", site, site_id=site.pk, changed=changed)
    site.refresh_from_db()
    return site


def set_opening_hours(actor: User, *, site_id: int, version: int, week: Mapping[str, str]) -> None:
    """Open a site at these hours from now on; bookings that no longer fit stay until somebody moves them."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        site = _own(actor, site_id)
        changed = changed_fields(queries.opening_week(site), version, week)
        site.opening_hours.all().delete()
        OpeningHours.objects.bulk_create(
            OpeningHours(site=site, weekday=weekday, opens_at=opens, closes_at=closes)
            for weekday, opens, closes in stretches_of(week)
        )
        audit.record(actor, "site.hours_set", site, site_id=site.pk, changed=changed)


def add_closure(actor: User, *, site_id: int, first_on: date, last_on: date | None, reason: str) -> int:
    """Close a site from the first day to the last; answers how many days are new."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        site = _own(actor, site_id)
        last = last_on or first_on
        if first_on < queries.today_at(site):
            raise ClinicError(_("The first day must be today or later."), "first_on")
        if last < first_on:
            raise ClinicError(_("The last day must not be before the first."), "last_on")
        if last - first_on > LONGEST_CLOSURE:
            raise ClinicError(_("Close a site for one year at the most."), "last_on")
        days = {first_on + timedelta(days=each): reason for each in range((last - first_on).days + 1)}
        added = _close(site, days)
        audit.record(actor, "site.closed", site, site_id=site.pk, reason=f"{first_on} to {last}: {added} days")
    return added


def remove_closure(actor: User, *, closure_id: int) -> Site:
    """Open a site again on a day; answers which site."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        closure = queries.closure_for(actor, closure_id)
        closure.delete()
        audit.record(actor, "site.closure_removed", closure.site, site_id=closure.site_id, reason=str(closure.on))
    return closure.site


def add_public_holidays(actor: User, *, site_id: int, year: int) -> int:
    """Close a site of the actor on the public holidays of its country; answers how many days are new."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        site = _own(actor, site_id)
        added = _close(site, _public_holidays(site, year))
        audit.record(actor, "site.holidays_added", site, site_id=site.pk, reason=f"{year}: {added} days")
    return added


def stretches_of(week: Mapping[str, str]) -> list[tuple[int, time, time]]:
    """(weekday, start, end) of each stretch in the texts of a week."""
    return [
        (weekday, start, end) for weekday in range(7) for start, end in parse_hours(week[queries.day_name(weekday)])
    ]


def _own(actor: User, site_id: int) -> Site:
    """The actor's site, locked: one edit of it waits for the other."""
    found = Site.objects.select_for_update().filter(pk=site_id, pk__in=actor.sites.values("pk")).first()
    if found is None:
        raise OutOfScope(_("There is no such site among yours."))
    return found


def _columns(actor: User, facts: SiteFacts) -> dict[str, object]:
    columns = cast(dict[str, object], dict(facts))
    on_call = facts.get("on_call")
    columns.pop("on_call", None)
    if (
        on_call is not None
        and not User.objects.filter(pk=on_call, is_active=True, sites__in=actor.sites.all()).exists()
    ):
        raise ClinicError(_("Choose somebody who works here."), "on_call")
    return columns | {"on_call_id": on_call}


def _close(site: Site, days: Mapping[date, str]) -> int:
    closed = set(site.closures.filter(on__in=days).values_list("on", flat=True))
    fresh = [Closure(site=site, on=day, reason=reason[:200]) for day, reason in days.items() if day not in closed]
    Closure.objects.bulk_create(fresh)
    return len(fresh)


def _public_holidays(site: Site, year: int) -> dict[date, str]:
    if year not in queries.holiday_years():
        raise ClinicError(_("Choose this year or the next."), "year")
    try:
        days = holidays.country_holidays(site.country, years=year)
        return {day: str(name) for day, name in sorted(days.items())}
    except NotImplementedError as problem:
        raise ClinicError(_("No public holidays are known for the country of this site."), "year") from problem
