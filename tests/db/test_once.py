"""A form that is sent twice acts once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from mesoclinic import audit
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.once import OnceKey, once

ROBOT = System("robot")


def act(answer: object = None) -> object:
    audit.record(ROBOT, "thing.done")
    return answer


def done() -> int:
    return AuditEvent.objects.filter(action="thing.done").count()


def test_the_second_sending_gets_the_first_answer_and_does_nothing():
    first = once(ROBOT, "k", {"dose": 1}, lambda: act({"id": 7}))
    second = once(ROBOT, "k", {"dose": 1}, lambda: act({"id": 8}))
    assert first == second == {"id": 7}
    assert done() == 1


def test_the_same_key_with_another_body_is_a_conflict():
    once(ROBOT, "k", {"dose": 1}, act)
    with pytest.raises(Conflict):
        once(ROBOT, "k", {"dose": 2}, act)
    assert done() == 1


def test_two_people_may_have_the_same_key():
    once(ROBOT, "k", {}, act)
    once(System("other"), "k", {}, act)
    assert done() == 2


def test_a_refused_call_leaves_the_key_unused():
    def refuse() -> None:
        act()
        raise ClinicError("No.")

    with pytest.raises(ClinicError, match=r"No\."):
        once(ROBOT, "k", {}, refuse)
    assert not OnceKey.objects.exists()
    assert once(ROBOT, "k", {}, lambda: act("yes")) == "yes"
    assert done() == 1


@pytest.mark.parametrize("key", ["", "x" * 101])
def test_a_key_that_no_form_makes_is_refused(key):
    with pytest.raises(ClinicError):
        once(ROBOT, key, {}, act)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_acts_and_all_get_its_answer():
    together = Barrier(8)

    def send(number: int) -> object:
        try:
            together.wait()
            return once(ROBOT, "k", {"dose": 1}, lambda: act(number))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert done() == 1
