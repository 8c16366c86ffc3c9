"""A form that is sent twice acts once: its key and its answer commit together."""

import hashlib
import json
from collections.abc import Callable
from typing import TypeVar, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models

from mesoclinic import clock
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic

KEY_LENGTH = 100
T = TypeVar("T")


class OnceKey(models.Model):
    """One accepted request of one actor, with what was asked (as a digest) and what was answered."""

    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=KEY_LENGTH)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "mesoclinic"
        constraints = (models.UniqueConstraint(fields=["actor", "key"], name="once_actor_key"),)

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"


def once(actor: Actor, key: str, body: object, call: Callable[[], T]) -> T:
    """Run `call` for the first request with this key and give its JSON answer to each later one.

    Raises Conflict when the key came before with another body. When `call` raises, the key stays unused.
    """
    if not 0 < len(key) <= KEY_LENGTH:
        raise ClinicError("The form has lost its number. Open the page again.")
    digest = _digest(body)
    with atomic():
        kept, new = _reserve(_owner(actor), key, digest)
        if new:
            kept.answer = call()
            kept.save(update_fields=["answer"])
        elif kept.digest != digest:
            raise Conflict("This form was already sent with other content. Open the page again.")
        return cast(T, kept.answer)


def _reserve(owner: str, key: str, digest: str) -> tuple[OnceKey, bool]:
    # A second request waits here until the first has committed or rolled back.
    try:
        with atomic():
            return OnceKey.objects.create(actor=owner, key=key, digest=digest, at=clock.now()), True
    except IntegrityError:
        return OnceKey.objects.get(actor=owner, key=key), False


def _owner(actor: Actor) -> str:
    return f"{actor.kind}:{actor.actor_id if actor.actor_id is not None else actor.actor_name}"[:80]


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()
