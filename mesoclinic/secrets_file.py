"""Secrets of an embedded clinic: made once, kept readable by their owner alone."""

import os
import secrets
from pathlib import Path


def kept_secret(folder: Path, name: str) -> str:
    """The secret of that name under `folder/secrets`, made on first use; two processes agree on one."""
    file = folder / "secrets" / name
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as writer:
        writer.write(secrets.token_urlsafe(64))
    return file.read_text(encoding="ascii").strip()
