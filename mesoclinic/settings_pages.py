"""Reads and writes behind the platform's own pages."""

from datetime import date

import holidays
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.clock import now
from mesoclinic.errors import ClinicError, OutOfScope
from mesoclinic.sites import Absence, Closure, Site
from mesoclinic.transactions import atomic


def sites_for(actor: User) -> QuerySet[Site]:
    """The actor's sites with everything the settings page shows; past closures and absences are left out."""
    today = now().date()
    related = ("opening_hours", "rooms", "devices", "visit_types", "staff_hours__user", "on_call")
    return actor.sites.prefetch_related(
        *related,
        Prefetch("closures", Closure.objects.filter(on__gte=today)),
        Prefetch("staff", User.objects.filter(is_active=True)),
        Prefetch("staff__absences", Absence.objects.filter(last_on__gte=today)),
    )


def add_public_holidays(actor: User, *, site_id: int, year: int) -> int:
    """Close a site of the actor on the public holidays of its country; answers how many days are new."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        site = actor.sites.filter(pk=site_id).first()
        if site is None:
            raise OutOfScope(_("There is no such site among yours."))
        days = _public_holidays(site, year)
        closed = set(site.closures.filter(on__in=days).values_list("on", flat=True))
        fresh = [Closure(site=site, on=day, reason=name[:200]) for day, name in days.items() if day not in closed]
        Closure.objects.bulk_create(fresh)
        audit.record(actor, "site.holidays_added", site, reason=f"{year}: {len(fresh)} days")
    return len(fresh)


def choose_theme(actor: User, *, theme: str) -> None:
    """Keep the actor's own appearance: light, or dark for dim rooms."""
    require(actor, Can.USE_CLINIC)
    User.objects.filter(pk=actor.pk).update(theme="dark" if theme == "dark" else "light")


def holiday_years() -> tuple[int, int]:
    """The years that can be filled with public holidays: this one and the next."""
    return now().year, now().year + 1


def _public_holidays(site: Site, year: int) -> dict[date, str]:
    if year not in holiday_years():
        raise ClinicError(_("Choose this year or the next."), "year")
    try:
        days = holidays.country_holidays(site.country, years=year)
        return {day: str(name) for day, name in sorted(days.items())}
    except NotImplementedError as problem:
        raise ClinicError(_("No public holidays are known for the country of this site."), "year") from problem
