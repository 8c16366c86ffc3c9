"""What has become of the demo's mails: settled as a mail server would have had it, without sending one."""

from datetime import datetime, timedelta

from mesoclinic import audit, clock, news, outbox
from mesoclinic.accounts import Role, User
from mesoclinic.actors import System
from mesoclinic.outbox import Message, State
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from patients.models import Notice
from patients.services.notices import SAFETY, mark_printed, mark_told
from sessions.demo.people import MISTYPED, MUTE

OUTBOX = System("outbox")
TAKES = timedelta(seconds=4)
NO_MAILBOX = "550 5.1.1 The mailbox does not exist."
STOPPED = "The server took the mail and did not answer."
DESK_DELAY = timedelta(hours=4)


def settle_due() -> None:
    """Every mail that is due has gone out, failed, or nobody can tell; papers were handed over after a while."""
    now = clock.now()
    for message in Message.objects.filter(state=State.WAITING, due_at__lte=now).select_related("notice__patient"):
        _settle(message, now)


def hand_over_papers(now: datetime) -> None:
    """The desks print what was due some hours ago, and call those who only had to be reminded."""
    due = Notice.objects.filter(state=Notice.State.PRINTED, due_at__lte=now - DESK_DELAY).select_related("site")
    for notice in due.order_by("pk"):
        (mark_printed if notice.rule in SAFETY else mark_told)(_desk(notice.site), notice_id=notice.pk)


def _settle(message: Message, now: datetime) -> None:
    state, error = _fate(message)
    claimed = outbox.claim(message.pk, now)
    assert claimed is not None, "nobody else sends while the demo is made"
    handed_over = None if state == State.FAILED else now
    sent = now + TAKES if state == State.SENT else None
    with atomic():
        Message.objects.filter(pk=message.pk).update(
            state=state, lease_until=None, handed_over_at=handed_over, sent_at=sent, last_error=error
        )
        audit.record(OUTBOX, f"message.{state}", message)
        news.announce("message.settled", message_id=message.pk)


def _fate(message: Message) -> tuple[State, str]:
    address = message.notice.patient.email
    if address.endswith(MISTYPED):
        return State.FAILED, NO_MAILBOX
    if address.endswith(MUTE):
        return State.UNCERTAIN, STOPPED
    return State.SENT, ""


def _desk(site: Site) -> User:
    return next(user for user in site.staff.order_by("pk") if Role.FRONT_DESK in user.roles)
