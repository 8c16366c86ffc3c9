"""A row of any table with the least that its columns ask for: for what the database guards, whoever writes to it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import models

_numbers = count(1)
_FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)
# What a small whole number of PostgreSQL still holds.
_SMALL = 2**15
# What a column may hold, where a constraint names its words.
_WORDS = {"clinic_sessions_injection.view": "top"}


def row(model: type[models.Model], **over: Any) -> Any:
    """A stored row; rows it refers to are made with it, and no two of a model share a value that may not repeat."""
    asked = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    return model._default_manager.create(
        **{field.name: _least(field) for field in asked if field.name not in over} | over
    )


def other_value(field: "models.Field[Any, Any]", now: Any) -> Any:
    """A value of this column that differs from the one it has; for a reference, the key of another row."""
    if isinstance(field, models.BooleanField):
        return not now
    if isinstance(field, models.ForeignKey):
        return row(field.related_model).pk
    return next(value for number in _numbers if (value := _value(field, number)) != now)


def _least(field: "models.Field[Any, Any]") -> Any:
    if field.has_default():
        return field.get_default()
    if field.null:
        return None
    if isinstance(field, models.ForeignKey):
        return row(field.related_model)
    word = _WORDS.get(f"{field.model._meta.db_table}.{field.column}")
    return _value(field, next(_numbers)) if word is None else word


def _value(field: "models.Field[Any, Any]", number: int) -> Any:
    """The later a column stands in its table, the later its time: what starts stands before what ends."""
    place = field.model._meta.concrete_fields.index(field)
    if isinstance(field, models.EmailField):
        return f"row{number}@clinic.test"
    if isinstance(field, models.CharField | models.TextField):
        return f"{number:x}"[-(field.max_length or 20) :]
    if isinstance(field, models.DateTimeField):
        return _FIRST + timedelta(minutes=number, hours=place)
    if isinstance(field, models.DateField):
        return date(2026, 3, 2) + timedelta(days=number % 9999 + place)
    if isinstance(field, models.TimeField):
        return time(place, number % 60)
    if isinstance(field, models.JSONField):
        return {"row": number}
    if isinstance(field, models.DecimalField):
        return Decimal(number % 9) / 10 ** (field.decimal_places or 0)
    return number % _SMALL
