"""A signed consultation on paper: made anew from the frozen record whenever somebody prints it, and not kept."""

import hashlib
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic import clock, pdf
from mesoclinic.errors import ClinicError
from patients.models import Consultation
from protocols.models import CatalogueRelease
from protocols.queries.catalogue import demonstration


def consultation_record(consultation: Consultation, record: dict[str, Any]) -> bytes:
    """The record as its page shows it, as PDF/UA-1 in the reader's language. Raises ClinicError."""
    language, made = get_language() or "en", clock.now()
    context = record | {"language": language, "site": consultation.site, "printed_at": made}
    candidacy = record.get("candidacy")
    context["catalogue_banner"] = _banner(candidacy.release) if candidacy else ""
    with timezone.override(consultation.site.zone):
        html = render_to_string("pdf/consultation_record.html", context)
    identifier = hashlib.sha256(f"consultation:{consultation.pk}".encode()).hexdigest()[:32]
    try:
        title = _("Consultation record")
        return pdf.render(html, language=language, title=title, made_at=made.isoformat(), identifier=identifier)
    except pdf.NotRendered as problem:
        raise ClinicError(_("The paper could not be made. Try again in a minute.")) from problem


def _banner(release: CatalogueRelease) -> str:
    return _("Demonstration approval: no physician has approved this content.") if demonstration(release) else ""
