"""Files that people send: judged by their content, never by their name or by what the browser calls them."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from mesoclinic.errors import ClinicError
from mesoclinic.http import Handler
from mesoclinic.images import MOVING, TOO_MANY_PIXELS, NotDrawn, drawn_anew

MOST_MB = 10
MOST_BYTES = MOST_MB * 1024 * 1024
# What is larger than any form of ours is not read at all.
MOST_BODY_BYTES = 64 * 1024 * 1024
NAME_LENGTH = 200
PDF = "application/pdf"
_PICTURES = {b"\xff\xd8\xff": ("JPEG", "image/jpeg"), b"\x89PNG\r\n\x1a\n": ("PNG", "image/png")}
_PDF_START, _PDF_END, _BLANK = b"%PDF-", b"%%EOF", b"\0\t\n\f\r "


@dataclass(frozen=True, slots=True)
class Judged:
    """What is kept of a file, and what it is."""

    content: bytes
    mime: str


class Capped(FileUploadHandler):
    """Lets through a little more of each file than may be kept, so that a huge one fills no disk."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= MOST_BYTES else None

    def file_complete(self, file_size: int) -> Any:
        return None


class LimitedBody:
    """Refuses a request that says it is larger than any form of ours, before its body is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > MOST_BODY_BYTES:
            words = _("This is more than can be sent at once. A file may have up to %(most)d MB.") % {"most": MOST_MB}
            return HttpResponse(words, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def judged(content: bytes, *, field: str) -> Judged:
    """A PDF as it is, or a JPEG or PNG picture drawn anew; raises ClinicError beside `field` for anything else."""
    _sized(content, field)
    if content.startswith(_PDF_START):
        return Judged(_whole_pdf(content, field), PDF)
    kind, mime = _kind_of(content)
    if not kind:
        words = _("Only PDF, JPEG and PNG files can be kept. This is none of them, whatever its name.")
        raise ClinicError(words, field)
    return Judged(_picture(content, kind, field), mime)


def judged_picture(content: bytes, *, field: str, small_side: int) -> tuple[Judged, Judged]:
    """A JPEG or PNG picture drawn anew, and a small one whose longer side has `small_side` pixels at most.

    Raises ClinicError beside `field` for anything else.
    """
    _sized(content, field)
    kind, mime = _kind_of(content)
    if not kind:
        raise ClinicError(_("Only JPEG and PNG pictures can be kept. This is neither, whatever its name."), field)
    whole = _picture(content, kind, field)
    return Judged(whole, mime), Judged(_picture(whole, kind, field, small_side), mime)


def shown_name(name: str) -> str:
    """What a file was called, as harmless text: for people to recognise it, never as a path."""
    visible = (letter for letter in name if unicodedata.category(letter)[0] not in "CZ" or letter == " ")
    return "".join(visible).strip()[:NAME_LENGTH]


def _sized(content: bytes, field: str) -> None:
    if not content:
        raise ClinicError(_("This file is empty. Choose it again."), field)
    if len(content) > MOST_BYTES:
        raise ClinicError(_("This file is larger than %(most)d MB. Send a smaller one.") % {"most": MOST_MB}, field)


def _kind_of(content: bytes) -> tuple[str, str]:
    """The kind of a picture and its media type by how it begins, or twice nothing."""
    return next((kept for start, kept in _PICTURES.items() if content.startswith(start)), ("", ""))


def _whole_pdf(content: bytes, field: str) -> bytes:
    if not content.rstrip(_BLANK).endswith(_PDF_END):
        raise ClinicError(_("This PDF is cut off or damaged. Save it again and choose it anew."), field)
    return content


def _picture(content: bytes, kind: str, field: str, side: int = 0) -> bytes:
    try:
        return drawn_anew(content, kind=kind, side=side)
    except NotDrawn as problem:
        why = {
            TOO_MANY_PIXELS: _("This picture is larger than 50 megapixels. Send a smaller one."),
            MOVING: _("This picture moves. Send one that stands still."),
        }
        damaged = _("This picture is damaged and cannot be read. Scan or photograph it again.")
        raise ClinicError(why.get(problem.code or 0, damaged), field) from problem
