"""Two people edit one record: each edit names, as a number, the content that it was made on."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models
from django.utils.translation import gettext as _

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.transactions import atomic

_POSITIVE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed a record last, and when."""

    who: str
    at: datetime
    zone: ZoneInfo


def version_of(saved: Mapping[str, object]) -> int:
    """A number that another content has not; rows that are edited as a whole set need no column for it."""
    return zlib.crc32(json.dumps(saved, sort_keys=True, cls=DjangoJSONEncoder).encode()) & _POSITIVE


def changed_fields(saved: Mapping[str, object], version: int, wanted: Mapping[str, object]) -> list[str]:
    """The names of what the edit changes; call it with the row locked. Raises StaleRecord for another version."""
    if version_of(saved) != version:
        raise StaleRecord(_("Somebody else changed this while you were typing. Nothing was saved."))
    return sorted(name for name, value in wanted.items() if saved.get(name) != value)


def last_change_of(row: models.Model, zone: ZoneInfo) -> Change | None:
    """The last change of a record, out of the audit chain."""
    events = AuditEvent.objects.filter(object_kind=row._meta.label_lower, object_id=str(row.pk))
    event = events.order_by("-number").first()
    return Change(event.actor_name, event.at, zone) if event else None


@contextmanager
def unique(message: str, field: str) -> Iterator[None]:
    """Whatever is written inside must not exist yet; raises ClinicError beside the field when it does."""
    try:
        with atomic():
            yield
    except IntegrityError as problem:
        raise ClinicError(message, field) from problem
