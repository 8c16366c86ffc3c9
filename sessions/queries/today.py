"""What needs somebody now: the role homes, made of queues of one sentence and one action a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.accounts import Role, User
from mesoclinic.rules.tri import Tri
from mesoclinic.templatetags.components import staff_date
from patients.models import Consent, Consultation, Notice, Override, PlanVersion
from patients.queries.intake import waiting_intakes_for
from patients.queries.sign_offs import NamedSignOff, waiting_for
from patients.queries.todos import todos_for
from protocols.queries.catalogue import current_catalogue
from sessions.models import AdverseEvent, Booking
from sessions.queries.adverse import is_sentinel_event, name_of
from sessions.queries.bookings import COMING
from sessions.queries.broken import Broken, broken_bookings
from sessions.queries.messages import far_ahead
from sessions.queries.naming import blocked_words
from sessions.queries.unplaced import Unplaced, unplaced_for

LISTED = 12
STALE_DRAFT = timedelta(days=1)
SOON = timedelta(days=7)
HERE = (Booking.State.ARRIVED, Booking.State.NUMBING, Booking.State.TREATING, Booking.State.OBSERVING)


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence and what settles it: the page `to` with its `key`, or with `tick` the press of a button."""

    when: str
    sentence: str
    detail: str
    action: str
    to: str
    key: int
    patient_id: int | None = None
    tag: str = ""
    level: str = ""
    tick: bool = False

    @property
    def patient_to_open(self) -> int | None:
        """The patient, where the action of the row does something instead of opening them."""
        return self.patient_id if self.tick else None


@dataclass(frozen=True, slots=True)
class Queue:
    """A titled list of rows; `empty` says what it will hold."""

    name: str
    title: str
    icon: str
    rows: Sequence[Row]
    empty: str


@dataclass(frozen=True, slots=True)
class Home:
    """A role home."""

    now: datetime
    queues: Sequence[Queue]
    following: Booking | None

    @property
    def waiting(self) -> int:
        return sum(len(queue.rows) for queue in self.queues)

    @property
    def patient_ids(self) -> list[int]:
        rows = [row.patient_id for queue in self.queues for row in queue.rows]
        return [each for each in [*rows, self.following and self.following.patient_id] if each]


def home_for(actor: User, *, now: datetime) -> Home:
    """The queues of all the actor's roles, each once, in the order of the first role that has it."""
    wanted = [name for role in Role.values if role in actor.roles for name in HOMES[role]]
    queues = [QUEUES[name](actor, now) for name in dict.fromkeys(wanted)]
    if Role.FRONT_DESK not in actor.roles:
        queues = [each for each in queues if each.rows or each.name != "unplaced"]
    site = actor.sites.first()
    local = now.astimezone(site.zone) if site else now
    return Home(local, queues, _following(actor, now))


def _following(actor: User, now: datetime) -> Booking | None:
    coming = _bookings(actor).filter(state__in=COMING, starts_at__gte=now, patient__isnull=False)
    return coming.order_by("starts_at").first()


def _bookings(actor: User) -> QuerySet[Booking]:
    related = ("site", "patient", "clinician", "treatment_session")
    return Booking.objects.filter(site__in=actor.sites.all()).select_related(*related)


def _on_day(actor: User, now: datetime, *, later: int = 0) -> Q:
    """Bookings that start on the calendar day of their own site, `later` days from now."""
    days = Q(pk__in=())
    for site in actor.sites.all():
        day = now.astimezone(site.zone).date() + timedelta(days=later)
        first, end = (datetime.combine(day + timedelta(days=more), time(), site.zone) for more in (0, 1))
        days |= Q(site=site, starts_at__gte=first, starts_at__lt=end)
    return days


def _arrivals(actor: User, now: datetime) -> Queue:
    bookings = _bookings(actor).filter(_on_day(actor, now), state__in=COMING, patient__isnull=False)
    rows = [_arrival(each, now) for each in bookings.order_by("starts_at")[:LISTED]]
    return Queue("arrivals", _("Now and next"), "door-open", rows, _("Nobody else is expected today."))


def _arrival(booking: Booking, now: datetime) -> Row:
    late = int((now - booking.starts_at).total_seconds() // 60)
    text = _("%(name)s has not arrived.") if late > 0 else _("%(name)s comes for: %(visit)s.")
    tag = _("%(minutes)d min late") % {"minutes": late} if late > 0 else ""
    return _booking_row(booking, text, tag=tag, level="warn" if late > 0 else "")


def _unconfirmed(actor: User, now: datetime) -> Queue:
    tomorrow = _bookings(actor).filter(_on_day(actor, now, later=1), state=Booking.State.BOOKED, patient__isnull=False)
    text = _("%(name)s has not confirmed: %(visit)s.")
    rows = [_booking_row(each, text) for each in tomorrow.order_by("starts_at")[:LISTED]]
    return Queue(
        "unconfirmed", _("Not confirmed for tomorrow"), "question-circle", rows, _("All of tomorrow is confirmed.")
    )


def _my_day(actor: User, now: datetime) -> Queue:
    mine = _bookings(actor).filter(_on_day(actor, now), clinician=actor, state__in=(*COMING, *HERE))
    text = _("%(name)s: %(visit)s.")
    rows = [_booking_row(each, text) for each in mine.order_by("starts_at")[:LISTED] if each.patient]
    return Queue("my-day", _("My day"), "calendar3", rows, _("You have no visits left today."))


def _rooms(actor: User, now: datetime) -> Queue:
    here = _bookings(actor).filter(_on_day(actor, now), state__in=HERE, patient__isnull=False)
    text = _("%(name)s is here for: %(visit)s.")
    rows = [_booking_row(each, text, tag=each.get_state_display()) for each in here.order_by("starts_at")[:LISTED]]
    return Queue("rooms", _("Rooms now"), "activity", rows, _("No patient is in a room."))


def _to_prepare(actor: User, now: datetime) -> Queue:
    signed = Consent.objects.filter(
        plan_version=OuterRef("treatment_session__series__plan_version"), state=Consent.State.SIGNED
    )
    coming = _bookings(actor).filter(_on_day(actor, now), state__in=COMING, treatment_session__isnull=False)
    text = _("Prepare for %(name)s: %(visit)s.")
    rows = [
        _booking_row(
            each,
            text,
            tag=_("Consent signed") if each.consented else _("No consent yet"),
            level="" if each.consented else "bad",
        )
        for each in coming.annotate(consented=Exists(signed)).order_by("starts_at")[:LISTED]
    ]
    return Queue("prepare", _("Next to prepare"), "clipboard-check", rows, _("No treatment is left to prepare today."))


def _booking_row(booking: Booking, text: str, *, tag: str = "", level: str = "") -> Row:
    session = booking.treatment_session
    visit = _("session %(number)d") % {"number": session.ordinal} if session else booking.visit_type_name
    patient = booking.patient
    name = patient.full_name if patient else ""
    return Row(
        when=f"{booking.starts_at.astimezone(booking.site.zone):%H:%M}",
        sentence=text % {"name": name, "visit": visit or booking.get_kind_display().lower()},
        detail=", ".join(([booking.clinician.name] if booking.clinician else []) + [booking.site.name]),
        action=_("Open patient"),
        to="sessions:patient",
        key=patient.pk if patient else 0,
        patient_id=patient.pk if patient else None,
        tag=tag,
        level=level,
    )


def _broken(actor: User, now: datetime) -> Queue:
    rows = [_broken_row(each) for each in broken_bookings(actor, now=now)[:LISTED]]
    return Queue("broken", _("Visits to move"), "calendar-x", rows, _("Every visit fits the hours."))


def _broken_row(broken: Broken) -> Row:
    booking = broken.booking
    row = _booking_row(booking, _("%(name)s cannot come as booked: %(visit)s."), level="bad")
    local = booking.starts_at.astimezone(booking.site.zone)
    return replace(
        row,
        when=_day(local, booking.site.zone),
        detail=f"{local:%H:%M}, {row.detail}. {blocked_words(broken.reason)}",
        action=_("Find a time"),
        to="sessions:move_booking",
        key=booking.pk,
    )


def _unplaced(actor: User, now: datetime) -> Queue:
    rows = [_unplaced_row(each, now) for each in unplaced_for(actor)]
    return Queue("unplaced", _("Sessions without a date"), "calendar-x", rows, _("Every session has a date."))


def _unplaced_row(unplaced: Unplaced, now: datetime) -> Row:
    series, session, last_safe = unplaced.series, unplaced.session, unplaced.last_safe
    left = (last_safe - now.astimezone(series.site.zone).date()).days if last_safe else 0
    words = _("Passed") if left < 0 else ngettext("%(days)d day left", "%(days)d days left", left) % {"days": left}
    safe = (
        _("Last safe date %(day)s.") % {"day": staff_date(last_safe)}
        if last_safe
        else _("It follows the session before it.")
    )
    owner = _("To do: %(who)s.") % {"who": unplaced.owner}
    return Row(
        when=f"{last_safe.day} {last_safe:%b}" if last_safe else _("No date"),
        sentence=_("%(name)s has no date for session %(number)d.")
        % {"name": series.patient.full_name, "number": session.ordinal},
        detail=" ".join(part for part in (session.flag, safe, owner) if part),
        action=_("Find a date"),
        to="sessions:replan",
        key=series.pk,
        patient_id=series.patient_id,
        tag=words if last_safe else "",
        level="bad" if left < 0 else "warn" if last_safe and left <= SOON.days else "",
    )


def _notices(actor: User, now: datetime, *states: str) -> QuerySet[Notice]:
    rows = Notice.objects.filter(~far_ahead(now), site__in=actor.sites.all(), state__in=states)
    return rows.select_related("patient", "site").order_by("due_at")[:LISTED]


def _failed(actor: User, now: datetime) -> Queue:
    rows = [
        _notice_row(
            each,
            _("A message to %(name)s did not arrive.")
            if each.state == Notice.State.FAILED
            else _("Nobody knows whether a message to %(name)s arrived."),
            _("Decide"),
            level="bad",
        )
        for each in _notices(actor, now, Notice.State.FAILED, Notice.State.UNCERTAIN)
    ]
    return Queue("failed", _("Messages that did not arrive"), "envelope", rows, _("Every message went out."))


def _papers(actor: User, now: datetime) -> Queue:
    text = _("Print a paper for %(name)s.")
    rows = [_notice_row(each, text, _("Open papers")) for each in _notices(actor, now, Notice.State.PRINTED)]
    return Queue("papers", _("Papers to print"), "printer", rows, _("No paper waits to be printed."))


def _notice_row(notice: Notice, text: str, action: str, *, level: str = "") -> Row:
    due = notice.due_at.astimezone(notice.site.zone)
    return Row(
        when=f"{due.day} {due:%b}",
        sentence=text % {"name": notice.patient.full_name},
        detail=notice.reason or notice.get_state_display(),
        action=action,
        to="sessions:patient",
        key=notice.patient_id,
        patient_id=notice.patient_id,
        tag=notice.get_state_display() if level else "",
        level=level,
    )


def _todos(actor: User, now: datetime) -> Queue:
    rows = [
        Row(
            when=_day(each.due_at, each.site.zone) if each.due_at else "",
            sentence=f"{each.patient.full_name}: {each.text}" if each.patient else each.text,
            detail=each.site.name,
            action=_("Done"),
            to="sessions:finish_todo",
            key=each.pk,
            patient_id=each.patient_id,
            tick=True,
        )
        for each in todos_for(actor).filter(done_at__isnull=True)[:LISTED]
    ]
    return Queue("todos", _("Asked of you"), "list-check", rows, _("Nobody has asked you for anything."))


def _intakes(actor: User, now: datetime) -> Queue:
    rows = [
        Row(
            when=_day(each.sent_at, each.site.zone),
            sentence=_("%(name)s has answered the questions before the visit.") % {"name": each.patient.full_name},
            detail=ngettext("%(number)d answer to look at.", "%(number)d answers to look at.", each.waiting)
            % {"number": each.waiting},
            action=_("Look at the answers"),
            to="patients:intake_answers",
            key=each.patient.pk,
            patient_id=each.patient.pk,
        )
        for each in waiting_intakes_for(actor)[:LISTED]
    ]
    return Queue("intakes", _("Intake arrived"), "envelope", rows, _("No answers of patients wait."))


def _drafts(actor: User, now: datetime) -> Queue:
    mine = Consultation.objects.filter(
        clinician=actor, site__in=actor.sites.all(), state=Consultation.State.DRAFT, saved_at__lt=now - STALE_DRAFT
    ).select_related("patient", "site")
    rows = [
        Row(
            when=_day(each.started_at, each.site.zone),
            sentence=_("The consultation of %(name)s is not signed.") % {"name": each.patient.full_name},
            detail=_("Last saved %(day)s.") % {"day": _day(each.saved_at, each.site.zone)},
            action=_("Continue draft"),
            to="patients:consultation",
            key=each.pk,
            patient_id=each.patient_id,
        )
        for each in mine.order_by("started_at")[:LISTED]
    ]
    return Queue("drafts", _("Drafts older than a day"), "pencil", rows, _("You have no old drafts."))


def _sign_offs(actor: User, now: datetime) -> Queue:
    rows = [_sign_off_row(each) for each in waiting_for(actor)[:LISTED]]
    return Queue("sign-offs", _("Sign-offs asked of you"), "shield-exclamation", rows, _("No sign-off is asked for."))


def _sign_off_row(waiting: NamedSignOff) -> Row:
    sign_off, plan = waiting.sign_off, waiting.sign_off.plan_version.plan
    return Row(
        when=_day(sign_off.asked_at, plan.site.zone),
        sentence=_("May %(name)s have %(ingredient)s?") % {"name": plan.patient.full_name, "ingredient": waiting.name},
        detail=f"{sign_off.asked_by.name}: {sign_off.asked_reason}",
        action=_("Decide"),
        to="patients:sign_off",
        key=sign_off.pk,
        patient_id=plan.patient_id,
    )


def _plans(actor: User, now: datetime) -> Queue:
    waiting = PlanVersion.objects.filter(
        plan__site__in=actor.sites.all(), state=PlanVersion.State.DRAFT
    ).select_related("plan__patient", "plan__site")
    rows = [
        Row(
            when=_day(each.made_at, each.plan.site.zone),
            sentence=_("The plan of %(name)s waits to be signed.") % {"name": each.plan.patient.full_name},
            detail=_("Protocol %(protocol)s, %(count)d sessions.")
            % {"protocol": each.protocol, "count": each.session_count},
            action=_("Open plan"),
            to="patients:plan",
            key=each.plan_id,
            patient_id=each.plan.patient_id,
        )
        for each in waiting.order_by("made_at")[:LISTED]
    ]
    return Queue("plans", _("Plans to sign"), "clipboard2-pulse", rows, _("No plan waits for a signature."))


def _events(actor: User, now: datetime) -> Queue:
    opened = (
        AdverseEvent.objects.filter(state=AdverseEvent.State.OPEN, patient__patient_sites__site__in=actor.sites.all())
        .select_related("patient", "site", "record")
        .prefetch_related("lots")
    )
    listed = list(opened.distinct().order_by(F("grade").desc(nulls_first=True), "onset_at")[:LISTED])
    # An empty clinic has no catalogue yet, and no event either.
    sentinel = {each.pk for each in listed if is_sentinel_event(each, current_catalogue()) is Tri.YES}
    rows = [
        Row(
            when=_day(each.onset_at, now.tzinfo),
            sentence=_event_sentence(each),
            detail=name_of(each.code),
            action=_("Open event"),
            to="sessions:adverse_event",
            key=each.pk,
            patient_id=each.patient_id,
            tag=_("Sentinel") if each.pk in sentinel else "",
            level="bad",
        )
        for each in listed
    ]
    return Queue("events", _("Open adverse events"), "exclamation-triangle", rows, _("No adverse event is open."))


def _overrides(actor: User, now: datetime) -> Queue:
    given = Override.objects.filter(
        candidacy__patient__patient_sites__site__in=actor.sites.all(), at__gte=now - SOON
    ).select_related("candidacy__patient", "by")
    rows = [
        Row(
            when=_day(each.at, now.tzinfo),
            sentence=_("%(doctor)s overrode %(rule)s for %(name)s.")
            % {"doctor": each.by.name, "rule": each.rule, "name": each.candidacy.patient.full_name},
            detail=each.reason,
            action=_("Open patient"),
            to="sessions:patient",
            key=each.candidacy.patient_id,
            patient_id=each.candidacy.patient_id,
        )
        for each in given.distinct().order_by("-at")[:LISTED]
    ]
    return Queue("overrides", _("Overridden this week"), "pencil", rows, _("No finding was overridden this week."))


def _event_sentence(event: AdverseEvent) -> str:
    words = {"name": event.patient.full_name, "grade": event.grade}
    if event.grade is None:
        return _("%(name)s reported something that nobody has assessed.") % words
    return _("%(name)s has an open adverse event, grade %(grade)d.") % words


def _day(moment: datetime, zone: tzinfo | None) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b}"


QUEUES: dict[str, Callable[[User, datetime], Queue]] = {
    "arrivals": _arrivals,
    "unconfirmed": _unconfirmed,
    "broken": _broken,
    "unplaced": _unplaced,
    "failed": _failed,
    "papers": _papers,
    "todos": _todos,
    "my_day": _my_day,
    "plans": _plans,
    "sign_offs": _sign_offs,
    "intakes": _intakes,
    "drafts": _drafts,
    "rooms": _rooms,
    "prepare": _to_prepare,
    "events": _events,
    "overrides": _overrides,
}
HOMES: dict[str, tuple[str, ...]] = {
    Role.FRONT_DESK: ("arrivals", "broken", "unconfirmed", "unplaced", "failed", "papers", "todos"),
    Role.NURSE: ("rooms", "prepare", "todos"),
    Role.DERMATOLOGIST: ("my_day", "unplaced", "todos", "events", "intakes", "plans", "drafts"),
    Role.DIRECTOR: ("events", "sign_offs", "unplaced", "todos", "plans", "failed", "overrides"),
}
