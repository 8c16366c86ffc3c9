"""One promise, one mail: whatever stops a worker, and whatever the server answers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import connection

from mesoclinic import outbox
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.clock import now
from mesoclinic.errors import Conflict
from mesoclinic.outbox import Message, Skip, State
from mesoclinic.transport import Found, Mail, NotSent, Unsure
from tests.builders import clinic

ROBOT = System("outbox")
LATER = {"seconds": 120 + 60 + 1}


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing after it runs."""


class Wire:
    """The network: keeps what it carried, and fails as it is told."""

    carried: ClassVar[list[Mail]] = []
    trouble: ClassVar[list[BaseException | None]] = []
    dies_after: ClassVar[bool] = False
    knows: ClassVar[Found] = Found.CANNOT_TELL

    def send(self, mail: Mail) -> None:
        trouble = Wire.trouble.pop(0) if Wire.trouble else None
        if trouble is None or Wire.dies_after:
            Wire.carried.append(mail)
        if trouble is not None:
            raise trouble

    def find(self, message_id: str) -> Found:
        return Wire.knows


@pytest.fixture(autouse=True)
def wire(monkeypatch, clock) -> type[Wire]:
    monkeypatch.setattr("mesoclinic.transport.import_string", lambda _: Wire)
    monkeypatch.setattr(outbox, "_kinds", {})
    Wire.carried, Wire.trouble, Wire.dies_after, Wire.knows = [], [], False, Found.CANNOT_TELL
    outbox.composer("note")(compose)
    outbox.composer("link", repeatable=True)(compose)
    return Wire


def compose(subject: str) -> Mail | Skip:
    return Mail(to="ana@example.test", subject=f"About {subject}", text="Hello.")


def put(kind: str = "note", key: str = "note:1", **over: object) -> Message:
    return outbox.put(kind, **({"key": key, "subject": "visit:1", "due": now()} | over))


def deliver(message: Message) -> Message:
    outbox.deliver(ROBOT, message_id=message.pk)
    message.refresh_from_db()
    return message


def kill_while_sending(message: Message, *, carried: bool) -> None:
    Wire.trouble, Wire.dies_after = [Killed()], carried
    with pytest.raises(Killed):
        deliver(message)


def test_a_due_message_goes_out_once_under_its_own_id(wire):
    message = put()
    for _ in range(3):
        deliver(message)
    assert [mail.message_id for mail in wire.carried] == [message.message_id]
    assert (message.state, message.attempts) == (State.SENT, 1)
    assert message.sent_at is not None
    assert AuditEvent.objects.get().action == "message.sent"


def test_a_message_waits_for_its_time(wire, clock):
    message = put(due=now() + timedelta(hours=1))
    assert deliver(message).state == State.WAITING
    clock.advance(hours=1)
    assert deliver(message).state == State.SENT


def test_the_same_key_is_the_same_promise_at_a_new_time():
    first, second = put(), put(due=now() + timedelta(days=2))
    assert first.pk == second.pk
    assert second.due_at - first.due_at > timedelta(days=1)
    assert second.message_id == first.message_id


def test_the_time_of_a_sent_message_stays():
    message = deliver(put())
    assert put(due=now() + timedelta(days=2)).due_at == message.due_at


def test_a_promise_is_taken_back_only_before_it_is_claimed(wire):
    message = put()
    assert outbox.withdraw("note:1", reason="visit cancelled")
    assert deliver(message).state == State.SKIPPED
    assert message.reason == "visit cancelled"
    assert not outbox.withdraw("note:1", reason="again")
    assert wire.carried == []


def test_what_was_taken_back_can_be_promised_again(wire):
    message = put()
    outbox.withdraw("note:1", reason="visit cancelled")
    again = deliver(put())
    assert (again.pk, again.state, again.reason) == (message.pk, State.SENT, "")
    assert put().state == State.SENT
    assert len(wire.carried) == 1


def test_the_live_row_decides_when_sending(wire):
    outbox.composer("note")(lambda _: Skip("visit has passed" + 200 * "!"))
    message = deliver(put())
    assert (message.state, message.reason[:17]) == (State.SKIPPED, "visit has passed!")
    assert wire.carried == []


def test_a_mail_found_after_a_crash_is_not_sent_again(wire, clock):
    message = put()
    kill_while_sending(message, carried=True)
    wire.knows = Found.SENT
    clock.advance(**LATER)
    assert deliver(message).state == State.SENT
    assert len(wire.carried) == 1


def test_a_mail_absent_after_a_crash_is_sent_again(wire, clock):
    message = put()
    kill_while_sending(message, carried=False)
    wire.knows = Found.ABSENT
    clock.advance(**LATER)
    assert deliver(message).state == State.SENT
    assert [mail.message_id for mail in wire.carried] == [message.message_id]


def test_a_mail_that_nobody_can_look_up_waits_for_a_person(wire, clock):
    message = put()
    kill_while_sending(message, carried=True)
    clock.advance(**LATER)
    assert deliver(message).state == State.UNCERTAIN
    assert len(wire.carried) == 1


def test_a_link_that_nobody_can_look_up_is_repeated_under_the_same_id(wire, clock):
    message = put("link")
    kill_while_sending(message, carried=True)
    clock.advance(**LATER)
    assert deliver(message).state == State.SENT
    assert {mail.message_id for mail in wire.carried} == {message.message_id}


def test_a_crash_before_the_server_got_it_needs_no_look_up(wire, clock):
    def die(_: str) -> Mail:
        raise Killed

    message = put()
    outbox.composer("note")(die)
    with pytest.raises(Killed):
        deliver(message)
    outbox.composer("note")(compose)
    clock.advance(**LATER)
    assert deliver(message).state == State.SENT
    assert len(wire.carried) == 1


def test_nobody_touches_a_claim_before_its_grace_is_over(wire, clock):
    message = put()
    kill_while_sending(message, carried=False)
    wire.knows = Found.ABSENT
    clock.advance(seconds=170)
    assert deliver(message).state == State.CLAIMED
    assert wire.carried == []


def test_a_worker_that_slept_past_its_claim_does_not_send(wire, clock):
    message, asleep = put(), []

    def sleepy(subject: str) -> Mail | Skip:
        if not asleep:
            asleep.append(True)
            clock.advance(**LATER)
            deliver(message)
        return compose(subject)

    outbox.composer("note")(sleepy)
    assert deliver(message).state == State.SENT
    assert (len(wire.carried), message.fence) == (1, 2)


def test_a_worker_that_wakes_after_its_claim_ran_out_does_not_send(wire, clock):
    def slow(subject: str) -> Mail | Skip:
        clock.advance(seconds=121)
        return compose(subject)

    outbox.composer("note")(slow)
    assert deliver(put()).state == State.CLAIMED
    assert wire.carried == []


def test_a_passing_refusal_is_tried_five_times_with_growing_pauses(wire, clock):
    message, pauses = put(), []
    wire.trouble = [NotSent("SMTP 421")] * 9
    for attempt in range(1, 5):
        deliver(message)
        assert (message.state, message.attempts) == (State.WAITING, attempt)
        pauses.append(message.lease_until - now())
        assert deliver(message).attempts == attempt
        clock.advance(seconds=pauses[-1].total_seconds() + 1)
    assert deliver(message).state == State.FAILED
    assert message.last_error == "SMTP 421"
    assert pauses[3] > pauses[1] > pauses[0] / 2
    assert len(wire.trouble) == 4


def test_a_lasting_refusal_is_final_at_once(wire):
    wire.trouble = [NotSent("SMTP 550", final=True)]
    message = deliver(put())
    assert (message.state, message.attempts, message.last_error) == (State.FAILED, 1, "SMTP 550")


def test_a_connection_that_broke_in_the_text_is_looked_up_later(wire, clock):
    wire.trouble = [Unsure("TimeoutError")]
    message = deliver(put())
    assert message.state == State.CLAIMED
    clock.advance(seconds=61)
    wire.knows = Found.ABSENT
    assert deliver(message).state == State.SENT
    assert len(wire.carried) == 1


def test_a_task_that_always_kills_its_worker_is_parked_after_five_attempts(wire, clock):
    message = put()
    wire.knows, wire.trouble = Found.ABSENT, [Killed() for _ in range(9)]
    for _ in range(5):
        with pytest.raises(Killed):
            deliver(message)
        clock.advance(**LATER)
    assert deliver(message).state == State.FAILED
    assert len(wire.trouble) == 4


def test_a_broken_composer_harms_no_other_message_and_tells_nothing_about_the_patient(wire):
    def broken(_: str) -> Mail:
        raise KeyError("Ana Ruiz, born 1990")

    outbox.composer("broken")(broken)
    message = deliver(put("broken", key="broken:1"))
    assert (message.state, message.last_error) == (State.WAITING, "composing failed: KeyError")
    assert deliver(put()).state == State.SENT


def test_a_kind_without_a_composer_fails_visibly(wire):
    message = deliver(put("nobody", key="nobody:1"))
    assert (message.state, message.last_error) == (State.FAILED, "nobody composes this kind")


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED, State.UNCERTAIN])
def test_send_now_starts_afresh_and_is_audited(wire, state):
    desk = clinic.desk()
    message = put(due=now() + timedelta(days=1))
    Message.objects.filter(pk=message.pk).update(state=state, attempts=5, handed_over_at=now(), lease_until=now())
    deliver(outbox.hurry(desk, message))
    message.refresh_from_db()
    assert (message.state, message.attempts, len(wire.carried)) == (State.SENT, 1, 1)
    assert AuditEvent.objects.get(action="message.hurried").actor_id == desk.pk


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENT, State.SKIPPED])
def test_send_now_comes_too_late_for_what_is_settled(state):
    message = put()
    Message.objects.filter(pk=message.pk).update(state=state)
    with pytest.raises(Conflict):
        outbox.hurry(clinic.desk(), message)
    assert not AuditEvent.objects.exists()


def test_a_person_settles_an_uncertain_message(wire, clock):
    message = put()
    kill_while_sending(message, carried=True)
    clock.advance(**LATER)
    settled = outbox.settle(clinic.desk(), deliver(message))
    assert (settled.state, settled.sent_at) == (State.SENT, settled.handed_over_at)
    with pytest.raises(Conflict):
        outbox.settle(clinic.desk(), message)


def test_the_sweep_wakes_what_is_due_and_what_died(clock, django_capture_on_commit_callbacks):
    due, dead, waits = put(), put(key="note:2"), put(key="note:3", due=now() + timedelta(days=1))
    kill_while_sending(dead, carried=False)
    Wire.trouble, Wire.knows = [], Found.ABSENT
    assert outbox.sweep() == 1
    clock.advance(**LATER)
    with django_capture_on_commit_callbacks(execute=True):
        assert outbox.sweep() == 2
    assert {each.state for each in Message.objects.filter(pk__in=[due.pk, dead.pk])} == {State.SENT}
    waits.refresh_from_db()
    assert waits.state == State.WAITING
    assert outbox.sweep() == 0


def test_knows_since_when_work_has_been_due(clock):
    assert outbox.oldest_due() is None
    message = put()
    put(key="note:2", due=now() + timedelta(hours=1))
    clock.advance(hours=2)
    assert outbox.oldest_due() == message.due_at
    deliver(message)
    assert outbox.oldest_due() != message.due_at


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_it_once(wire):
    message = put(due=now() + timedelta(seconds=-1))
    Message.objects.filter(pk=message.pk).update(
        state=State.WAITING, attempts=0, sent_at=None, handed_over_at=None, lease_until=None
    )
    wire.carried.clear()

    def work(_: int) -> None:
        try:
            outbox.deliver(ROBOT, message_id=message.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(wire.carried) == 1
    message.refresh_from_db()
    assert message.state == State.SENT
