"""Triggers that refuse changes to insert-only tables and to signed rows, on both databases, made after each migrate."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate


@dataclass(frozen=True, slots=True)
class Guard:
    """What may not happen to a table: everything frozen, or only rows whose `column` is in one of the `states`."""

    table: str
    column: str = ""
    states: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    deletes: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger; its name ends in a digest of its text, so that an outdated one counts as missing."""

    table: str
    event: str
    when: str

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self.when.encode()).hexdigest()[:8]
        return f"guard_{self.table}_{self.event.lower()}_{digest}"


_guards: dict[str, Guard] = {}


def insert_only(table: str, may_change: Iterable[str] = ()) -> None:
    """Refuse every delete, and every update but of the columns that may change."""
    _guards[table] = Guard(table, may_change=tuple(may_change))


def frozen_when(
    table: str, column: str, states: Iterable[str], may_change: Iterable[str] = (), deletes: bool = False
) -> None:
    """Of rows in these states, refuse updates but of columns that may change, steps back in `states`, and deletes."""
    _guards[table] = Guard(table, column, tuple(states), tuple(may_change), deletes)


def connect() -> None:
    """Make the triggers again after each migrate and each flush, as SQLite loses them when a table is rebuilt."""
    platform = apps.get_app_config("mesoclinic")
    pre_migrate.connect(_make_way, sender=platform, dispatch_uid="mesoclinic.guards")
    post_migrate.connect(lambda **_: create(), sender=platform, weak=False, dispatch_uid="mesoclinic.guards")


def create() -> None:
    """Make the triggers of all guarded tables that exist, in place of outdated ones; present ones stay untouched."""
    present, wanted = _present(), {trigger.name: trigger for trigger in _wanted()}
    _drop({name: table for name, table in present.items() if name not in wanted})
    with connection.cursor() as cursor:
        for name in wanted.keys() - present.keys():
            for statement in _DIALECTS[connection.vendor].create(wanted[name]):
                cursor.execute(statement)


def remove() -> None:
    """Drop all guards; only for a migration, for the flush between tests, and for a planned repair."""
    _drop(_present())


def missing() -> list[str]:
    """Names of triggers that should guard a table and do not."""
    present = _present()
    return sorted(trigger.name for trigger in _wanted() if trigger.name not in present)


@register("guards", deploy=True)
def check_triggers(**_: object) -> list[CheckMessage]:
    """Every guard is in the database; run at start by `check --deploy --tag guards`."""
    hint = "Find out who dropped it, then run `manage.py migrate`, which makes it again."
    return [Error(f"The database trigger {name} is missing.", hint=hint, id="mesoclinic.E301") for name in missing()]


@register("guards")
def check_tables(**_: object) -> list[CheckMessage]:
    """Every guard names a table and columns that a model has."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    problems = []
    for guard in _guards.values():
        model = models.get(guard.table)
        columns = {field.column for field in model._meta.concrete_fields} if model else set()
        strange = {name for name in (guard.column, *guard.may_change) if name} - columns
        if model is None or strange:
            what = ", ".join(sorted(strange)) or "no such table"
            problems.append(Error(f"The guard of {guard.table} does not fit: {what}.", id="mesoclinic.E302"))
    return list(problems)


def _make_way(plan: list[object], **_: object) -> None:
    # Neither database alters or drops a column that a trigger reads.
    if plan:
        remove()


def _drop(triggers: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, table in triggers.items():
            cursor.execute(_DIALECTS[connection.vendor].drop(name, table))


def _wanted() -> Iterator[Trigger]:
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for guard in _guards.values():
            if guard.table in tables:
                found = connection.introspection.get_table_description(cursor, guard.table)
                yield from _triggers(guard, [column.name for column in found])


def _triggers(guard: Guard, columns: list[str]) -> Iterator[Trigger]:
    differ = _DIALECTS[connection.vendor].differ
    frozen = [differ(column) for column in columns if column not in guard.may_change]
    if guard.column:
        frozen += list(_steps_back(guard))
    change = " OR ".join(frozen)
    yield Trigger(guard.table, "UPDATE", f"{_in_state(guard)} AND ({change})")
    if not guard.deletes:
        yield Trigger(guard.table, "DELETE", _in_state(guard))
        if connection.vendor == "postgresql":
            yield Trigger(guard.table, "TRUNCATE", "")


def _steps_back(guard: Guard) -> Iterator[str]:
    for place, state in enumerate(guard.states):
        onward = ", ".join(f"'{later}'" for later in guard.states[place:])
        yield f"(OLD.{guard.column} = '{state}' AND NEW.{guard.column} NOT IN ({onward}))"


def _in_state(guard: Guard) -> str:
    if not guard.column:
        return "1 = 1"
    states = ", ".join(f"'{state}'" for state in guard.states)
    return f"OLD.{guard.column} IN ({states})"


def _present() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_DIALECTS[connection.vendor].PRESENT)
        return dict(cursor.fetchall())


class _Sqlite:
    # A bar escapes the underscore, which LIKE would take for any letter.
    PRESENT = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard|_%' ESCAPE '|'"

    @staticmethod
    def differ(column: str) -> str:
        return f'OLD."{column}" IS NOT NEW."{column}"'

    @staticmethod
    def create(trigger: Trigger) -> list[str]:
        refusal = f"SELECT RAISE(ABORT, '{trigger.table} is guarded: {trigger.event} refused')"
        head = f'CREATE TRIGGER "{trigger.name}" BEFORE {trigger.event} ON "{trigger.table}" FOR EACH ROW'
        return [f"{head} WHEN {trigger.when} BEGIN {refusal}; END"]

    @staticmethod
    def drop(name: str, table: str) -> str:
        return f'DROP TRIGGER "{name}"'


class _Postgres:
    PRESENT = (
        "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema() "
        "WHERE t.tgname LIKE 'guard|_%' ESCAPE '|' AND t.tgenabled <> 'D'"
    )
    FUNCTION = (
        "CREATE OR REPLACE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is guarded: % refused', TG_TABLE_NAME, TG_OP "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )

    @staticmethod
    def differ(column: str) -> str:
        return f'OLD."{column}" IS DISTINCT FROM NEW."{column}"'

    @classmethod
    def create(cls, trigger: Trigger) -> list[str]:
        scope = f"FOR EACH ROW WHEN ({trigger.when})" if trigger.when else "FOR EACH STATEMENT"
        head = f'CREATE TRIGGER "{trigger.name}" BEFORE {trigger.event} ON "{trigger.table}"'
        return [cls.FUNCTION, f"{head} {scope} EXECUTE FUNCTION guard_refuse()"]

    @staticmethod
    def drop(name: str, table: str) -> str:
        return f'DROP TRIGGER "{name}" ON "{table}"'


_DIALECTS: dict[str, type[_Sqlite] | type[_Postgres]] = {"sqlite": _Sqlite, "postgresql": _Postgres}
