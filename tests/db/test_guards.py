"""What is insert-only or signed stays as it is, whoever asks the database."""

import hashlib

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, connection, transaction
from django.db.migrations import Migration

from mesoclinic import guards
from mesoclinic.clock import now
from mesoclinic.documents import Document


@pytest.fixture
def table():
    """A table of its own, guarded as a signed record is, and gone afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE papers (id integer primary key, state varchar(9), text varchar(9), note varchar(9))"
        )
        cursor.execute(
            "INSERT INTO papers VALUES (1, 'draft', 'a', 'n'), (2, 'signed', 'b', 'n'), (3, 'voided', 'c', 'n')"
        )
    guards.frozen_when("papers", "state", ("signed", "voided"), may_change=("state", "note"))
    guards.create()
    yield
    del guards._guards["papers"]


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def paper(**over: object) -> Document:
    digest = hashlib.sha256(b"").hexdigest()
    fields = {"kind": "consent", "language": "en", "template_version": "1", "sha256": digest, "size_bytes": 0}
    return Document.objects.create(**(fields | {"file": f"f{now()}", "made_at": now()} | over))


def test_an_insert_only_row_is_neither_changed_nor_deleted():
    kept = paper()
    with pytest.raises(IntegrityError, match="guarded"), transaction.atomic():
        Document.objects.filter(pk=kept.pk).update(kind="other")
    with pytest.raises(IntegrityError, match="guarded"), transaction.atomic():
        kept.delete()
    kept.kind = "other"
    with pytest.raises(IntegrityError, match="guarded"), transaction.atomic():
        kept.save()
    kept.refresh_from_db()
    assert kept.kind == "consent"


def test_a_column_that_may_change_changes():
    kept = paper()
    Document.objects.filter(pk=kept.pk).update(sealed_at=now())
    kept.refresh_from_db()
    assert kept.sealed_at is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE papers SET text = 'x' WHERE id = 2",
        "UPDATE papers SET text = 'x', state = 'voided' WHERE id = 2",
        "UPDATE papers SET text = NULL WHERE id = 3",
        "UPDATE papers SET state = 'draft' WHERE id = 2",
        "UPDATE papers SET state = 'signed' WHERE id = 3",
        "UPDATE papers SET id = 9 WHERE id = 2",
        "DELETE FROM papers WHERE id = 2",
        "DELETE FROM papers",
    ],
)
def test_a_signed_row_is_refused(table, statement):
    with pytest.raises(IntegrityError, match="guarded"):
        run(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE papers SET text = 'x' WHERE id = 1",
        "UPDATE papers SET text = 'x', state = 'signed' WHERE id = 1",
        "UPDATE papers SET state = 'voided' WHERE id = 2",
        "UPDATE papers SET note = 'x'",
        "DELETE FROM papers WHERE id = 1",
    ],
)
def test_a_draft_and_the_permitted_steps_are_free(table, statement):
    run(statement)


def test_truncating_is_refused(table):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE")
    with pytest.raises(IntegrityError, match="guarded"):
        run("TRUNCATE papers")


def test_all_guards_are_in_the_database():
    assert guards.missing() == []
    assert run_checks(tags=["guards"], include_deployment_checks=True) == []


def test_a_missing_guard_is_an_error_that_names_it_until_a_migrate_makes_it_again():
    name = next(name for name, table in guards._present().items() if table == "patients_factsheet")
    with connection.cursor() as cursor:
        cursor.execute(guards._DIALECTS[connection.vendor].drop(name, "patients_factsheet"))
    (problem,) = run_checks(tags=["guards"], include_deployment_checks=True)
    assert name in problem.msg
    assert problem.is_serious()
    guards.create()
    assert guards.missing() == []


def test_a_guard_that_no_longer_knows_all_columns_counts_as_missing(table):
    run("ALTER TABLE papers ADD COLUMN dose varchar(9)")
    assert [name for name in guards.missing() if name.startswith("guard_papers_update")]
    guards.create()
    with pytest.raises(IntegrityError, match="guarded"):
        run("UPDATE papers SET dose = '1' WHERE id = 2")


def test_a_guard_of_a_table_that_no_model_has_is_an_error(table):
    (problem,) = [each for each in run_checks(tags=["guards"]) if each.id == "mesoclinic.E302"]
    assert "papers" in problem.msg


def test_guards_make_way_for_a_migration_and_stay_when_there_is_none(table):
    emit_pre_migrate_signal(0, False, "default", plan=[])
    assert guards.missing() == []
    emit_pre_migrate_signal(0, False, "default", plan=[(Migration("0002_next", "mesoclinic"), False)])
    run("ALTER TABLE papers DROP COLUMN text")
    emit_post_migrate_signal(0, False, "default")
    assert guards.missing() == []
    with pytest.raises(IntegrityError, match="guarded"):
        run("DELETE FROM papers WHERE id = 2")


@pytest.mark.django_db(transaction=True)
def test_guards_come_back_with_every_flush_and_migrate():
    guards.remove()
    call_command("flush", interactive=False, verbosity=0)
    assert guards.missing() == []
