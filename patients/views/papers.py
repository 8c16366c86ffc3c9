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


@require_GET
@needs(Can.VIEW_DOCUMENTS)
def document(request: StaffRequest, document_id: int) -> HttpResponse:
    """One paper of a patient."""
    paper = paper_for(request.actor, document_id)
    content = content_of(paper.document)
    disclose(request.actor, "open paper", [paper.patient_id])
    # A fixed name: a patient's name must not end up in a folder of downloads.
    name = f'inline; filename="paper.{_ENDINGS[paper.document.mime]}"'
    headers = {**_HEADERS, "Content-Disposition": name}
    return HttpResponse(content, content_type=paper.document.mime, headers=headers)


urls = [path("documents/<id:document_id>/", document, name="document")]
