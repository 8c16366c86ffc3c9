"""What becomes of a patient's visits is told once: changes wait until they cannot be undone, then go as one message."""

from mesoclinic import audit, clock
from mesoclinic.actors import Actor, System
from mesoclinic.outbox import Message, State
from mesoclinic.transactions import atomic
from patients.models import Notice
from patients.queries.contact import mail_hindrance
from patients.services import notices
from patients.services.notices import Matter
from sessions.models import BookingChange
from sessions.queries.changes import undo_window

CLINIC = System("telling")
RULE, MAIL = "VISITS", "visits"


def tell(*, change_id: int, actor: Actor = CLINIC) -> None:
    """Have the patient told of a change after the time in which it can be undone, together with what waits already.

    Whoever may not be mailed is told by whoever changed it, as before.
    """
    with atomic():
        change = BookingChange.objects.select_related("patient", "site").get(pk=change_id)
        if change.patient is None or change.deed == BookingChange.Deed.CONFIRMED or mail_hindrance(change.patient):
            return
        waiting = _waiting(change)
        subject = waiting.subject if waiting else f"visits:{change.pk}"
        matter = Matter(change.patient, change.site, RULE, subject, MAIL)
        change.notice = notices.promise(matter, due=clock.now() + undo_window())
        change.save(update_fields=["notice"])
        audit.record(actor, "visits.to_tell", change)


def _waiting(change: BookingChange) -> Notice | None:
    """The message about visits that nobody has claimed yet; what is being sent has said its part."""
    same = Notice.objects.filter(patient=change.patient, site=change.site, rule=RULE, state=Notice.State.WAITING)
    notice = same.order_by("pk").last()
    if notice is None or notice.message_id is None:
        return None
    # Held until the change is committed: a worker that claims it then finds it due later, and reads the change.
    waiting = Message.objects.select_for_update().filter(pk=notice.message_id, state=State.WAITING)
    return notice if waiting.filter(handed_over_at=None).first() else None
