"""Sessions that take place after their window: who decided it and why, for the day on which their visit is."""

from collections.abc import Iterable

from sessions.models import Booking, WindowOverride


def overrides_of(bookings: Iterable[Booking]) -> dict[int, WindowOverride]:
    """By the number of the booking, what was decided for the day on which it is."""
    bookings = [each for each in bookings if each.treatment_session_id]
    sessions = {each.treatment_session_id for each in bookings}
    decided = {
        (each.session_id, each.on): each
        for each in WindowOverride.objects.filter(session__in=sessions).select_related("by")
    }
    days = {each.pk: each.starts_at.astimezone(each.site.zone).date() for each in bookings}
    found = ((each.pk, decided.get((each.treatment_session_id, days[each.pk]))) for each in bookings)
    return {pk: override for pk, override in found if override is not None}
