"""What somebody's calendar shows to whoever has its address."""

from datetime import timedelta

from django.db.models import QuerySet

from mesoclinic import clock
from mesoclinic.accounts import User
from patients.queries.links import digest_of
from sessions.models import Booking, CalendarFeed
from sessions.queries.bookings import GONE

SHOWN_BACK = timedelta(days=30)


def feed_of(token: str) -> CalendarFeed | None:
    """The calendar that this token opens; None alike for an unknown one and for somebody who has left."""
    feeds = CalendarFeed.objects.select_related("user")
    return feeds.filter(token_sha256=digest_of(token), user__is_active=True).first()


def feed_visits(feed: CalendarFeed) -> QuerySet[Booking]:
    """The visits of the last month and all that come, at the sites where the clinician works."""
    mine = Booking.objects.filter(clinician=feed.user, site__in=feed.user.sites.all())
    lately = mine.filter(starts_at__gte=clock.now() - SHOWN_BACK)
    return lately.exclude(state__in=(*GONE, Booking.State.HELD)).select_related("site")


def own_feed(actor: User) -> CalendarFeed | None:
    """Whether the actor's calendar has an address, and since when."""
    return CalendarFeed.objects.filter(user=actor).first()
