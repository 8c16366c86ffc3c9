"""Papers as they were made: bytes in private storage, frozen, found again by their digest."""

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.db import models

from mesoclinic import clock


class Document(models.Model):
    """One paper. Insert only: a correction is a new paper that names the one it supersedes."""

    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    template_version = models.CharField(max_length=40)
    mime = models.CharField(max_length=80, default="application/pdf")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    file = models.CharField(max_length=200, unique=True)
    made_at = models.DateTimeField()
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "mesoclinic"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Damaged(Exception):
    """The stored bytes are gone or no longer those whose digest was recorded."""


def keep(content: bytes, *, kind: str, language: str, template_version: str, mime: str = "application/pdf") -> Document:
    """Store the bytes durably, then the row; call it inside the transaction of what the paper belongs to."""
    name = f"{clock.now():%Y/%m}/{secrets.token_hex(16)}"
    _write(settings.PRIVATE_DIR / name, content)
    return Document.objects.create(
        kind=kind,
        language=language,
        template_version=template_version,
        mime=mime,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        file=name,
        made_at=clock.now(),
    )


def content_of(document: Document) -> bytes:
    """The bytes of the paper; raises Damaged when they are missing or changed."""
    try:
        content = (settings.PRIVATE_DIR / document.file).read_bytes()
    except OSError as problem:
        raise Damaged(f"Paper {document.pk} is missing from storage.") from problem
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise Damaged(f"Paper {document.pk} is not the one that was stored.")
    return content


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
        writer.write(content)
        writer.flush()
        os.fsync(writer.fileno())
