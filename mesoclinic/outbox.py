"""The outbox: a row is the promise of one mail; it is claimed, handed over once, and looked up after a crash."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from mesoclinic import audit, clock, faultpoints, jobs, news, transport
from mesoclinic.actors import Actor
from mesoclinic.errors import Conflict
from mesoclinic.transactions import atomic
from mesoclinic.transport import Found, Mail, NotSent, Unsure

ATTEMPTS = 5
BATCH = 200
TEXT_LENGTH = 200
_FIRST_WAIT = timedelta(seconds=30)


class State(models.TextChoices):
    """Where a message stands; `uncertain` waits for a person, as nobody can tell whether it went out."""

    WAITING = "waiting", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Skipped")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Uncertain")


class Message(models.Model):
    """One mail to come. The kind's composer reads the live row named by the subject key when it is sent."""

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    subject_key = models.CharField(max_length=100)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    # No worker may take the message before this: the end of a claim, or of a pause after a failure.
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set just before the mail is handed to the server: a claim that died earlier has surely sent nothing.
    handed_over_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, unique=True)
    last_error = models.CharField(max_length=TEXT_LENGTH, blank=True)
    reason = models.CharField(max_length=TEXT_LENGTH, blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("due_at", "id")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "due_at"], name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"


@dataclass(frozen=True, slots=True)
class Skip:
    """A composer's answer when the mail must not go out any more; the reason holds no patient data."""

    reason: str


Composer = Callable[[str], Mail | Skip]


@dataclass(frozen=True, slots=True)
class _Kind:
    compose: Composer
    repeatable: bool


_kinds: dict[str, _Kind] = {}


def composer(kind: str, *, repeatable: bool = False) -> Callable[[Composer], Composer]:
    """Register what writes mails of this kind; `repeatable` when a second copy does no harm, as with a link."""

    def register(compose: Composer) -> Composer:
        _kinds[kind] = _Kind(compose, repeatable)
        return compose

    return register


def put(kind: str, *, key: str, subject: str, due: datetime) -> Message:
    """Promise a mail in the open transaction. The same key again moves the due time of what waits or was skipped."""
    with atomic():
        fresh = {"kind": kind, "subject_key": subject, "due_at": due, "message_id": _message_id()}
        message, new = Message.objects.get_or_create(key=key, defaults=fresh | {"made_at": clock.now()})
        if not new:
            same = Message.objects.filter(pk=message.pk)
            same.filter(state=State.SKIPPED).update(state=State.WAITING, reason="", attempts=0, lease_until=None)
            same.filter(state=State.WAITING).update(due_at=due)
            message.refresh_from_db()
        if message.state == State.WAITING and due <= clock.now():
            _wake(message.pk)
    return message


@dataclass(frozen=True, slots=True)
class Promise:
    """One mail to come, as `put` takes it."""

    kind: str
    key: str
    subject: str
    due: datetime


def put_all(promises: Iterable[Promise]) -> list[Message]:
    """Promise mails whose keys are all new, in one statement, in the open transaction."""
    with atomic():
        now = clock.now()
        made = Message.objects.bulk_create(
            Message(
                key=each.key,
                kind=each.kind,
                subject_key=each.subject,
                due_at=each.due,
                message_id=_message_id(),
                made_at=now,
            )
            for each in promises
        )
        for message in made:
            if message.due_at <= now:
                _wake(message.pk)
    return made


def withdraw(key: str, *, reason: str) -> bool:
    """Take a promise back; False when the message was claimed, sent or settled before."""
    with atomic():
        waiting = Message.objects.filter(key=key, state=State.WAITING)
        return waiting.update(state=State.SKIPPED, reason=reason[:TEXT_LENGTH]) == 1


def hurry(actor: Actor, message: Message) -> Message:
    """Send now: due at once with fresh attempts, also after a failure or when nobody can tell. Raises Conflict."""
    stuck = (State.WAITING, State.FAILED, State.UNCERTAIN)
    with atomic():
        fresh = {"state": State.WAITING, "due_at": clock.now(), "attempts": 0, "lease_until": None}
        if not Message.objects.filter(pk=message.pk, state__in=stuck).update(**fresh, handed_over_at=None):
            raise Conflict("This message has been sent or settled meanwhile.")
        audit.record(actor, "message.hurried", message, changed=["due_at", "state"])
        _wake(message.pk)
    message.refresh_from_db()
    return message


def settle(actor: Actor, message: Message) -> Message:
    """A person has found out that an uncertain message did arrive. Raises Conflict when it is not uncertain."""
    with atomic():
        unsure = Message.objects.filter(pk=message.pk, state=State.UNCERTAIN)
        if not unsure.update(state=State.SENT, sent_at=F("handed_over_at")):
            raise Conflict("This message has been settled meanwhile.")
        audit.record(actor, "message.settled", message, changed=["state"])
        news.announce("message.settled", message_id=message.pk)
    message.refresh_from_db()
    return message


def sweep() -> int:
    """Wake a worker for each message that is due or whose claim has died; returns how many."""
    found = Message.objects.filter(_claimable(clock.now())).values_list("pk", flat=True)[:BATCH]
    for message_id in found:
        _wake(message_id)
    return len(found)


def oldest_due() -> datetime | None:
    """Since when the oldest message that nobody has sent has been due."""
    overdue = Message.objects.filter(state__in=(State.WAITING, State.CLAIMED), due_at__lte=clock.now())
    return overdue.order_by("due_at").values_list("due_at", flat=True).first()


def claim(message_id: int, now: datetime) -> tuple[Message, bool] | None:
    """Take the message with a lease and the next fence; True beside it when an earlier claim may have sent it."""
    with atomic():
        free = Message.objects.select_for_update().filter(_claimable(now), pk=message_id)
        message = free.first()
        if message is None:
            return None
        crashed = message.state == State.CLAIMED and message.handed_over_at is not None
        message.state, message.lease_until = State.CLAIMED, now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        message.fence, message.attempts = message.fence + 1, message.attempts + 1
        message.save(update_fields=["state", "lease_until", "fence", "attempts"])
    return message, crashed


def deliver(actor: Actor, *, message_id: int) -> None:
    """Send one due message at most once; whatever kills this, a later call finds out and goes on."""
    faultpoints.reach("before_claim")
    claimed = claim(message_id, clock.now())
    if claimed is None:
        return
    faultpoints.reach("after_claim")
    message, crashed = claimed
    if crashed and _settled_after_crash(actor, message):
        return
    if message.attempts > ATTEMPTS:
        _end(actor, message, State.FAILED, last_error=message.last_error or "stopped five times")
        return
    _send(actor, message)
    faultpoints.reach("after_commit")


def _settled_after_crash(actor: Actor, message: Message) -> bool:
    found = transport.current().find(message.message_id)
    if found is Found.SENT:
        _end(actor, message, State.SENT, sent_at=message.handed_over_at)
    elif found is Found.CANNOT_TELL and not _repeatable(message.kind):
        _end(actor, message, State.UNCERTAIN, last_error="stopped while sending")
    else:
        return False
    return True


def _send(actor: Actor, message: Message) -> None:
    try:
        mail = _compose(message)
        if isinstance(mail, Skip):
            _end(actor, message, State.SKIPPED, reason=mail.reason[:TEXT_LENGTH])
        elif _hand_over(message):
            transport.current().send(replace(mail, message_id=message.message_id))
            _end(actor, message, State.SENT, sent_at=clock.now())
    except NotSent as problem:
        _retry(actor, message, str(problem), final=problem.final)
    except Unsure as problem:
        # The claim stays: when its grace is over, the next one asks whether the mail arrived.
        _mine(message).update(last_error=str(problem), lease_until=clock.now())


def _compose(message: Message) -> Mail | Skip:
    kind = _kind(message.kind)
    if kind is None:
        raise NotSent("nobody composes this kind", final=True)
    try:
        return kind.compose(message.subject_key)
    except Exception as problem:  # whatever a composer breaks on must not stop the others
        raise NotSent(f"composing failed: {type(problem).__name__}") from problem


def _hand_over(message: Message) -> bool:
    # The last look before the server gets it: the claim must still be this worker's, and not run out.
    now = clock.now()
    return _mine(message).filter(lease_until__gt=now).update(handed_over_at=now) == 1


def _retry(actor: Actor, message: Message, error: str, *, final: bool) -> None:
    if final or message.attempts >= ATTEMPTS:
        _end(actor, message, State.FAILED, last_error=error)
        return
    pause = clock.now() + _FIRST_WAIT * 2**message.attempts * random.uniform(0.5, 1.0)
    _mine(message).update(state=State.WAITING, last_error=error, lease_until=pause, handed_over_at=None)


def _end(actor: Actor, message: Message, state: State, **fields: object) -> None:
    with atomic():
        if _mine(message).update(state=state, lease_until=None, **fields):
            audit.record(actor, f"message.{state}", message)
            news.announce("message.settled", message_id=message.pk)


def _mine(message: Message) -> models.QuerySet[Message]:
    return Message.objects.filter(pk=message.pk, state=State.CLAIMED, fence=message.fence)


def _claimable(now: datetime) -> Q:
    grace = timedelta(seconds=settings.OUTBOX_GRACE_SECONDS)
    waiting = Q(state=State.WAITING, due_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lte=now))
    return waiting | Q(state=State.CLAIMED, lease_until__lte=now - grace)


def _repeatable(name: str) -> bool:
    kind = _kind(name)
    return kind is not None and kind.repeatable


def _kind(name: str) -> _Kind | None:
    # Composers register themselves when their module is imported, which a worker has no other cause to do.
    if name not in _kinds:
        autodiscover_modules("documents")
    return _kinds.get(name)


def _wake(message_id: int) -> None:
    # An unstarted wake-up is dropped, as the next sweep makes another: the queue cannot grow while workers are away.
    jobs.enqueue("outbox.deliver", drop_after=30, message_id=message_id)


def _message_id() -> str:
    return make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname or "localhost")
