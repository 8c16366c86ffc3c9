"""The mail that brings a patient the link to the questions before the visit; its subject says nothing of them."""

import base64

import qrcode  # type: ignore[import-untyped]  # qrcode ships no types
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage  # type: ignore[import-untyped]  # qrcode ships no types

from mesoclinic.languages import spoken
from mesoclinic.outbox import Skip, composer
from mesoclinic.templatetags.components import patient_when
from mesoclinic.transport import Mail
from patients.models import Notice, PatientLink
from patients.queries.contact import mail_hindrance
from patients.queries.intake import PURPOSE
from patients.queries.links import digest_of, open_links, token_of

KIND = "intake_link"


def address_of(link: PatientLink) -> str:
    """The address that opens the questions; it is not kept anywhere."""
    return f"{settings.PUBLIC_URL}{reverse('patients:link_door', args=[token_of(link.seed)])}"


def code_of(address: str) -> str:
    """A QR code of the address as a picture that stands in the page itself."""
    drawn = qrcode.make(address, image_factory=SvgPathImage, border=2).to_string()
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"


@composer(KIND, repeatable=True)
def compose(subject: str) -> Mail | Skip:
    """The link as it holds now, in the patient's language."""
    notice = Notice.objects.select_related("patient", "site").get(pk=int(subject.partition(":")[2]))
    if hindrance := mail_hindrance(notice.patient):
        return Skip(hindrance)
    link = open_links(PURPOSE).filter(pk=int(notice.subject.partition(":")[2])).first()
    if link is None:
        return Skip("The link was replaced, used or has expired.")
    if digest_of(token_of(link.seed)) != link.token_sha256:
        return Skip("The clinic's secret key has changed. Make a new link.")
    return _letter(notice, link)


def _letter(notice: Notice, link: PatientLink) -> Mail:
    patient, site = notice.patient, notice.site
    with translation.override(spoken(patient.language)), timezone.override(site.zone):
        letter = {
            # One line whatever the site is called: a mail's header can hold no other.
            "subject": _("A message from %(site)s") % {"site": " ".join(site.name.split())},
            "opening": _("We ask you to answer some questions before your visit. It takes about five minutes:"),
            "points": (address_of(link),),
            "closing": (
                _("You need your date of birth to open it. You can stop and go on later with the same address."),
                _("It works until %(when)s, for you alone. Do not pass it on.")
                % {"when": patient_when(link.expires_at)},
                _("If you cannot use it, call us: we ask the same questions at your visit."),
            ),
        }
        context = {"letter": letter, "patient": patient, "site": site}
        text = render_to_string("mail/letter.txt", context)
        html = render_to_string("mail/letter.html", context)
        return Mail(patient.email, str(letter["subject"]), text, html, (), language=spoken(patient.language))
