"""The ledger of messages: how a patient is told something, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mesoclinic import access, audit, clock, outbox
from mesoclinic.access import Can
from mesoclinic.actors import Actor
from mesoclinic.errors import Conflict
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from patients.models import Notice, Patient
from patients.queries.contact import NO_ADDRESS, NO_PERMISSION, mail_hindrance
from patients.queries.notices import notice_for

EMAIL, PAPER, DESK = "email", "paper", "desk"
# What the patient needs to stay safe is printed when it may not be mailed.
SAFETY = frozenset({"MSG-03"})
OPEN = (Notice.State.WAITING, Notice.State.PRINTED)
HANDED_OVER = gettext_noop("Printed and handed over.")
SHOWN_AT_DESK = gettext_noop("Shown or printed at the desk.")
TOO_SOON = gettext_noop("The visit is sooner than this reminder.")
CANCELLED = gettext_noop("The visit was cancelled.")
LATE = gettext_noop("It was known only after this message was due.")
ENDED = gettext_noop("The course has ended.")
NO_DATE = gettext_noop("Nobody can tell the day while sessions have no date.")
DONE = gettext_noop("This is done.")
REBOOKED = gettext_noop("The patient has a new date.")
NO_RECALL = gettext_noop("The course did not end with a response.")
# What was skipped for one of these waits again once it holds no more.
PASSING = (TOO_SOON, CANCELLED, LATE, ENDED, NO_DATE, DONE, REBOOKED, NO_RECALL)
PRINT_INSTEAD = gettext_noop("Print it and hand it over, or tell the patient by phone.")
_FOLLOWS = {
    outbox.State.WAITING: Notice.State.WAITING,
    outbox.State.CLAIMED: Notice.State.WAITING,
    outbox.State.SENT: Notice.State.SENT,
    outbox.State.SKIPPED: Notice.State.SKIPPED,
    outbox.State.FAILED: Notice.State.FAILED,
    outbox.State.UNCERTAIN: Notice.State.UNCERTAIN,
}


@dataclass(frozen=True, slots=True)
class Matter:
    """What a patient is to be told: the rule, what it is about, and the kind of mail that says it."""

    patient: Patient
    site: Site
    rule: str
    subject: str
    kind: str


def promise(matter: Matter, *, due: datetime) -> Notice:
    """Have the patient told at `due`, by mail where they may be mailed; call it inside the open transaction.

    The same matter again moves the due time while nobody has claimed its mail.
    """
    notice = _known(matter)
    if notice is None:
        return _start(matter, due)
    if notice.state == Notice.State.SKIPPED and notice.reason in PASSING:
        return _begin(notice, matter, due)
    if notice.state in OPEN:
        _move(notice, due)
    return notice


@dataclass(frozen=True, slots=True)
class Due:
    """A matter with the moment at which the patient is told, or the reason why not."""

    matter: Matter
    at: datetime
    skipped: str = ""


def tell_all(dues: Sequence[Due]) -> None:
    """Promise or skip each of these; what the ledger does not know yet takes as many statements as one would."""
    subjects = {due.matter.subject for due in dues}
    known = set(Notice.objects.filter(subject__in=subjects).values_list("patient", "rule", "subject"))
    fresh = [due for due in dues if (due.matter.patient.pk, due.matter.rule, due.matter.subject) not in known]
    for due in dues:
        if due in fresh:
            continue
        if due.skipped:
            skip(due.matter, due=due.at, reason=due.skipped)
        else:
            promise(due.matter, due=due.at)
    _tell_first(fresh)


def skip(matter: Matter, *, due: datetime, reason: str) -> Notice:
    """Note that the patient is not told this, and why; what waits already is taken back."""
    notice = _known(matter)
    if notice is None:
        return _row(matter, _channel(matter), due, Notice.State.SKIPPED, reason)
    if notice.state in OPEN:
        _take_back(notice, reason)
    return notice


def note_handed_over(matter: Matter) -> Notice:
    """Note that the patient got it at the desk, so that nothing is mailed."""
    return _row(matter, DESK, clock.now(), Notice.State.SENT, SHOWN_AT_DESK)


def withdraw(*, subject: str, reason: str) -> int:
    """Take back all that still waits about a subject; returns how many."""
    waiting = Notice.objects.select_for_update(of=("self",)).filter(subject=subject, state__in=OPEN)
    return sum(_take_back(notice, reason) for notice in waiting.select_related("message"))


def follow_message(*, message_id: int) -> None:
    """The ledger says what the outbox says; a safety sheet that may not be mailed is printed."""
    with atomic():
        notice = Notice.objects.select_related("message", "patient", "site").filter(message_id=message_id).first()
        if notice is None or notice.message is None:
            return
        notice.state = _FOLLOWS[outbox.State(notice.message.state)]
        notice.reason = notice.message.reason or notice.message.last_error
        notice.save(update_fields=["state", "reason"])
        if notice.state == Notice.State.SKIPPED and notice.rule in SAFETY:
            _print_instead(notice)


def send_now(actor: Actor, *, notice_id: int) -> Notice:
    """Bring a mail forward, or try one again that failed or of which nobody can tell. Raises Conflict."""
    access.require(actor, Can.SEND_MESSAGES)
    with atomic():
        notice = notice_for(actor, notice_id)
        if notice.message is None or notice.state == Notice.State.TOLD:
            raise Conflict(_("There is no mail to send. Print it, or tell the patient by phone."))
        message = outbox.hurry(actor, notice.message)
        _set(notice, Notice.State.WAITING, "", due_at=message.due_at)
        audit.record(actor, "notice.hurried", notice, changed=["due_at", "state"])
    return notice


def mark_told(actor: Actor, *, notice_id: int) -> Notice:
    """Somebody has told the patient by phone: no mail goes out any more. Raises Conflict."""
    access.require(actor, Can.SEND_MESSAGES)
    with atomic():
        notice = notice_for(actor, notice_id)
        if notice.state in (Notice.State.SENT, Notice.State.TOLD):
            raise Conflict(_("The patient has been told this already."))
        if notice.state == Notice.State.WAITING and not _withdrawn(notice, "Told by phone."):
            raise Conflict(_("This message is being sent at this moment."))
        _set(notice, Notice.State.TOLD, "")
        audit.record(actor, "notice.told", notice, changed=["state"])
    return notice


def mark_printed(actor: Actor, *, notice_id: int) -> Notice:
    """The paper was printed and handed over. Raises Conflict."""
    access.require(actor, Can.SEND_MESSAGES)
    with atomic():
        notice = notice_for(actor, notice_id)
        if notice.state != Notice.State.PRINTED:
            raise Conflict(_("This message is not waiting to be printed."))
        _set(notice, Notice.State.SENT, HANDED_OVER)
        audit.record(actor, "notice.handed_over", notice, changed=["state"])
    return notice


def mark_arrived(actor: Actor, *, notice_id: int) -> Notice:
    """Somebody made sure that a mail of which nobody could tell did arrive. Raises Conflict."""
    access.require(actor, Can.SEND_MESSAGES)
    with atomic():
        notice = notice_for(actor, notice_id)
        if notice.message is None or notice.state != Notice.State.UNCERTAIN:
            raise Conflict(_("This message is not uncertain."))
        outbox.settle(actor, notice.message)
        audit.record(actor, "notice.arrived", notice, changed=["state"])
    notice.refresh_from_db()
    return notice


def _known(matter: Matter) -> Notice | None:
    same = Notice.objects.filter(patient=matter.patient, rule=matter.rule, subject=matter.subject)
    return same.select_related("message").order_by("-pk").first()


def _channel(matter: Matter) -> str:
    return PAPER if _plan(matter)[1] == Notice.State.PRINTED else EMAIL


def _plan(matter: Matter) -> tuple[str, Notice.State, str]:
    hindrance = mail_hindrance(matter.patient)
    if not hindrance:
        return EMAIL, Notice.State.WAITING, ""
    if hindrance == NO_ADDRESS or (hindrance == NO_PERMISSION and matter.rule in SAFETY):
        return PAPER, Notice.State.PRINTED, f"{hindrance} {PRINT_INSTEAD}"
    return EMAIL, Notice.State.SKIPPED, hindrance


def _start(matter: Matter, due: datetime) -> Notice:
    channel, state, reason = _plan(matter)
    notice = _row(matter, channel, due, state, reason)
    if notice.state == Notice.State.WAITING and notice.message is None:
        _mail(notice, matter.kind, due)
    return notice


def _tell_first(dues: Sequence[Due]) -> None:
    rows = Notice.objects.bulk_create(_first(due) for due in dues)
    kinds = {id(row): due.matter.kind for row, due in zip(rows, dues, strict=True)}
    mailed = [row for row in rows if row.state == Notice.State.WAITING]
    promises = [outbox.Promise(kinds[id(row)], _key(row, row.due_at), f"notice:{row.pk}", row.due_at) for row in mailed]
    for row, message in zip(mailed, outbox.put_all(promises), strict=True):
        row.message = message
    Notice.objects.bulk_update(mailed, ["message"])


def _first(due: Due) -> Notice:
    matter, (channel, state, reason) = due.matter, _plan(due.matter)
    if due.skipped:
        state, reason = Notice.State.SKIPPED, due.skipped
    return Notice(
        patient=matter.patient,
        site=matter.site,
        rule=matter.rule,
        subject=matter.subject,
        channel=channel,
        due_at=due.at,
        state=state,
        reason=reason,
    )


def _begin(notice: Notice, matter: Matter, due: datetime) -> Notice:
    """What was skipped waits again when the time has changed, or the visit takes place after all."""
    channel, state, reason = _plan(matter)
    if channel != notice.channel:
        return notice
    _set(notice, state, reason, due_at=due)
    if state == Notice.State.WAITING:
        _mail(notice, matter.kind, due)
    return notice


def _row(matter: Matter, channel: str, due: datetime, state: str, reason: str) -> Notice:
    same = {"patient": matter.patient, "rule": matter.rule, "subject": matter.subject, "channel": channel}
    fresh = {"site": matter.site, "due_at": due, "state": state, "reason": reason}
    return Notice.objects.get_or_create(**same, defaults=fresh)[0]


def _mail(notice: Notice, kind: str, due: datetime) -> None:
    # A message that was taken back stays as it is, so a later promise needs another key.
    key = _key(notice, due)
    notice.message = outbox.put(kind, key=key, subject=f"notice:{notice.pk}", due=due)
    notice.save(update_fields=["message"])


def _key(notice: Notice, due: datetime) -> str:
    return f"notice:{notice.pk}:{int(due.timestamp())}"


def _move(notice: Notice, due: datetime) -> None:
    if notice.message is not None:
        message = notice.message
        due = outbox.put(message.kind, key=message.key, subject=message.subject_key, due=due).due_at
    _set(notice, Notice.State(notice.state), notice.reason, due_at=due)


def _take_back(notice: Notice, reason: str) -> bool:
    if notice.message is not None and not _withdrawn(notice, reason):
        return False
    _set(notice, Notice.State.SKIPPED, reason)
    return True


def _withdrawn(notice: Notice, reason: str) -> bool:
    return notice.message is None or outbox.withdraw(notice.message.key, reason=reason)


def _set(notice: Notice, state: Notice.State, reason: str, *, due_at: datetime | None = None) -> None:
    notice.state, notice.reason, notice.due_at = state, reason, due_at or notice.due_at
    notice.save(update_fields=["state", "reason", "due_at"])


def _print_instead(notice: Notice) -> None:
    message = notice.message
    if message is None or message.reason not in (NO_ADDRESS, NO_PERMISSION):
        return
    matter = Matter(notice.patient, notice.site, notice.rule, notice.subject, message.kind)
    _row(matter, PAPER, notice.due_at, Notice.State.PRINTED, f"{message.reason} {PRINT_INSTEAD}")
