"""Every guard of the database: each trigger is left out, and each constraint, when the tables are made."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint, Model, UniqueConstraint
from django.test import utils

from mesoclinic import guards as triggers
from tests.sabotage import CannotBeDropped, Sabotage

OURS = ("mesoclinic", "protocols", "patients", "clinic_sessions")


def guards() -> Iterator[Sabotage]:
    """Every trigger of a guarded table, every constraint, and every column that may not repeat."""
    for table, guard in triggers._guards.items():
        for event in _events(guard):
            yield Sabotage(
                "trigger",
                f"{table}: {event.lower()}",
                partial(_without_trigger, table, event),
                (f"{table}-{event.lower()}",),
            )
    for model in _models():
        for constraint in model._meta.constraints:
            kind = {UniqueConstraint: "unique constraint", CheckConstraint: "check constraint"}[type(constraint)]
            yield Sabotage(
                kind,
                constraint.name,
                partial(_when_made, partial(_without_constraint, model, constraint)),
                (constraint.name,),
            )
        for field in model._meta.local_concrete_fields:
            if field.unique and not field.primary_key:
                name = f"{model._meta.db_table}.{field.column}"
                yield Sabotage("unique column", name, partial(_when_made, partial(_repeatable, field)), (name,))


def _models() -> Iterator[type[Model]]:
    for label in OURS:
        yield from apps.get_app_config(label).get_models()


def _events(guard: triggers.Guard) -> Iterator[str]:
    yield "UPDATE"
    if not guard.deletes:
        yield "DELETE"
        if connection.vendor == "postgresql":
            yield "TRUNCATE"


def _without_trigger(table: str, event: str) -> None:
    made = triggers._triggers

    def others(guard: triggers.Guard, columns: list[str]) -> Iterator[triggers.Trigger]:
        every = list(made(guard, columns))
        left = [trigger for trigger in every if (trigger.table, trigger.event) != (table, event)]
        if guard.table == table and left == every:
            raise CannotBeDropped(f"{table} has no trigger for {event}")
        yield from left

    triggers._triggers = others


def _when_made(lacking: Callable[[], Any]) -> None:
    """While the tables are made the models lack something; afterwards they claim it again."""
    make = utils.setup_databases

    def without(*given: Any, **over: Any) -> Any:
        with ExitStack() as stack:
            stack.enter_context(lacking())
            return make(*given, **over)

    utils.setup_databases = without


@contextmanager
def _without_constraint(model: type[Model], constraint: Any) -> Iterator[None]:
    every = model._meta.constraints
    model._meta.constraints = [each for each in every if each is not constraint]
    if len(model._meta.constraints) != len(every) - 1:
        raise CannotBeDropped(f"{model.__name__} has no constraint {constraint.name}")
    yield
    model._meta.constraints = every


@contextmanager
def _repeatable(field: Any) -> Iterator[None]:
    # Django keeps the answer once somebody has asked for it.
    field._unique = field.unique = False
    yield
    field._unique = field.unique = True
