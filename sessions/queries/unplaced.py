"""Sessions without a date: each is to be done by its owner until its last safe date, and stays until it has a date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from sessions.models import Series, TreatmentSession
from sessions.queries.series import rows_of

# In the order of urgency; who has found dates for these sees the next ones.
SERIES_AT_A_TIME = 60


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A session that waits for a date: until when it is safe, and who finds one."""

    series: Series
    session: TreatmentSession
    last_safe: date | None
    owner: str


def unplaced_for(actor: User) -> list[Unplaced]:
    """What the actor has to find a date for, the most urgent first.

    The front desk has those of its site. Where there is none, whoever booked the series has them, or, when they have
    left, the director.
    """
    waiting = Series.objects.filter(
        site__in=actor.sites.all(), state=Series.State.OPEN, sessions__state=TreatmentSession.State.UNPLACED
    )
    # The same join as above: when the first of the sessions without a date was to be.
    was = Coalesce(Min("sessions__bookings__starts_at"), "booked_at")
    related = waiting.select_related("patient", "site", "booked_by", "plan_version__release")
    listed = related.annotate(was=was).order_by("was", "pk").prefetch_related("sessions__bookings")
    staffed = _with_a_desk(actor)
    mine = [each for each in listed[:SERIES_AT_A_TIME] if _is_mine(each, actor, staffed)]
    found = [each for series in mine for each in unplaced_of(series, owner=_owner(series, staffed))]
    return sorted(found, key=lambda each: (each.last_safe or date.max, each.series.pk, each.session.ordinal))


def unplaced_of(series: Series, *, owner: str = "") -> list[Unplaced]:
    """The sessions of an open series that have no date."""
    waiting = any(each.state == TreatmentSession.State.UNPLACED for each in series.sessions.all())
    if series.state != Series.State.OPEN or not waiting:
        return []
    who = owner or _owner(series, _with_desk([series.site_id]))
    return [
        Unplaced(series, row.session, row.window.latest if row.window else None, who)
        for row in rows_of(series)
        if row.session.state == TreatmentSession.State.UNPLACED
    ]


def _with_a_desk(actor: User) -> frozenset[int]:
    return _with_desk(actor.sites.values_list("pk", flat=True))


def _with_desk(sites: Iterable[int]) -> frozenset[int]:
    """Those of the sites at which somebody is at the front desk."""
    staff = User.sites.through.objects.filter(site__in=list(sites), user__is_active=True)
    # Roles are a JSON list, which SQLite cannot search; a site has few members of staff.
    return frozenset(site for site, roles in staff.values_list("site", "user__roles") if Role.FRONT_DESK in roles)


def _is_mine(series: Series, actor: User, staffed: frozenset[int]) -> bool:
    if series.site_id in staffed:
        return Role.FRONT_DESK in actor.roles
    return series.booked_by_id == actor.pk or (Role.DIRECTOR in actor.roles and not series.booked_by.is_active)


def _owner(series: Series, staffed: frozenset[int]) -> str:
    if series.site_id in staffed:
        return _("front desk")
    return series.booked_by.name if series.booked_by.is_active else _("medical director")
