"""The mail that tells a director, or whoever is on call, to look: no name and nothing of what happened in it."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from mesoclinic.accounts import User
from mesoclinic.languages import spoken
from mesoclinic.outbox import Skip, composer
from mesoclinic.transport import Mail
from sessions.models import AdverseEvent


# A second copy does no harm: better told twice than not.
@composer("adverse_alert", repeatable=True)
def compose(subject: str) -> Mail | Skip:
    """Where it is, since when, and the address of the event."""
    event_id, person_id, why = subject.split(":")
    event = AdverseEvent.objects.select_related("site").get(pk=int(event_id))
    person = User.objects.get(pk=int(person_id))
    if not person.is_active:
        return Skip("The account is closed.")
    with override(spoken(person.language)), timezone.override(event.site.zone):
        address = f"{settings.PUBLIC_URL}{reverse('sessions:adverse_event', args=[event.pk])}"
        context = {"event": event, "why": why, "address": address, "person": person}
        text = render_to_string("mail/adverse_alert.txt", context)
        return Mail(to=person.email, subject=_titles()[why], text=text, language=spoken(person.language))


def _titles() -> dict[str, str]:
    return {
        "sentinel": _("Sentinel event: please look now"),
        "cluster": _("Cluster of adverse events: please look now"),
        "red_flag": _("Red flag after a session: please call back now"),
    }
