"""What the settings pages show: the actor's own sites and whatever belongs to them."""

from collections.abc import Iterable, Mapping
from datetime import date, time

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import User
from mesoclinic.clock import now
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Absence, Closure, Device, OpeningHours, Room, Site, StaffHours, VisitType, Weekday
from mesoclinic.typed import hours_text

Thing = Room | Device | VisitType
SITE_FACTS = (
    "name",
    "address",
    "phone",
    "time_zone",
    "country",
    "emergency_number",
    "on_call",
    "quiet_from",
    "quiet_to",
    "link_hours",
    "approver_differs",
)
THING_FACTS: Mapping[type[Thing], tuple[str, ...]] = {
    Room: ("name", "visit_kinds", "active"),
    Device: ("name", "kind", "active"),
    VisitType: (
        "name",
        "preparation_minutes",
        "clinician_minutes",
        "observation_minutes",
        "needs_room",
        "device_kind",
        "price",
        "currency",
        "active",
    ),
}


def sites_for(actor: User) -> QuerySet[Site]:
    """The actor's sites with everything the settings page shows; past closures and absences are left out."""
    today = now().date()
    related = ("opening_hours", "rooms", "devices", "visit_types", "staff_hours__user", "on_call")
    return actor.sites.prefetch_related(
        *related,
        Prefetch("closures", Closure.objects.filter(on__gte=today)),
        Prefetch("staff", User.objects.order_by("-is_active", "name")),
        Prefetch("staff__absences", Absence.objects.filter(last_on__gte=today)),
    )


def site_for(actor: User, site_id: int) -> Site:
    """One site of the actor; raises OutOfScope for another and for none at all alike."""
    found = sites_for(actor).filter(pk=site_id).first()
    if found is None:
        raise OutOfScope(_("There is no such site among yours."))
    return found


def thing_for(actor: User, model: type[Thing], thing_id: int) -> Thing:
    """A room, device or visit type of the actor's sites; raises OutOfScope."""
    found = model.objects.filter(site__in=actor.sites.all(), pk=thing_id).select_related("site").first()
    if found is None:
        raise OutOfScope(_("There is nothing like that at your sites."))
    return found


def person_for(actor: User, user_id: int) -> User:
    """Somebody who works at one of the actor's sites, also when the account is closed; raises OutOfScope."""
    found = User.objects.filter(sites__in=actor.sites.all(), pk=user_id).distinct().first()
    if found is None:
        raise OutOfScope(_("Nobody like that works at your sites."))
    return found


def closure_for(actor: User, closure_id: int) -> Closure:
    """A closure of the actor's sites; raises OutOfScope."""
    found = Closure.objects.filter(site__in=actor.sites.all(), pk=closure_id).select_related("site").first()
    if found is None:
        raise OutOfScope(_("There is no such closure at your sites."))
    return found


def absence_for(actor: User, absence_id: int) -> Absence:
    """An absence of somebody at the actor's sites; raises OutOfScope."""
    found = Absence.objects.filter(pk=absence_id).select_related("user").first()
    if found is None or not shared_sites(actor, found.user).exists():
        raise OutOfScope(_("There is no such absence at your sites."))
    return found


def coming_absences(person: User) -> QuerySet[Absence]:
    """Absences that have not ended."""
    return person.absences.filter(last_on__gte=now().date())


def shared_sites(actor: User, person: User) -> QuerySet[Site]:
    """The sites at which both work."""
    return actor.sites.filter(pk__in=person.sites.values("pk"))


def answers_for(actor: User, user: User) -> bool:
    """Roles and the account hold at every site of a person: whoever changes them must work at each."""
    return not user.sites.exclude(pk__in=actor.sites.values("pk")).exists()


def site_facts(site: Site) -> dict[str, object]:
    """What the form of a site edits, as it is saved."""
    return {name: getattr(site, name) for name in SITE_FACTS} | {"on_call": site.on_call_id}


def thing_facts(thing: Room | Device | VisitType) -> dict[str, object]:
    """What the form of a room, device or visit type edits, as it is saved."""
    return {name: getattr(thing, name) for name in THING_FACTS[type(thing)]}


def person_facts(person: User, within: QuerySet[Site]) -> dict[str, object]:
    """What the form of a person edits, as it is saved; of the sites those `within` alone."""
    sites = sorted(person.sites.filter(pk__in=within.values("pk")).values_list("pk", flat=True))
    return {
        "name": person.name,
        "email": person.email,
        "language": person.language,
        "roles": list(person.roles),
        "sites": sites,
    }


def opening_week(site: Site) -> dict[str, object]:
    """The opening hours of each weekday as text, by the names of the form's fields."""
    return _week((each.weekday, each.opens_at, each.closes_at) for each in OpeningHours.objects.filter(site=site))


def working_week(person: User, site: Site) -> dict[str, object]:
    """The hours of somebody at a site on each weekday as text, by the names of the form's fields."""
    rows = StaffHours.objects.filter(user=person, site=site)
    return _week((each.weekday, each.starts_at, each.ends_at) for each in rows)


def today_at(site: Site) -> date:
    """The calendar day at a site."""
    return now().astimezone(site.zone).date()


def holiday_years() -> tuple[int, int]:
    """The years that can be filled with public holidays: this one and the next."""
    return now().year, now().year + 1


def _week(rows: Iterable[tuple[int, time, time]]) -> dict[str, object]:
    stretches = sorted(rows)
    return {
        day_name(weekday): hours_text((start, end) for day, start, end in stretches if day == weekday)
        for weekday in Weekday.values
    }


def day_name(weekday: int) -> str:
    """What a week's form calls the field of a weekday."""
    return f"day_{weekday}"
