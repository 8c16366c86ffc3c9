"""The ledger of messages within the actor's scope."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import Notice
from patients.queries.people import reached


def notices_for(actor: Actor) -> QuerySet[Notice]:
    """The notices of the patients within the actor's scope, with what a page shows of them."""
    return Notice.objects.filter(reached(actor)).select_related("patient", "site", "message")


def notice_for(actor: Actor, notice_id: int) -> Notice:
    """The notice; raises OutOfScope alike for another site's and for none at all."""
    notice = notices_for(actor).filter(pk=notice_id).first()
    if notice is None:
        raise OutOfScope(_("There is no such message at your sites."))
    return notice
