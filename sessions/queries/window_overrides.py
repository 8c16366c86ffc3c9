"""Sessions that take place after their window: who decided it and why, for the day on which their visit is."""

from collections.abc import Iterable

from sessions.models import Booking, WindowOverride


def overrides_of(bookings: Iterable[Booking]) -> dict[int, WindowOverride]:
    """By the number of the booking, what was decided for the day on which it is."""
    days = {
        (each.treatment_session_id, each.starts_at.astimezone(each.site.zone).date()): each.pk
        for each in bookings
        if each.treatment_session_id
    }
    sessions = {session for session, _day in days}
    decided = WindowOverride.objects.filter(session__in=sessions).select_related("by")
    return {days[each.session_id, each.on]: each for each in decided if (each.session_id, each.on) in days}
