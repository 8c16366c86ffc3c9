"""The audit chain: what commits is in it, what rolls back is not, and no later change goes unseen."""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from mesoclinic import audit, guards
from mesoclinic.actors import PatientByLink, System
from mesoclinic.audit import AuditEvent, AuditHead
from mesoclinic.transactions import NoTransaction, atomic
from tests.builders import clinic

ROBOT = System("robot")


def write(count: int) -> None:
    for number in range(count):
        with atomic():
            audit.record(ROBOT, "thing.done", patient_id=number, changed=["name"])


@contextmanager
def rolled_back() -> Iterator[None]:
    """A block of work that something goes wrong in at its end."""
    with suppress(ZeroDivisionError), atomic():
        yield
        raise ZeroDivisionError


def actions() -> list[str]:
    return list(AuditEvent.objects.values_list("action", flat=True))


def attack(statement: str) -> None:
    """Somebody with full rights on the database, who drops the guards first."""
    guards.remove()
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_untouched_chain_holds():
    write(5)
    assert audit.verify() is None
    assert AuditEvent.objects.count() == 5


def test_an_empty_chain_holds():
    assert audit.verify() is None


ATTACKS = {
    "edit of a text": ("UPDATE mesoclinic_auditevent SET action = 'thing.undone' WHERE number = 3", 3),
    "edit of a patient": ("UPDATE mesoclinic_auditevent SET patient_id = 77 WHERE number = 4", 4),
    "edit of the changed names": ("""UPDATE mesoclinic_auditevent SET changed = '["x"]' WHERE number = 2""", 2),
    "edit of the moment": ("UPDATE mesoclinic_auditevent SET at = '2020-01-01 00:00:00+00:00' WHERE number = 1", 1),
    "delete": ("DELETE FROM mesoclinic_auditevent WHERE number = 2", 2),
    "tail cut": ("DELETE FROM mesoclinic_auditevent WHERE number > 4", 5),
    "all gone": ("DELETE FROM mesoclinic_auditevent", 1),
    "head gone": ("DELETE FROM mesoclinic_audithead", 6),
    "tail cut with the head set back": (
        "DELETE FROM mesoclinic_auditevent WHERE number = 6; UPDATE mesoclinic_audithead SET count = 5, "
        "last_mac = (SELECT mac FROM mesoclinic_auditevent WHERE number = 5)",
        5,
    ),
    "insert at the end": (
        "INSERT INTO mesoclinic_auditevent (number, at, actor_kind, actor_name, action, object_kind, object_id, "
        "reason, changed, previous_mac, mac) SELECT 7, at, actor_kind, actor_name, action, object_kind, object_id, "
        "reason, changed, mac, mac FROM mesoclinic_auditevent WHERE number = 6",
        7,
    ),
    "swap": (
        "UPDATE mesoclinic_auditevent SET number = 99 WHERE number = 3; "
        "UPDATE mesoclinic_auditevent SET number = 3 WHERE number = 4; "
        "UPDATE mesoclinic_auditevent SET number = 4 WHERE number = 99",
        3,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_names_the_first_bad_event(name):
    statements, number = ATTACKS[name]
    write(6)
    for statement in statements.split("; "):
        attack(statement)
    damage = audit.verify()
    assert damage is not None
    assert damage.number == number
    with pytest.raises(CommandError, match=f"Audit event {number}:"):
        call_command("verify_audit")


TEXTS = ("actor_kind", "actor_name", "action", "object_kind", "object_id", "reason", "previous_mac", "mac")
NUMBERS = ("actor_id", "site_id", "patient_id")


def random_attack(luck: random.Random, length: int) -> tuple[str, int]:
    """One statement that changes the chain, and the first number that it makes wrong."""
    victim, table = luck.randint(1, length), "mesoclinic_auditevent"
    kind = luck.choice(["text", "number", "delete", "cut", "move"])
    if kind == "text":
        return f"UPDATE {table} SET {luck.choice(TEXTS)} = 'x{luck.randint(0, 10**9)}' WHERE number = {victim}", victim
    if kind == "number":
        value = luck.randint(1000, 10**12)
        return f"UPDATE {table} SET {luck.choice(NUMBERS)} = {value} WHERE number = {victim}", victim
    if kind == "delete":
        return f"DELETE FROM {table} WHERE number = {victim}", victim
    if kind == "cut":
        return f"DELETE FROM {table} WHERE number >= {victim}", victim
    return f"UPDATE {table} SET number = {length + luck.randint(1, 99)} WHERE number = {victim}", victim


def test_names_the_first_bad_event_of_any_random_attack():
    luck, length = random.Random(7), 20
    write(length)
    guards.remove()
    for _ in range(int(os.environ.get("AUDIT_ATTACKS", "150"))):
        statement, number = random_attack(luck, length)
        with rolled_back():
            attack(statement)
            damage = audit.verify()
        assert damage is not None, statement
        assert damage.number == number, statement
    assert audit.verify() is None


def test_the_command_says_that_the_chain_holds(capsys):
    write(3)
    call_command("verify_audit")
    assert "holds: 3 events" in capsys.readouterr().out


@pytest.mark.parametrize(
    "statement", ["UPDATE mesoclinic_auditevent SET action = ''", "DELETE FROM mesoclinic_auditevent"]
)
def test_the_database_itself_refuses_changes(statement):
    write(1)
    with pytest.raises(IntegrityError, match="guarded"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert audit.verify() is None


def test_another_key_does_not_verify(settings):
    write(2)
    settings.AUDIT_KEY = "another"
    assert str(audit.verify()) == "Audit event 1: not as it was written."


def test_what_rolls_back_leaves_no_event():
    with rolled_back():
        audit.record(ROBOT, "never.done")
    assert actions() == []


def test_a_nested_block_that_rolls_back_takes_only_its_own_events():
    with atomic():
        audit.record(ROBOT, "first.done")
        with rolled_back():
            audit.record(ROBOT, "never.done")
            with atomic():
                audit.record(ROBOT, "deeper.never_done")
        with atomic():
            audit.record(ROBOT, "second.done")
    assert actions() == ["first.done", "second.done"]
    assert audit.verify() is None


def test_a_block_marked_for_rollback_leaves_no_event():
    with atomic():
        audit.record(ROBOT, "kept.done")
        with atomic():
            audit.record(ROBOT, "never.done")
            transaction.set_rollback(True)
    assert actions() == ["kept.done"]


def test_an_event_without_a_transaction_is_an_error():
    with pytest.raises(NoTransaction):
        audit.record(ROBOT, "thing.done")


def test_a_refused_attempt_outlives_the_rollback():
    with rolled_back():
        audit.record(ROBOT, "never.done")
        audit.denied(ROBOT, "sign_plan", patient_id=3)
    audit.denied(ROBOT, "book")
    assert actions() == ["denied.sign_plan", "denied.book"]
    assert audit.verify() is None


def test_names_staff_and_never_patients():
    nurse, link = clinic.staff("nurse"), PatientByLink(link_id=5, patient_id=9, purpose="consent")
    with atomic():
        audit.record(nurse, "thing.done", nurse)
        audit.record(link, "thing.done")
    by_nurse, by_link = AuditEvent.objects.all()
    assert (by_nurse.actor_id, by_nurse.actor_name, by_nurse.object_kind) == (nurse.pk, nurse.name, "mesoclinic.user")
    assert (by_link.actor_kind, by_link.actor_id, by_link.actor_name) == ("link", 5, "")


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain_without_gaps():
    def work(_: int) -> None:
        try:
            write(12)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert list(AuditEvent.objects.values_list("number", flat=True)) == list(range(1, 97))
    assert AuditHead.objects.get().count == 96
    assert audit.verify() is None


@pytest.mark.django_db(transaction=True)
def test_the_head_is_free_while_a_transaction_works(monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")

    def other() -> None:
        try:
            write(1)
        finally:
            connection.close()

    with atomic(), ThreadPoolExecutor(1) as pool:
        audit.record(ROBOT, "slow.done")
        pool.submit(other).result(timeout=5)
    assert actions() == ["thing.done", "slow.done"]
    assert audit.verify() is None
