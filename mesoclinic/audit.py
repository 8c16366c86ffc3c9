"""The audit chain: who did or saw what, appended in the same transaction, each event sealing the one before."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any, ClassVar, cast

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from mesoclinic import clock, transactions
from mesoclinic.actors import Actor

GENESIS = "0" * 64
_SEALED = (
    "number",
    "actor_kind",
    "actor_id",
    "actor_name",
    "site_id",
    "action",
    "patient_id",
    "object_kind",
    "object_id",
    "reason",
    "changed",
    "previous_mac",
)


class AuditEvent(models.Model):
    """One deed. Field names that changed, never values; the patient as a plain number, so that it outlives the row."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    site_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=80)
    patient_id = models.BigIntegerField(null=True)
    object_kind = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    changed = models.JSONField(default=list)
    previous_mac = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("number",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["patient_id", "number"], name="audit_patient"),
            models.Index(fields=["actor_id", "number"], name="audit_actor"),
            models.Index(fields=["object_kind", "object_id"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class AuditHead(models.Model):
    """The one row that says how long the chain is and how it ends; locked for the moments of an append."""

    count = models.PositiveBigIntegerField(default=0)
    last_mac = models.CharField(max_length=64, default=GENESIS)
    seal = models.CharField(max_length=64, default="")

    class Meta:
        app_label = "mesoclinic"

    def __str__(self) -> str:
        return f"{self.count} events"


_COLUMNS = [str(field.column) for field in AuditEvent._meta.concrete_fields]
_Event = dict[str, Any]
_JSON = DjangoJSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Damage:
    """The first place where the chain does not hold."""

    number: int
    what: str

    def __str__(self) -> str:
        return f"Audit event {self.number}: {self.what}."


def record(
    actor: Actor,
    action: str,
    obj: models.Model | None = None,
    *,
    patient_id: int | None = None,
    site_id: int | None = None,
    reason: str = "",
    changed: Iterable[str] = (),
) -> None:
    """Leave an event that commits with the open transaction; raises NoTransaction outside `atomic()`."""
    event = _event(actor, action, obj, patient_id=patient_id, site_id=site_id, reason=reason, changed=changed)
    transactions.before_commit(_append, event)


def record_each(actor: Actor, action: str, *, patient_ids: Iterable[int], reason: str) -> None:
    """The same deed on many patients at one moment: an event for each."""
    event = _event(actor, action, None, patient_id=None, site_id=None, reason=reason)
    for patient_id in patient_ids:
        transactions.before_commit(_append, event | {"patient_id": patient_id})


def denied(
    actor: Actor,
    action: str,
    obj: models.Model | None = None,
    *,
    patient_id: int | None = None,
    site_id: int | None = None,
    reason: str = "",
) -> None:
    """Log a refused attempt in a transaction of its own, so that it outlives the rollback of what was refused."""
    event = _event(actor, f"denied.{action}", obj, patient_id=patient_id, site_id=site_id, reason=reason)
    transactions.after_end(lambda: _append_alone(event))


def verify() -> Damage | None:
    """The first event that was edited, deleted, inserted or moved, or None when the whole chain holds."""
    try:
        number, mac = _walk(0, GENESIS)
        with transactions.atomic():
            # What was appended meanwhile is short, so that nobody waits long for the head.
            head = AuditHead.objects.select_for_update().first()
            _check_end(head, *_walk(number, mac))
    except _Broken as problem:
        return problem.damage
    return None


class _Broken(Exception):
    def __init__(self, number: int, what: str) -> None:
        super().__init__(what)
        self.damage = Damage(number, what)


def _walk(number: int, mac: str) -> tuple[int, str]:
    for event in AuditEvent.objects.filter(number__gt=number).order_by("number").iterator(chunk_size=2000):
        number += 1
        if event.number != number:
            raise _Broken(number, "missing")
        if event.previous_mac != mac or not hmac.compare_digest(event.mac, _mac_of(vars(event))):
            raise _Broken(number, "not as it was written")
        mac = event.mac
    return number, mac


def _check_end(head: AuditHead | None, number: int, mac: str) -> None:
    if head is None:
        if number:
            raise _Broken(number, "the record of the chain's end is missing")
    elif not hmac.compare_digest(head.seal, _seal_of(head)):
        raise _Broken(number, "the record of the chain's end is not as it was written")
    elif (head.count, head.last_mac) != (number, mac):
        raise _Broken(number + 1, f"missing, as all after it up to {head.count}")


def _event(
    actor: Actor,
    action: str,
    obj: models.Model | None,
    *,
    patient_id: int | None,
    site_id: int | None,
    reason: str,
    changed: Iterable[str] = (),
) -> _Event:
    """All of an event but its place in the chain; values and no model, as a page may name hundreds of patients."""
    return {
        "at": clock.now(),
        "actor_kind": actor.kind,
        "actor_id": actor.actor_id,
        # A patient who acts by link is a number here, as everywhere in the chain.
        "actor_name": "" if actor.kind == "link" else actor.actor_name[:200],
        "site_id": site_id if site_id is not None else getattr(obj, "site_id", None),
        "action": str(action),
        "patient_id": patient_id if patient_id is not None else getattr(obj, "patient_id", None),
        "object_kind": obj._meta.label_lower if obj is not None else "",
        "object_id": str(obj.pk) if obj is not None else "",
        "reason": reason,
        "changed": sorted(changed),
    }


def _append(items: list[object]) -> None:
    head, _ = AuditHead.objects.select_for_update().get_or_create(pk=1)
    events = list(_chained(head, cast("list[_Event]", items)))
    _insert(events)
    head.count, head.last_mac = events[-1]["number"], events[-1]["mac"]
    head.seal = _seal_of(head)
    head.save()


def _insert(events: list[_Event]) -> None:
    """One statement however many there are."""
    rows = [_row_of(event) for event in events]
    marks = f"({', '.join(['%s'] * len(_COLUMNS))})"
    into = f"INSERT INTO {AuditEvent._meta.db_table} ({', '.join(_COLUMNS)}) VALUES "
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(into + marks, rows)
        else:
            cursor.execute(into + ", ".join([marks] * len(rows)), [value for row in rows for value in row])


def _row_of(event: _Event) -> list[Any]:
    at = connection.ops.adapt_datetimefield_value(event["at"])
    stored = event | {"at": at, "changed": json.dumps(event["changed"])}
    return [stored[name] for name in _COLUMNS]


def _append_alone(event: _Event) -> None:
    with transactions.atomic():
        transactions.before_commit(_append, event)


def _chained(head: AuditHead, events: list[_Event]) -> Iterator[_Event]:
    number, mac = head.count, head.last_mac
    for event in events:
        number += 1
        placed = event | {"number": number, "previous_mac": mac}
        mac = _mac_of(placed)
        yield placed | {"mac": mac}


def _mac_of(event: _Event) -> str:
    at = event["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return _hmac(_JSON.encode({name: event[name] for name in _SEALED} | {"at": at}))


def _seal_of(head: AuditHead) -> str:
    return _hmac(f"head {head.count} {head.last_mac}")


def _hmac(text: str) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
