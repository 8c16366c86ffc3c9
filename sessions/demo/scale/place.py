"""The site of a clinic of size: five doctors with two rooms each, what they know and what they draw up."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings

from mesoclinic.accounts import Role, User
from mesoclinic.demo import DEMO_PASSWORD
from mesoclinic.settings_pages import add_public_holidays
from mesoclinic.sites import Closure, OpeningHours, Room, Site, StaffHours, VisitKind, VisitType
from protocols.models import CatalogueRelease, Product
from protocols.queries.catalogue import current_or_none
from sessions.demo.clinic import WEEK
from sessions.demo.knowledge import make_catalogue, make_products
from sessions.demo.scale.diary import open_days
from sessions.demo.timeline import Timeline

NAME = "Gran Vía, Madrid"
DOCTORS = ("Dr. Alba Reyes", "Dr. Bruno Salas", "Dr. Clara Vidal", "Dr. Darío Ortega", "Dr. Elena Prats")
ROOMS_EACH = 2
OPENS, CLOSES = time(8), time(20)
PREPARATION, WITH_CLINICIAN, OBSERVATION = 5, 15, 10
KINDS = (
    ("First consultation", VisitKind.CONSULTATION, 0, "90.00"),
    ("Mesotherapy session", VisitKind.TREATMENT, OBSERVATION, "140.00"),
    ("Assessment with photographs", VisitKind.ASSESSMENT, 0, "60.00"),
    ("Other visit", VisitKind.OTHER, 0, None),
    ("Blocked time", VisitKind.BLOCK, 0, None),
)


@dataclass(frozen=True, slots=True)
class Place:
    """The site and those who work there; the rooms of one doctor are used in turn."""

    site: Site
    director: User
    desk: User
    doctors: tuple[User, ...]
    rooms: tuple[Room, ...]
    release: CatalogueRelease
    products: dict[str, Product]
    visit_types: dict[str, VisitType]

    def room(self, lane: int, quarter: int) -> Room:
        """Where a doctor sees somebody in this quarter of an hour."""
        return self.rooms[lane * ROOMS_EACH + quarter % ROOMS_EACH]


def make_place(timeline: Timeline, first: date, last: date) -> Place:
    """The site with its hours, holidays, rooms and staff; catalogue and products too where there are none."""
    site = Site.objects.create(
        name=NAME,
        address="Gran Vía 28\n28013 Madrid",
        phone="+34 910 555 280",
        time_zone="Europe/Madrid",
        country="ES",
        emergency_number="112",
        allow_draft_catalogue=True,
    )
    director = _staff("director", "Dr. Gloria Rivas", Role.DIRECTOR, site)
    doctors = tuple(_staff(f"doctor{at}", name, Role.DERMATOLOGIST, site) for at, name in enumerate(DOCTORS, start=1))
    desk = _staff("desk", "Hugo Serra", Role.FRONT_DESK, site)
    Site.objects.filter(pk=site.pk).update(on_call=doctors[0])
    for weekday in sorted(WEEK):
        OpeningHours.objects.create(site=site, weekday=weekday, opens_at=OPENS, closes_at=CLOSES)
        for doctor in doctors:
            StaffHours.objects.create(user=doctor, site=site, weekday=weekday, starts_at=OPENS, ends_at=CLOSES)
    for year in range(first.year, last.year + 1):
        timeline.set(datetime.combine(date(year, 1, 1), OPENS, site.zone))
        add_public_holidays(director, site_id=site.pk, year=year)
    timeline.set(datetime.combine(first, OPENS, site.zone))
    # Read again: a fresh row still holds its defaults as they are typed.
    site = Site.objects.get(pk=site.pk)
    return Place(
        site=site,
        director=director,
        desk=desk,
        doctors=doctors,
        rooms=tuple(_room(site, number) for number in range(1, len(doctors) * ROOMS_EACH + 1)),
        release=current_or_none() or make_catalogue(director),
        products=_products(director),
        visit_types={kind: _visit_type(site, *row) for row in KINDS for kind in row[1:2]},
    )


def days_of(place: Place, first: date, last: date) -> list[date]:
    """The days on which the site is open."""
    closed = Closure.objects.filter(site=place.site).values_list("on", flat=True)
    return open_days(first, last, frozenset(closed), WEEK)


def _staff(login: str, name: str, role: str, site: Site) -> User:
    # Without the demo nobody signs in with a password that everybody knows.
    password = DEMO_PASSWORD if settings.DEMO else None
    user: User = User.objects.create_user(f"scale-{login}@demo.test", password, name=name, roles=[role])
    user.sites.set([site])
    return user


def _room(site: Site, number: int) -> Room:
    kinds = [kind for _name, kind, *_rest in KINDS if kind != VisitKind.BLOCK]
    return Room.objects.create(site=site, name=f"Room {number:02}", visit_kinds=kinds)


def _products(director: User) -> dict[str, Product]:
    if not Product.objects.filter(active=True).exists():
        make_products(director)
    return {product.ingredient: product for product in Product.objects.filter(active=True).order_by("-pk")}


def _visit_type(site: Site, name: str, kind: str, after: int, price: str | None) -> VisitType:
    return VisitType.objects.create(
        site=site,
        kind=kind,
        name=name,
        preparation_minutes=PREPARATION,
        clinician_minutes=WITH_CLINICIAN,
        observation_minutes=after,
        needs_room=kind != VisitKind.BLOCK,
        price=price,
        currency="EUR",
    )
