"""Bookings and series within the actor's scope: the sites they work at."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor, System
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Room, Site, VisitType
from patients.models import PlanVersion, TreatmentPlan
from patients.queries.people import reached
from sessions.models import Booking, BookingUse, ResourceKind, Series, TreatmentSession

COMING = (Booking.State.BOOKED, Booking.State.CONFIRMED)
GONE = (Booking.State.CANCELLED, Booking.State.NO_SHOW)
# A hold is answered, not moved: who is asked was told its time.
MOVABLE = (Booking.State.BOOKED, Booking.State.CONFIRMED)
CANCELLABLE = (Booking.State.HELD, *MOVABLE, Booking.State.ARRIVED)
# Preparation, work and observation of a visit type are eight hours each at most.
LONGEST_VISIT = timedelta(days=1)


def sites_for(actor: Actor) -> QuerySet[Site]:
    """The sites of the actor."""
    if isinstance(actor, System):
        return Site.objects.all()
    if isinstance(actor, User) and actor.is_active:
        return actor.sites.all()
    return Site.objects.none()


def site_for(actor: Actor, site_id: int | None) -> Site:
    """The actor's site of that number, or their first; raises OutOfScope."""
    sites = sites_for(actor)
    site = sites.filter(pk=site_id).first() if site_id else sites.first()
    if site is None:
        raise OutOfScope(_("You do not work at this site. The medical director can add you to it."))
    return site


def bookings_for(actor: Actor) -> QuerySet[Booking]:
    """The bookings at the actor's sites, with the people and the place in the series that pages show."""
    in_series = TreatmentSession.objects.filter(series=OuterRef("treatment_session__series"))
    total = in_series.order_by().values("series").annotate(number=Count("pk")).values("number")
    room = BookingUse.objects.filter(booking=OuterRef("pk"), resource_kind=ResourceKind.ROOM).values("resource_id")[:1]
    return (
        Booking.objects.filter(site__in=sites_for(actor))
        .select_related("site", "patient", "clinician", "treatment_session__series", "booked_by")
        .annotate(
            sessions_in_all=Coalesce(Subquery(total), 0),
            room_id=Subquery(room),
            room_name=Subquery(Room.objects.filter(pk=OuterRef("room_id")).values("name")[:1]),
        )
    )


def within(starts_at: datetime, ends_at: datetime) -> Q:
    """Bookings that take a moment between the two; bounded below, as an index would else be read from its beginning."""
    return Q(starts_at__gt=starts_at - LONGEST_VISIT, starts_at__lt=ends_at, ends_at__gt=starts_at)


def booking_for(actor: Actor, booking_id: int) -> Booking:
    """The booking; raises OutOfScope alike for another site's and for none at all."""
    booking = bookings_for(actor).filter(pk=booking_id).first()
    if booking is None:
        raise OutOfScope(_("There is no such booking at your sites."))
    return booking


def series_for(actor: Actor, series_id: int) -> Series:
    """The series with its sessions and bookings; raises OutOfScope."""
    bookings = Prefetch("sessions__bookings", bookings_for(actor).order_by("pk"))
    found = Series.objects.filter(reached(actor), pk=series_id, site__in=sites_for(actor))
    related = ("patient", "site", "plan_version__plan", "plan_version__signed_by", "plan_version__release", "booked_by")
    series = found.select_related(*related).prefetch_related(bookings).first()
    if series is None:
        raise OutOfScope(_("There is no such series at your sites."))
    return series


@dataclass(frozen=True, slots=True)
class BookablePlan:
    """A plan with the version to book, or the reason why it cannot be booked."""

    plan: TreatmentPlan
    version: PlanVersion | None
    series: Series | None
    refusal: str = ""


def bookable_plan_for(actor: Actor, plan_id: int) -> BookablePlan:
    """The plan and its signed version; `refusal` says whom to ask when there is none; raises OutOfScope."""
    plans = TreatmentPlan.objects.filter(reached(actor), site__in=sites_for(actor))
    plan = plans.select_related("patient", "site", "consultation__clinician").filter(pk=plan_id).first()
    if plan is None:
        raise OutOfScope(_("There is no such plan at your sites."))
    versions = plan.versions.select_related("release", "signed_by", "plan__site", "plan__patient").order_by("-number")
    version = versions.filter(state=PlanVersion.State.SIGNED).first() or versions.first()
    doctor = plan.consultation.clinician
    if version is None or version.state in (PlanVersion.State.DRAFT, PlanVersion.State.SUPERSEDED):
        return BookablePlan(
            plan, None, None, _("The plan is not signed yet. Ask %(doctor)s.") % {"doctor": doctor.name}
        )
    if version.state == PlanVersion.State.STOPPED:
        return BookablePlan(plan, None, None, _("The plan was stopped. Ask %(doctor)s.") % {"doctor": doctor.name})
    return BookablePlan(plan, version, Series.objects.filter(plan_version=version).first())


def clinicians_at(site: Site, *, injecting: bool = False) -> QuerySet[User]:
    """Those who see patients at a site: dermatologists, and nurses unless the visit is a treatment."""
    staff = User.objects.filter(sites=site, is_active=True).order_by("name", "pk")
    wanted = {Role.DERMATOLOGIST} if injecting else {Role.DERMATOLOGIST, Role.NURSE}
    # Roles are a JSON list, which SQLite cannot search; a site has few members of staff.
    seen = [user.pk for user in staff if wanted & set(user.roles)]
    return staff.filter(pk__in=seen)


def visit_types_at(site: Site) -> QuerySet[VisitType]:
    """The visit types in use at a site."""
    return VisitType.objects.filter(site=site, active=True).order_by("kind", "name")
