"""The ledger as the desk reads it: what was sent, what waits and why, what failed and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic import clock, outbox
from mesoclinic.access import Can, may
from mesoclinic.accounts import User
from patients.models import Notice, Patient
from patients.queries.notices import notices_for
from patients.queries.people import patient_for

PAGE = 30
# Time enough for the post.
PAPERS_AHEAD = timedelta(days=14)
State = Notice.State
RESENDABLE = (State.FAILED, State.UNCERTAIN)
TELLABLE = (State.WAITING, State.PRINTED, State.FAILED, State.UNCERTAIN, State.SKIPPED)
TONES = {State.FAILED: "bad", State.UNCERTAIN: "warn", State.PRINTED: "warn", State.SENT: "ok", State.TOLD: "ok"}
NAMES = {
    "INTAKE": gettext_lazy("Questions before the visit"),
    "VISITS": gettext_lazy("Dates of visits"),
    "OFFER": gettext_lazy("A time from the waiting list"),
    "MSG-01": gettext_lazy("Preparation, 3 days before"),
    "MSG-02": gettext_lazy("Reminder, the day before"),
    "MSG-03": gettext_lazy("Aftercare sheet"),
    "MSG-04": gettext_lazy("Questions on day 1"),
    "MSG-05": gettext_lazy("Questions on day 3"),
    "MSG-06": gettext_lazy("Message on day 7"),
    "MSG-07a": gettext_lazy("Late check after 4 weeks"),
    "MSG-07b": gettext_lazy("Late check after 12 weeks"),
    "MSG-08": gettext_lazy("Before an assessment"),
    "MSG-09a": gettext_lazy("Recall after the course"),
    "MSG-09b": gettext_lazy("Second recall after the course"),
    "MSG-10": gettext_lazy("New date after a missed session"),
    "MSG-11": gettext_lazy("Consent to be renewed"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A list of the ledger: the states that it shows; none means all."""

    key: str
    label: object
    states: tuple[str, ...] = ()


FILTERS = (
    Filter("", gettext_lazy("All")),
    Filter("todo", gettext_lazy("For you to do"), (State.FAILED, State.UNCERTAIN, State.PRINTED)),
    Filter("waiting", gettext_lazy("Waiting"), (State.WAITING, State.PLANNED)),
    Filter("sent", gettext_lazy("Sent or told"), (State.SENT, State.TOLD)),
    Filter("skipped", gettext_lazy("Skipped"), (State.SKIPPED,)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One message with its state in words and what may be done with it."""

    notice: Notice
    name: str
    state: str
    tone: str
    why: str
    sent_at: datetime | None
    message_id: str
    send: bool
    again: bool
    arrived: bool
    told: bool
    paper: bool
    printed: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter with the number of messages behind it."""

    key: str
    label: object
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """One page of the ledger."""

    rows: Sequence[Row]
    page: Page[Notice]
    tabs: Sequence[Tab]
    state: str
    patient: Patient | None

    @property
    def patient_ids(self) -> list[int]:
        shown = [row.notice.patient_id for row in self.rows]
        return [*shown, self.patient.pk] if self.patient else shown


def ledger_for(actor: User, *, state: str = "", patient_id: int | None = None, page: str = "1") -> Ledger:
    """The messages within the actor's scope, those that need somebody first; raises OutOfScope."""
    patient = patient_for(actor, patient_id) if patient_id else None
    found, now = notices_for(actor), clock.now()
    if patient is not None:
        found = found.filter(patient=patient)
    chosen = next(each for each in FILTERS if each.key == state)
    shown = Paginator(_ordered(found.filter(_listed(chosen, now))), PAGE).get_page(page)
    rows = [row_of(actor, notice) for notice in shown]
    return Ledger(rows, shown, _tabs(found, state, now), state, patient)


def row_of(actor: User, notice: Notice) -> Row:
    """What the desk reads of one message, and may do."""
    message, sends = notice.message, may(actor, Can.SEND_MESSAGES)
    open_paper = notice.channel == "paper" or notice.rule == "MSG-03"
    return Row(
        notice=notice,
        name=str(NAMES.get(notice.rule, notice.rule)),
        state=_state(notice),
        tone=TONES.get(State(notice.state), ""),
        why=_why(notice, clock.now()),
        sent_at=message.sent_at if message else None,
        message_id=message.message_id if message and message.sent_at else "",
        send=sends and notice.state == State.WAITING and message is not None and message.state == outbox.State.WAITING,
        again=sends and notice.state in RESENDABLE and message is not None,
        arrived=sends and notice.state == State.UNCERTAIN,
        told=sends and notice.state in TELLABLE,
        paper=may(actor, Can.VIEW_DOCUMENTS) and open_paper and notice.subject != "",
        printed=sends and notice.state == State.PRINTED,
    )


def _ordered(found: QuerySet[Notice]) -> QuerySet[Notice]:
    ranks = {State.FAILED: 0, State.UNCERTAIN: 0, State.PRINTED: 1, State.WAITING: 2, State.PLANNED: 2}
    rank = Case(*(When(state=state, then=Value(each)) for state, each in ranks.items()), default=Value(3))
    # What is to come reads forwards, what is over backwards.
    coming = Case(When(state__in=list(ranks), then=F("due_at")))
    return found.annotate(rank=Case(When(pk__isnull=False, then=rank), output_field=IntegerField())).order_by(
        "rank", coming, "-due_at", "pk"
    )


def far_ahead(now: datetime) -> Q:
    """Papers for a day far from now: nobody's work yet."""
    return Q(state=State.PRINTED, due_at__gt=now + PAPERS_AHEAD)


def _listed(chosen: Filter, now: datetime) -> Q:
    wanted = Q(state__in=chosen.states) if chosen.states else Q()
    return wanted & ~far_ahead(now) if chosen.key == "todo" else wanted


def _tabs(found: QuerySet[Notice], state: str, now: datetime) -> list[Tab]:
    numbers = {f"n_{each.key}": Count("pk", filter=_listed(each, now)) for each in FILTERS}
    counts = found.order_by().aggregate(**numbers)
    return [Tab(each.key, each.label, counts[f"n_{each.key}"], each.key == state) for each in FILTERS]


def _state(notice: Notice) -> str:
    if notice.channel == "paper" and notice.state == State.SENT:
        return _("Printed")
    return str(State(notice.state).label)


def _why(notice: Notice, now: datetime) -> str:
    if notice.state == State.WAITING:
        return _waits(notice, now)
    if notice.state == State.FAILED:
        error = {"error": (notice.reason or _("unknown cause")).rstrip(".")}
        return _("Not sent: %(error)s. Check the address and send it again, or tell the patient by phone.") % error
    if notice.state == State.UNCERTAIN:
        return _("The mail server did not say whether it took it. Ask the patient, or send it again.")
    return _(notice.reason) if notice.reason else ""


def _waits(notice: Notice, now: datetime) -> str:
    message = notice.message
    if message is not None and message.state == outbox.State.CLAIMED:
        return _("It is being sent at this moment.")
    if message is not None and message.last_error:
        words = {"number": message.attempts, "error": message.last_error}
        return _("Tried %(number)s times (%(error)s). It is tried again by itself.") % words
    return _("It goes out at its time.") if notice.due_at > now else _("It is due and goes out next.")
