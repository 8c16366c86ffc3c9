"""Letters and results from outside, and the files that people send."""

import io
from datetime import date, timedelta
from typing import Any

from PIL import Image

from mesoclinic import clock
from mesoclinic.accounts import User
from patients.models import Attachment, Patient
from patients.services.attachments import attach_document

PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (24, 16), mode: str = "RGB", **saved: Any) -> bytes:
    """A picture, red on the left and blue on the right where it has colours."""
    made = Image.new(mode, size, "red" if mode == "RGB" else 0)
    if mode == "RGB":
        made.paste("blue", (size[0] // 2, 0, *size))
    written = io.BytesIO()
    made.save(written, kind, **saved)
    return written.getvalue()


def yesterday() -> date:
    """The day before the clinic's today."""
    return (clock.now() - timedelta(days=1)).date()


def attachment(patient: Patient, *, by: User, **over: Any) -> Attachment:
    """A haematologist's letter of yesterday, a PDF of its own for each patient."""
    usual: dict[str, Any] = {
        "patient_id": patient.pk,
        "kind": "letter",
        "dated_on": yesterday(),
        "author": "Dr Vega, haematology",
        "content": PDF.replace(b"trailer", b"%% %d\ntrailer" % patient.pk),
        "original_name": "letter.pdf",
    }
    return attach_document(by, **(usual | over))
