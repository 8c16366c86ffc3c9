"""A time from the waiting list as its patient meets it by link."""

from django.utils.translation import gettext as _

from mesoclinic.errors import ClinicError
from patients.models import PatientLink
from patients.queries.links import mailed_link
from sessions.models import Booking, TimeOffer
from sessions.queries.waitlist import all_offers, is_open

PURPOSE = "offer"


def subject_of(offer: TimeOffer) -> str:
    """What a link and a notice are about."""
    return f"offer:{offer.pk}"


def offer_id_of(link: PatientLink) -> int:
    """The number of the offer that a link is about."""
    return int(link.subject.partition(":")[2])


def own_offer(link: PatientLink) -> TimeOffer | None:
    """The offer of a link, None once it is answered or kept no longer."""
    offer = offer_of(link.subject)
    return offer if offer is not None and offer.hold.patient_id == link.patient_id else None


def offer_of(subject: str) -> TimeOffer | None:
    """The offer of a subject key while it is kept."""
    offer = all_offers().filter(pk=int(subject.partition(":")[2])).first()
    return offer if offer is not None and is_open(offer) else None


def kept_for(subject: str) -> Booking:
    """The time that is kept; raises ClinicError when it is kept no longer."""
    offer = offer_of(subject)
    if offer is None:
        raise ClinicError(_("The time is kept no longer."))
    return offer.hold


def open_link_to(offer: TimeOffer) -> PatientLink | None:
    """The link that the mail brings."""
    return mailed_link(PURPOSE, subject_of(offer))
