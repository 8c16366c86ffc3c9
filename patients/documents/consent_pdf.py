"""The paper of a signed consent: the text as it was shown, what was acknowledged when, and the signature."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_bidi, override
from django.utils.translation import gettext as _

from mesoclinic import pdf
from mesoclinic.shell import BANNER
from patients.models import Consent
from patients.rules.consent import Validity
from protocols.queries.catalogue import draft_rows

VARIANT = "pdf/a-3a"


def consent_pdf(consent: Consent, *, validity: Validity | None = None) -> bytes:
    """The PDF/A of a signed consent, in the language in which it was shown."""
    with override(consent.language), timezone.override(consent.site.zone):
        html = render_to_string("pdf/consent.html", _context(consent, validity))
        title = _("Consent to scalp mesotherapy")
    assert consent.signed_at is not None, "only a signed consent has a paper"
    return pdf.render(
        html,
        language=consent.language,
        title=title,
        made_at=consent.signed_at.isoformat(),
        identifier=consent.text_sha256[:32],
        variant=VARIANT,
    )


def _context(consent: Consent, validity: Validity | None) -> dict[str, Any]:
    given = {str(each["id"]): each for each in consent.elements}
    version = consent.plan_version
    assert version is not None, "a treatment consent belongs to a plan version"
    return {
        "consent": consent,
        "text": consent.text,
        "language": consent.language,
        "right_to_left": get_language_bidi(),
        "patient": consent.patient,
        "site": consent.site,
        "version": version,
        "sections": [{**section, "read_at": _at(given.get(section["id"]))} for section in consent.text["sections"]],
        "choices": [_chosen(choice, given.get(choice["id"])) for choice in consent.text["choices"]],
        "questions": _answered(consent),
        "initials": "".join(part[:1] for part in consent.patient.full_name.split()),
        # Our own drawing, made of numbers that were checked; never the browser's markup.
        "signature": mark_safe(consent.signature_svg),
        "digest": " ".join(consent.text_sha256[place : place + 8] for place in range(0, 64, 8)),
        "through": validity.through if validity else None,
        "catalogue_banner": BANNER if draft_rows(version.release) else "",
    }


def _at(given: dict[str, Any] | None) -> datetime | None:
    return datetime.fromisoformat(given["at"]) if given else None


def _chosen(choice: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any]:
    answers = (given or {}).get("choices", {})
    options = [{"text": text, "yes": answers.get(name) is True} for name, text in choice["options"].items()]
    return {"title": choice["title"], "options": options}


def _answered(consent: Consent) -> list[dict[str, str]]:
    return [
        {"question": each["question"], "answer": each["answers"][each["right"]]} for each in consent.text["questions"]
    ]
