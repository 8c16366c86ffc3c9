"""The secret address of one's own calendar: made, renewed and taken back by its owner."""

import secrets

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.transactions import atomic
from patients.queries.links import digest_of
from sessions.models import CalendarFeed


def renew_address(actor: User, *, kinds: bool) -> str:
    """A new token, of which the database keeps the digest alone; the one before opens nothing any more."""
    access.require(actor, Can.VIEW_SCHEDULE)
    token = secrets.token_urlsafe(32)
    fresh = {"token_sha256": digest_of(token), "kinds": kinds, "made_at": clock.now()}
    with atomic():
        feed, _new = CalendarFeed.objects.update_or_create(user=actor, defaults=fresh)
        audit.record(actor, "calendar.address_made", feed, changed=["kinds", "token_sha256"])
    return token


def end_address(actor: User) -> None:
    """From now on nobody sees the calendar from outside; a second time changes nothing."""
    access.require(actor, Can.VIEW_SCHEDULE)
    with atomic():
        feed = CalendarFeed.objects.filter(user=actor).first()
        if feed is not None:
            audit.record(actor, "calendar.address_ended", feed)
            feed.delete()
