"""Staff: inviting them, what they may do and where, when they work, and closing their account."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypedDict, Unpack

from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.access import Can, require
from mesoclinic.accounts import Role, User
from mesoclinic.edits import changed_fields, unique
from mesoclinic.errors import ClinicError, OutOfScope
from mesoclinic.invitations import send_link
from mesoclinic.settings_pages import queries
from mesoclinic.settings_pages.services.places import stretches_of
from mesoclinic.sites import Absence, Site, StaffHours
from mesoclinic.transactions import atomic


class Person(TypedDict, total=False):
    """Who somebody is and what they do here; keys are those of the form. `sites` are those of the actor."""

    name: str
    email: str
    language: str
    roles: list[str]
    sites: list[int]


def invite(actor: User, **person: Unpack[Person]) -> User:
    """Give somebody an account at sites of the actor; a mail with a link lets them choose their password."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        sites = _own_sites(actor, person["sites"])
        if not sites:
            raise ClinicError(_("Choose at least one site."), "sites")
        _check_roles(person["roles"])
        with unique(_("This e-mail address has an account already."), "email"):
            user = User.objects.create_user(
                person["email"], name=person["name"], roles=person["roles"], language=person["language"]
            )
        user.sites.set(sites)
        audit.record(actor, "user.invited", user, site_id=sites[0].pk, reason=", ".join(person["roles"]))
        send_link(actor, user)
    return user


def update_person(actor: User, *, user_id: int, version: int, **person: Unpack[Person]) -> User:
    """Change who somebody is and what they do; nobody changes their own roles and sites. Raises StaleRecord."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        user = _locked(actor, user_id)
        saved = queries.person_facts(user, actor.sites.all())
        changed = changed_fields(saved, version, person)
        if "email" in changed and user.last_login is not None:
            raise ClinicError(_("The address is kept once somebody has signed in with it."), "email")
        _check_rights(actor, user, changed, person)
        with unique(_("This e-mail address has an account already."), "email"):
            User.objects.filter(pk=user.pk).update(**_columns(user, person))
        if "sites" in changed:
            _move(actor, user, person["sites"])
        _keep_a_director(actor)
        audit.record(actor, "user.changed", user, changed=changed)
    user.refresh_from_db()
    return user


def close_account(actor: User, *, user_id: int) -> User:
    """Lock somebody out at once: every session of theirs ends, and the password is forgotten."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        user = _locked(actor, user_id)
        if user.pk == actor.pk:
            raise ClinicError(_("Nobody closes their own account. Another director can."))
        _check_whole(actor, user)
        _check_on_call(user, queries.shared_sites(actor, user))
        # Sessions hold a digest of the password: without it none of them opens again, also after a return.
        user.set_unusable_password()
        user.is_active = False
        user.save(update_fields=["password", "is_active"])
        _keep_a_director(actor)
        audit.record(actor, "user.closed", user, changed=["is_active"])
    return user


def open_account(actor: User, *, user_id: int) -> User:
    """Let somebody back in, by a new password that they choose through a mailed link."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        user = _locked(actor, user_id)
        _check_whole(actor, user)
        if not user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=True)
            user.refresh_from_db()
            audit.record(actor, "user.opened", user, changed=["is_active"])
            send_link(actor, user)
    return user


def send_password_link(actor: User, *, user_id: int) -> User:
    """Mail somebody a link to choose a password, again."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        user = _locked(actor, user_id)
        if not user.is_active:
            raise ClinicError(_("This account is closed. Open it first."))
        send_link(actor, user)
    return user


def set_working_hours(actor: User, *, user_id: int, site_id: int, version: int, week: Mapping[str, str]) -> None:
    """Have somebody work at a site at these hours from now on; raises StaleRecord when somebody else was first."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        user = _locked(actor, user_id)
        site = queries.shared_sites(actor, user).filter(pk=site_id).first()
        if site is None:
            raise OutOfScope(_("Nobody like that works at this site."))
        changed = changed_fields(queries.working_week(user, site), version, week)
        StaffHours.objects.filter(user=user, site=site).delete()
        StaffHours.objects.bulk_create(
            StaffHours(user=user, site=site, weekday=weekday, starts_at=starts, ends_at=ends)
            for weekday, starts, ends in stretches_of(week)
        )
        audit.record(actor, "user.hours_set", user, site_id=site.pk, changed=changed)


def add_absence(actor: User, *, user_id: int, first_on: date, last_on: date | None, reason: str) -> Absence:
    """Somebody is away from the first day to the last; saying so twice is once."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        user = _locked(actor, user_id)
        last = last_on or first_on
        if last < first_on:
            raise ClinicError(_("The last day must not be before the first."), "last_on")
        return keep_absence(actor, user, first_on=first_on, last_on=last, reason=reason)


def keep_absence(actor: User, user: User, *, first_on: date, last_on: date, reason: str) -> Absence:
    """The absence inside an open transaction, for whoever may record it: saying so twice is once."""
    absence, new = Absence.objects.get_or_create(
        user=user, first_on=first_on, last_on=last_on, defaults={"reason": reason}
    )
    if new:
        audit.record(actor, "user.absence_added", user, reason=f"{first_on} to {last_on}")
    return absence


def remove_absence(actor: User, *, absence_id: int) -> User:
    """Somebody is not away after all; answers who."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        absence = queries.absence_for(actor, absence_id)
        absence.delete()
        audit.record(actor, "user.absence_removed", absence.user, reason=f"{absence.first_on} to {absence.last_on}")
    return absence.user


def choose_theme(actor: User, *, theme: str) -> None:
    """Keep the actor's own appearance: light, or dark for dim rooms."""
    require(actor, Can.USE_CLINIC)
    User.objects.filter(pk=actor.pk).update(theme="dark" if theme == "dark" else "light")


def _locked(actor: User, user_id: int) -> User:
    """Somebody at the actor's sites; the sites are locked first, so that two directors do not demote each other."""
    list(Site.objects.select_for_update().filter(pk__in=actor.sites.values("pk")).order_by("pk"))
    User.objects.select_for_update().filter(pk=user_id).first()
    return queries.person_for(actor, user_id)


def _own_sites(actor: User, wanted: Iterable[int]) -> list[Site]:
    numbers = set(wanted)
    sites = list(actor.sites.filter(pk__in=numbers))
    if len(sites) != len(numbers):
        raise OutOfScope(_("Choose among your own sites."), "sites")
    return sites


def _check_roles(roles: list[str]) -> None:
    if not roles or not set(roles) <= set(Role.values):
        raise ClinicError(_("Choose at least one role."), "roles")


def _check_rights(actor: User, user: User, changed: list[str], person: Person) -> None:
    if "roles" in changed:
        _check_roles(person["roles"])
        if user.pk == actor.pk:
            raise ClinicError(_("Nobody changes their own roles. Another director can."), "roles")
        _check_whole(actor, user)
    if "sites" in changed and user.pk == actor.pk:
        raise ClinicError(_("Nobody changes their own sites. Another director can."), "sites")


def _check_whole(actor: User, user: User) -> None:
    if not queries.answers_for(actor, user):
        raise ClinicError(_("This person works at a site that is not yours, too. A director of all their sites can."))


def _check_on_call(user: User, sites: Iterable[Site]) -> None:
    for site in sites:
        if site.on_call_id == user.pk:
            raise ClinicError(_("Choose somebody else to be on call at %(site)s first.") % {"site": site.name})


def _columns(user: User, person: Person) -> dict[str, object]:
    columns = {name: value for name, value in person.items() if name != "sites"}
    return columns | ({"email": person["email"].lower()} if "email" in person else {})


def _move(actor: User, user: User, wanted: list[int]) -> None:
    sites = _own_sites(actor, wanted)
    elsewhere = user.sites.exclude(pk__in=actor.sites.values("pk"))
    if not sites and not elsewhere.exists():
        raise ClinicError(_("Choose at least one site, or close the account."), "sites")
    left = queries.shared_sites(actor, user).exclude(pk__in=[site.pk for site in sites])
    _check_on_call(user, left)
    user.sites.set([*sites, *elsewhere])


def _keep_a_director(actor: User) -> None:
    for site in actor.sites.prefetch_related("staff"):
        if not any(Role.DIRECTOR in user.roles for user in site.staff.all() if user.is_active):
            raise ClinicError(_("%(site)s would have no medical director left.") % {"site": site.name})
