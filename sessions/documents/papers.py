"""Messages on paper, for patients who get no mail."""

import hashlib

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from mesoclinic import clock, pdf
from mesoclinic.documents import content_of
from mesoclinic.errors import ClinicError
from patients.models import Notice
from sessions.documents.aftercare import aftercare_paper
from sessions.documents.mails import letter_for, record_of
from sessions.documents.words import spoken_to

SHEET = "MSG-03"


def paper_for_notice(notice: Notice) -> bytes:
    """The paper of a notice: the stored aftercare sheet, or the letter as it stands now. Raises ClinicError."""
    try:
        if notice.rule == SHEET:
            return content_of(aftercare_paper(record_of(notice)).document)
        return _letter(notice)
    except pdf.NotRendered as problem:
        raise ClinicError(_("The paper could not be made. Try again in a minute.")) from problem


def _letter(notice: Notice) -> bytes:
    letter = letter_for(notice)
    with spoken_to(notice.patient, notice.site):
        language = translation.get_language() or "en"
        context = {
            "letter": letter,
            "patient": notice.patient,
            "site": notice.site,
            "language": language,
            "right_to_left": translation.get_language_bidi(),
            "printed_at": clock.now(),
        }
        html = render_to_string("pdf/letter.html", context)
    identifier = hashlib.sha256(f"notice:{notice.pk}".encode()).hexdigest()[:32]
    made_at = clock.now().isoformat()
    return pdf.render(html, language=language, title=letter.subject, made_at=made_at, identifier=identifier)
