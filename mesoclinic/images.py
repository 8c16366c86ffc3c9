"""Pictures are drawn anew in a limited child process, so that only what one sees of them is kept."""

import json
import subprocess
import sys

from django.conf import settings

from mesoclinic.image_child import MOVING, TOO_MANY_PIXELS

__all__ = ["MOVING", "TOO_MANY_PIXELS", "NotDrawn", "drawn_anew"]

MOST_PIXELS = 50_000_000
CPU_SECONDS = 20
SECONDS = 60
MEMORY_BYTES = 1536 * 1024 * 1024


class NotDrawn(Exception):
    """The picture cannot be kept; `code` is that of the child."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"The picture was refused with code {code}.")
        self.code = code


def drawn_anew(content: bytes, *, kind: str, side: int = 0) -> bytes:
    """The picture (kind JPEG or PNG), upright, without metadata and without anything behind its end.

    With a `side`, its longer side has that many pixels at most.
    Raises NotDrawn for what is no such picture, moves, is damaged, or is larger than 50 megapixels.
    """
    limits = {"pixels": MOST_PIXELS, "cpu_seconds": CPU_SECONDS, "memory_bytes": MEMORY_BYTES}
    job = {"kind": kind, "side": side, **limits}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "mesoclinic.image_child", json.dumps(job)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=settings.BASE_DIR,
        )
    except subprocess.TimeoutExpired as problem:
        raise NotDrawn(None) from problem
    if child.returncode or not child.stdout:
        raise NotDrawn(child.returncode)
    return child.stdout
