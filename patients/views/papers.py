"""Stored papers, streamed as they were made."""

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.documents import content_of
from patients.queries.papers import paper_for

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def inline(content: bytes, mime: str) -> HttpResponse:
    """A paper for the browser's own viewer: sandboxed, never kept, and named after nobody."""
    # A fixed name: a patient's name must not end up in a folder of downloads.
    name = f'inline; filename="paper.{_ENDINGS[mime]}"'
    return HttpResponse(content, content_type=mime, headers={**_HEADERS, "Content-Disposition": name})


@require_GET
@needs(Can.VIEW_DOCUMENTS)
def document(request: StaffRequest, document_id: int) -> HttpResponse:
    """One paper of a patient."""
    paper = paper_for(request.actor, document_id)
    content = content_of(paper.document)
    disclose(request.actor, "open paper", [paper.patient_id])
    return inline(content, paper.document.mime)


urls = [path("documents/<id:document_id>/", document, name="document")]
