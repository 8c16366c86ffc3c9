"""Sites, rooms, hours, staff and visit types."""

from datetime import time
from itertools import count

from mesoclinic.accounts import Role, User
from mesoclinic.sites import OpeningHours, Room, Site, StaffHours, VisitKind, VisitType

_numbers = count(1)
PASSWORD = "a long clinic password"


def site(**over: object) -> Site:
    """A site in Madrid that is open on weekdays from 9 to 18, with one treatment room."""
    number = next(_numbers)
    fields: dict[str, object] = {
        "name": f"Site {number}",
        "time_zone": "Europe/Madrid",
        "country": "ES",
        "emergency_number": "112",
        "phone": "+34 910 000 000",
        "allow_draft_catalogue": True,
    }
    made = Site.objects.create(**(fields | over))
    for weekday in range(5):
        OpeningHours.objects.create(site=made, weekday=weekday, opens_at=time(9), closes_at=time(18))
    Room.objects.create(site=made, name="Room 1", visit_kinds=[kind.value for kind in VisitKind])
    visit_type(made, VisitKind.TREATMENT, name="Mesotherapy session", preparation_minutes=15, observation_minutes=15)
    visit_type(made, VisitKind.CONSULTATION, name="Consultation")
    return made


def visit_type(at: Site, kind: str, **over: object) -> VisitType:
    """A visit type of 30 clinician minutes."""
    fields: dict[str, object] = {"site": at, "kind": kind, "name": kind, "clinician_minutes": 30, "price": "120.00"}
    return VisitType.objects.create(**(fields | over))


def staff(*roles: str, at: Site | None = None, **over: object) -> User:
    """Somebody with these roles; works at the site on weekdays from 9 to 18."""
    number = next(_numbers)
    fields: dict[str, object] = {"email": f"staff{number}@clinic.test", "name": f"Staff {number}", "roles": list(roles)}
    user = User.objects.create_user(password=PASSWORD, **(fields | over))
    if at is not None:
        user.sites.add(at)
        for weekday in range(5):
            StaffHours.objects.create(user=user, site=at, weekday=weekday, starts_at=time(9), ends_at=time(18))
    return user


def desk(at: Site | None = None, **over: object) -> User:
    """A front-desk user."""
    return staff(Role.FRONT_DESK, at=at, **over)


def dermatologist(at: Site | None = None, **over: object) -> User:
    """A dermatologist."""
    return staff(Role.DERMATOLOGIST, at=at, **over)
