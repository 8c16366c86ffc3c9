"""What has become of the demo's mails: written as the outbox leaves them, without sending one."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db.models import F

from mesoclinic import audit, clock
from mesoclinic.accounts import Role, User
from mesoclinic.actors import System
from mesoclinic.outbox import ATTEMPTS, Message, State
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from patients.models import Notice
from patients.services.notices import SAFETY, mark_printed, mark_told
from sessions.demo.people import MISTYPED, MUTE

OUTBOX = System("outbox")
TAKES = timedelta(seconds=4)
NO_MAILBOX = "550 5.1.1 The mailbox does not exist"
SILENCE = "The server took the mail and did not answer."
DESK_DELAY = timedelta(hours=4)


def settle_due() -> None:
    """Every mail that is due has gone out, failed, or nobody can tell."""
    waiting = Message.objects.filter(state=State.WAITING, due_at__lte=clock.now()).select_related("notice__patient")
    due = list(waiting.order_by("due_at", "pk"))
    if due:
        failed, unsure = _to(due, MISTYPED), _to(due, MUTE)
        sent = [message for message in due if message not in failed and message not in unsure]
        _end(sent, State.SENT, sent_at=F("due_at") + TAKES, handed_over_at=F("due_at"))
        _end(failed, State.FAILED, attempts=ATTEMPTS, fence=ATTEMPTS, last_error=NO_MAILBOX)
        _end(unsure, State.UNCERTAIN, handed_over_at=F("due_at"), last_error=SILENCE)


def hand_over_papers(now: datetime) -> None:
    """The desks print what was due some hours ago, and call those who only had to be reminded."""
    due = Notice.objects.filter(state=Notice.State.PRINTED, due_at__lte=now - DESK_DELAY).select_related("site")
    for notice in due.order_by("pk"):
        _done(notice)(_desk(notice.site), notice_id=notice.pk)


def _end(messages: Sequence[Message], state: State, **fields: object) -> None:
    with atomic():
        settled = Message.objects.filter(pk__in=[message.pk for message in messages])
        settled.update(**({"attempts": 1, "fence": 1} | fields), state=state)
        reason = str(fields.get("last_error", ""))
        Notice.objects.filter(message__in=messages).update(state=state.value, reason=reason)
        for message in messages:
            audit.record(OUTBOX, f"message.{state}", message)


def _to(messages: Sequence[Message], domain: str) -> list[Message]:
    return [message for message in messages if message.notice.patient.email.endswith(domain)]


def _done(notice: Notice) -> Callable[..., Notice]:
    return mark_printed if notice.rule in SAFETY else mark_told


def _desk(site: Site) -> User:
    return next(user for user in site.staff.order_by("pk") if Role.FRONT_DESK in user.roles)
