"""From a lot to everybody who had it, and from a patient to every lot: one question, one page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet

from mesoclinic.accounts import User
from patients.models import Patient
from patients.queries.people import reached, records_of_person
from protocols.models import Lot
from protocols.queries.stock import lot_for
from sessions.models import AdverseEvent, LotUse
from sessions.queries.adverse import events_for

PAGE = 100


@dataclass(frozen=True, slots=True)
class Recall:
    """A lot at all sites of the clinic, and who had it: by use, with what came of it; others are counted only."""

    lot: Lot
    everywhere: Sequence[Lot]
    uses: Page[LotUse]
    patients: int
    elsewhere: int
    events: Sequence[AdverseEvent]

    @property
    def released(self) -> bool:
        """Whether somebody can still draw it up anywhere."""
        return any(each.state == Lot.State.RELEASED for each in self.everywhere)

    @property
    def patient_ids(self) -> list[int]:
        """Who is shown."""
        return [use.record.patient_id for use in self.uses] + [event.patient_id for event in self.events]


def recall_of(actor: User, lot_id: int, *, page: str) -> Recall:
    """Everybody who had the lot; raises OutOfScope."""
    lot = lot_for(actor, lot_id)
    everywhere = list(same_lot(lot).select_related("site", "product"))
    given = LotUse.objects.filter(lot__in=everywhere)
    here = given.filter(reached(actor, "record__patient"))
    uses = here.select_related("record__patient", "record__session", "record__site", "lot__site").order_by("-pk")
    everybody = given.aggregate(number=Count("record__patient", distinct=True))["number"]
    known = here.aggregate(number=Count("record__patient", distinct=True))["number"]
    events = events_for(actor).filter(lots__in=everywhere).distinct().order_by("-onset_at", "-pk")
    return Recall(lot, everywhere, Paginator(uses, PAGE).get_page(page), known, everybody - known, list(events[:PAGE]))


def same_lot(lot: Lot) -> QuerySet[Lot]:
    """The lot at every site of the clinic, whichever version of its product it was received under."""
    product = lot.product
    same = Lot.objects.filter(product__name=product.name, product__manufacturer=product.manufacturer)
    return same.filter(number=lot.number).order_by("site__name", "pk")


def uses_of(patient: Patient) -> QuerySet[LotUse]:
    """Everything that was drawn up for a patient, the newest first."""
    uses = LotUse.objects.filter(record__patient__in=records_of_person(patient.pk)).order_by("-pk")
    return uses.select_related("lot__product", "record__session", "record__site")
