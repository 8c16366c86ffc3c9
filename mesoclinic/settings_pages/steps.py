"""What a site still lacks before its first patient; higher floors name their own steps by dotted path."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role
from mesoclinic.sites import Site, VisitKind

NEEDED = (VisitKind.CONSULTATION, VisitKind.TREATMENT)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up, and the page that does it."""

    title: str
    done: bool
    address: str


_sources: list[str] = []


def add_source(path: str) -> None:
    """Have the function at this dotted path asked for the steps of a site; apps say so in AppConfig.ready."""
    if path not in _sources:
        _sources.append(path)


def steps_for(site: Site) -> list[Step]:
    """All steps of a site, done or not; the site comes from `queries.sites_for`."""
    asked: list[Callable[[Site], Iterable[Step]]] = [_steps, *(import_string(path) for path in _sources)]
    return [step for source in asked for step in source(site)]


def _steps(site: Site) -> Iterator[Step]:
    here = reverse("mesoclinic:edit_site", args=[site.pk])
    yield Step(_("Address and phone, as patients read them"), bool(site.address and site.phone), here)
    hours = reverse("mesoclinic:opening_hours", args=[site.pk])
    yield Step(_("Opening hours"), bool(site.opening_hours.all()), hours)
    fits = {kind for room in site.rooms.all() if room.active for kind in room.visit_kinds}
    room = reverse("mesoclinic:add_room", args=[site.pk])
    yield Step(_("A room for consultations and a room for treatments"), set(NEEDED) <= fits, room)
    kinds = {visit.kind for visit in site.visit_types.all() if visit.active}
    visit_type = reverse("mesoclinic:add_visit_type", args=[site.pk])
    yield Step(_("A visit type for consultations and one for treatments"), set(NEEDED) <= kinds, visit_type)
    yield from _people(site)


def _people(site: Site) -> Iterator[Step]:
    staff = [user for user in site.staff.all() if user.is_active]
    invite = reverse("mesoclinic:invite")
    doctors = [user for user in staff if Role.DERMATOLOGIST in user.roles]
    yield Step(_("A dermatologist"), bool(doctors), invite)
    yield Step(_("Somebody at the front desk"), any(Role.FRONT_DESK in user.roles for user in staff), invite)
    working = {hours.user_id for hours in site.staff_hours.all()}
    idle = next((user for user in doctors if user.pk not in working), None)
    if doctors:
        address = reverse("mesoclinic:working_hours", args=[(idle or doctors[0]).pk, site.pk])
        yield Step(_("Working hours of every dermatologist"), idle is None, address)
