"""The demo's two sites with their rooms and visit types, and the people who work there."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, time, timedelta

from mesoclinic.accounts import Role, User
from mesoclinic.demo import DEMO_PASSWORD
from mesoclinic.settings_pages import add_public_holidays, holiday_years
from mesoclinic.sites import Absence, Closure, Device, OpeningHours, Room, Site, StaffHours, VisitKind, VisitType

SATURDAY = 5
WEEK = frozenset(range(SATURDAY))
TREATMENT_KINDS = [VisitKind.TREATMENT, VisitKind.ASSESSMENT]
TALK_KINDS = [VisitKind.CONSULTATION, VisitKind.ASSESSMENT, VisitKind.OTHER]
# name, kind, minutes before, with and after the clinician, price
VISIT_TYPES = (
    ("First consultation", VisitKind.CONSULTATION, 0, 30, 0, "90.00"),
    ("Mesotherapy session", VisitKind.TREATMENT, 10, 20, 15, "140.00"),
    ("Assessment with photographs", VisitKind.ASSESSMENT, 0, 20, 0, "60.00"),
    ("Phone call or paperwork", VisitKind.OTHER, 0, 15, 0, None),
    ("Blocked time", VisitKind.BLOCK, 0, 60, 0, None),
)


@dataclass(frozen=True, slots=True)
class Team:
    """One site and those who work there."""

    site: Site
    doctors: tuple[User, ...]
    nurse: User
    desk: User


@dataclass(frozen=True, slots=True)
class Clinic:
    """The whole demo clinic."""

    director: User
    madrid: Team
    istanbul: Team


def make_clinic(day: date) -> Clinic:
    """Sites, rooms, hours, staff; both sites are open on `day`, whichever weekday it is."""
    week = WEEK | {day.weekday()}
    madrid, istanbul = _madrid(week), _istanbul(week)
    director = _staff("director", "Dr. Inés Aldecoa", Role.DIRECTOR, sites=(madrid, istanbul))
    derm = _staff("derm", "Dr. Lucía Ferrer", Role.DERMATOLOGIST, sites=(madrid,))
    second = _staff("marc", "Dr. Marc Oliva", Role.DERMATOLOGIST, sites=(madrid,))
    third = _staff("deniz", "Dr. Deniz Yıldırım", Role.DERMATOLOGIST, sites=(istanbul,), language="tr")
    nurse = _staff("nurse", "Noor Haddad", Role.NURSE, sites=(madrid, istanbul))
    desk = _staff("desk", "Sara Gil", Role.FRONT_DESK, sites=(madrid,))
    desk_there = _staff("resepsiyon", "Elif Şahin", Role.FRONT_DESK, sites=(istanbul,), language="tr")
    _works(derm, madrid, week, time(9), time(14))
    _works(derm, madrid, week, time(15), time(17))
    _works(second, madrid, week | {SATURDAY}, time(10), time(14))
    _works(second, madrid, week, time(15), time(20))
    _works(third, istanbul, week | {SATURDAY}, time(9, 30), time(18))
    _works(nurse, madrid, week, time(9), time(20))
    _works(nurse, istanbul, {SATURDAY}, time(10), time(16))
    away = day + timedelta(days=12)
    Absence.objects.create(user=second, first_on=away, last_on=away + timedelta(days=2), reason="Congress")
    for site in (madrid, istanbul):
        Site.objects.filter(pk=site.pk).update(on_call=derm if site == madrid else third)
    return Clinic(director, Team(madrid, (derm, second), nurse, desk), Team(istanbul, (third,), nurse, desk_there))


def close_on_holidays(clinic: Clinic, day: date) -> None:
    """Public holidays of this year and the next close both sites, except on `day` itself."""
    for site in (clinic.madrid.site, clinic.istanbul.site):
        for year in holiday_years():
            add_public_holidays(clinic.director, site_id=site.pk, year=year)
        Closure.objects.filter(site=site, on=day).delete()


def _madrid(week: frozenset[int]) -> Site:
    site = Site.objects.create(
        name="Castellana, Madrid",
        address="Paseo de la Castellana 93\n28046 Madrid",
        phone="+34 910 555 120",
        time_zone="Europe/Madrid",
        country="ES",
        emergency_number="112",
        allow_draft_catalogue=True,
    )
    _furnish(site, week, rooms=("Room 1", "Room 2", "Room 3"), opens=time(9), closes=time(20))
    if SATURDAY not in week:
        OpeningHours.objects.create(site=site, weekday=SATURDAY, opens_at=time(10), closes_at=time(14))
    return site


def _istanbul(week: frozenset[int]) -> Site:
    site = Site.objects.create(
        name="Nişantaşı, İstanbul",
        address="Abdi İpekçi Caddesi 40\n34367 Şişli, İstanbul",
        phone="+90 212 555 01 20",
        time_zone="Europe/Istanbul",
        country="TR",
        emergency_number="112",
        quiet_to=time(9),
        allow_draft_catalogue=True,
    )
    _furnish(site, week, rooms=("Oda 1",), opens=time(9, 30), closes=time(18, 30))
    if SATURDAY not in week:
        OpeningHours.objects.create(site=site, weekday=SATURDAY, opens_at=time(10), closes_at=time(16))
    return site


def _furnish(site: Site, week: frozenset[int], *, rooms: tuple[str, ...], opens: time, closes: time) -> None:
    for weekday in sorted(week):
        OpeningHours.objects.create(site=site, weekday=weekday, opens_at=opens, closes_at=closes)
    for name in rooms:
        Room.objects.create(site=site, name=name, visit_kinds=TREATMENT_KINDS)
    Room.objects.create(site=site, name="Consulting room", visit_kinds=TALK_KINDS)
    Device.objects.create(site=site, name="Trichoscope", kind="trichoscope")
    for name, kind, before, minutes, after, price in VISIT_TYPES:
        VisitType.objects.create(
            site=site,
            kind=kind,
            name=name,
            preparation_minutes=before,
            clinician_minutes=minutes,
            observation_minutes=after,
            needs_room=kind not in (VisitKind.OTHER, VisitKind.BLOCK),
            price=price,
            currency="EUR" if site.country == "ES" else "TRY",
        )


def _staff(login: str, name: str, *roles: str, sites: tuple[Site, ...], language: str = "en") -> User:
    user: User = User.objects.create_user(
        f"{login}@demo.test", DEMO_PASSWORD, name=name, roles=list(roles), language=language
    )
    user.sites.set(sites)
    return user


def _works(user: User, site: Site, weekdays: Set[int], starts: time, ends: time) -> None:
    for weekday in sorted(weekdays):
        StaffHours.objects.create(user=user, site=site, weekday=weekday, starts_at=starts, ends_at=ends)
