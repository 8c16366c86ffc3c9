"""What ending a course cancels, and what of it stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from mesoclinic import clock
from patients.models import Notice
from sessions.models import Booking, Series, TreatmentRecord, TreatmentSession
from sessions.queries.bookings import CANCELLABLE
from sessions.queries.messages import NAMES


@dataclass(frozen=True, slots=True)
class Ending:
    """The visits that are cancelled, the sessions that lose their place, and the messages that still go out."""

    visits: Sequence[Booking]
    sessions: int
    messages: Sequence[Notice]

    @property
    def letters(self) -> list[tuple[datetime, str]]:
        """When each of these messages goes out, and what it is, in the words of the ledger."""
        return [(each.due_at, str(NAMES.get(each.rule, each.rule))) for each in self.messages]


def ending_of(series: Series) -> Ending:
    """What ending this course now would do; writes nothing."""
    of_series = Q(treatment_session__series=series) | Q(assessment_point__series=series)
    coming = Booking.objects.filter(of_series, state__in=CANCELLABLE, ends_at__gt=clock.now())
    left = series.sessions.filter(state__in=(TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED))
    records = TreatmentRecord.objects.filter(session__series=series).values_list("pk", flat=True)
    after = [f"treatment:{pk}" for pk in records]
    messages = Notice.objects.filter(patient=series.patient_id, subject__in=after, state=Notice.State.WAITING)
    return Ending(
        visits=list(coming.select_related("clinician", "treatment_session").order_by("starts_at")),
        sessions=left.count(),
        messages=list(messages.order_by("due_at")),
    )
