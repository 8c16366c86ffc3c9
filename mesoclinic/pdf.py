"""HTML to PDF in a child process with limits, so that a hostile or huge page harms nobody else."""

import json
import subprocess
import sys

from django.conf import settings

# What a bomb burns is its own processor time; the wall clock also counts what a busy machine makes an honest page wait.
CPU_SECONDS = 8
SECONDS = 30
MEMORY_BYTES = 1536 * 1024 * 1024


class NotRendered(Exception):
    """The page could not be made into a PDF; says why in words without patient data."""


def render(html: str, *, language: str, title: str, made_at: str, identifier: str, variant: str = "pdf/ua-1") -> bytes:
    """The PDF of one page of HTML. Raises NotRendered after 8 s of work, after 30 s in all, or when the child fails.

    `made_at` (ISO 8601) and `identifier` (hex) make the bytes the same for the same page.
    """
    job = {
        "html": html,
        "language": language,
        "title": title,
        "made_at": made_at,
        "identifier": identifier,
        "variant": variant,
        "assets": [str(path) for path in settings.STATICFILES_DIRS],
        "cpu_seconds": CPU_SECONDS,
        "memory_bytes": MEMORY_BYTES,
    }
    try:
        child = subprocess.run(
            [sys.executable, "-m", "mesoclinic.pdf_child"],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=settings.BASE_DIR,
        )
    except subprocess.TimeoutExpired as problem:
        raise NotRendered(f"The page took longer than {SECONDS} seconds.") from problem
    if child.returncode or not child.stdout.startswith(b"%PDF"):
        raise NotRendered(f"The renderer stopped with code {child.returncode}.")
    return child.stdout
