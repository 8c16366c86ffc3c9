"""Sessions in the treatment room: the session, its record, and everything its page shows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Site
from mesoclinic.templatetags.components import birth_date
from patients.models import Addendum, Component, PlanVersion
from patients.queries.people import reached
from protocols.models import Lot, Product
from protocols.queries.catalogue import catalogue_of
from protocols.queries.stock import usable_lots
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.session_day import ChecklistItem, SessionStep
from protocols.rules.kinds.technique import Zone
from sessions.models import Booking, ChecklistEntry, LotUse, TreatmentRecord, TreatmentSession
from sessions.queries.bookings import GONE, sites_for
from sessions.rules.totals import Mixed

LOCK = "ST-7"
MAY_OPEN = (TreatmentSession.State.BOOKED, TreatmentSession.State.IN_PROGRESS)


def session_for(actor: Actor, session_id: int) -> TreatmentSession:
    """One session within reach; raises OutOfScope for another site's and for none at all alike."""
    reach = TreatmentSession.objects.filter(reached(actor, "series__patient"), series__site__in=sites_for(actor))
    found = reach.select_related("series__site", "series__patient", "series__plan_version__plan__site")
    session = found.select_related("series__plan_version__release").filter(pk=session_id).first()
    if session is None:
        raise OutOfScope(_("There is no such session at your sites."))
    return session


def record_for(actor: Actor, record_id: int) -> TreatmentRecord:
    """One treatment record within reach; raises OutOfScope."""
    reach = TreatmentRecord.objects.filter(reached(actor), site__in=sites_for(actor))
    related = ("session__series__plan_version__plan__site", "session__series__plan_version__release", "site", "patient")
    found = reach.select_related(*related, "fact_sheet", "candidacy__release", "consent", "signed_by")
    record = found.filter(pk=record_id).first()
    if record is None:
        raise OutOfScope(_("There is no such treatment record at your sites."))
    return record


def record_of(actor: Actor, session: TreatmentSession) -> TreatmentRecord | None:
    """The record of a session that counts, None before preparation and after it was voided."""
    found = session.records.exclude(state=TreatmentRecord.State.VOIDED).first()
    return record_for(actor, found.pk) if found else None


def version_of(record: TreatmentRecord) -> PlanVersion:
    """The signed plan version that the session belongs to."""
    return record.session.series.plan_version


def components_of(version: PlanVersion) -> list[Component]:
    """What a plan version mixes, with the products; read once, as a signed version never changes."""
    prefetch_related_objects([version], "components__product")
    return list(version.components.all())


def booking_of(session: TreatmentSession) -> Booking | None:
    """The visit in which the session takes place."""
    return session.bookings.exclude(state__in=GONE).order_by("-starts_at").first()


def today_at(site: Site) -> date:
    """The calendar day at the site."""
    return clock.now().astimezone(site.zone).date()


def steps_of(record: TreatmentRecord) -> list[SessionStep]:
    """The steps with a checklist; the lock of the record is its signature."""
    return [row for row in catalogue_of(version_of(record).release).of(SessionStep) if row.id != LOCK]


def answers_of(record: TreatmentRecord) -> Mapping[tuple[str, str], ChecklistEntry]:
    """(step, item) -> the answer that counts, the last one."""
    given = ChecklistEntry.objects.filter(record=record).select_related("by").order_by("pk")
    return {(entry.step, entry.item): entry for entry in given}


def unanswered(record: TreatmentRecord) -> list[tuple[SessionStep, ChecklistItem]]:
    """Items of steps that are not optional and that nobody has answered."""
    given = answers_of(record)
    steps = [step for step in steps_of(record) if not step.optional]
    return [(step, item) for step in steps for item in step.items if (step.id, item.id) not in given]


@dataclass(frozen=True, slots=True)
class Gap:
    """A mandatory part of the record that is not there yet, and the id of the place where it is given."""

    sentence: str
    target: str


def missing_to_sign(record: TreatmentRecord) -> list[Gap]:
    """Each mandatory part of the record that is not there yet."""
    open_items = len(unanswered(record))
    parts = [
        (record.started_at is None, _("Start the treatment."), "start"),
        (not record.volumes, _("Record what was injected."), "delivery"),
        (record.pain is None, _("Record the pain."), "delivery"),
        (not record.bleeding, _("Record the bleeding."), "delivery"),
        (not record.none_observed and not record.reactions, _("Record reactions, or that none was seen."), "delivery"),
        (record.ended_at is None, _("Finish the session."), "finish"),
        (open_items > 0, _("Answer the %(count)s open items of the checklist.") % {"count": open_items}, "checklist"),
    ]
    return [Gap(sentence, target) for missing, sentence, target in parts if missing]


def lot_uses(record: TreatmentRecord) -> list[LotUse]:
    """What was drawn up, in order."""
    return list(LotUse.objects.filter(record=record).select_related("lot__product").order_by("pk"))


def lots_of(record: TreatmentRecord) -> dict[int, Lot]:
    """Product id -> the lot drawn up last."""
    return lots_in(lot_uses(record))


def lots_in(uses: Iterable[LotUse]) -> dict[int, Lot]:
    """Product id -> the last lot among these, which stand in order."""
    return {use.lot.product_id: use.lot for use in uses}


@dataclass(frozen=True, slots=True)
class Need:
    """A component of the plan: what it asks for, what was drawn up already, and lots that could be used."""

    component: Component
    drawn_ml: Decimal
    lots: Sequence[Lot]
    at_hand_ml: Decimal

    @property
    def left_ml(self) -> Decimal:
        """What is still to be drawn up, in mL."""
        return self.component.volume_ml - self.drawn_ml

    @property
    def short(self) -> bool:
        """Whether less may be used than is still to be drawn up."""
        return self.at_hand_ml < self.left_ml


def needs_of(record: TreatmentRecord) -> list[Need]:
    """Every component of the plan beside what was drawn up for it."""
    return needs_beside(record, lot_uses(record))


def needs_beside(record: TreatmentRecord, uses: Sequence[LotUse]) -> list[Need]:
    """Every component of the plan beside these uses, which are all of the record."""
    version = version_of(record)
    return needs_of_version(version, uses, stock_for([version], record.site))


def stock_for(versions: Iterable[PlanVersion], site: Site) -> Mapping[int, Sequence[Lot]]:
    """By product of these plan versions, the lots of the site that may be used today."""
    products = {part.product_id for version in versions for part in components_of(version)}
    return usable_lots(products, site, today_at(site))


def needs_of_version(version: PlanVersion, uses: Sequence[LotUse], stock: Mapping[int, Sequence[Lot]]) -> list[Need]:
    """Every component of a plan version beside what was drawn up; what one needs is not at hand for the next."""
    at_hand = {product: sum((lot.on_hand_ml for lot in lots), start=Decimal(0)) for product, lots in stock.items()}
    needs = []
    for part in components_of(version):
        drawn = sum((use.volume_ml for use in uses if _serves(use, part)), start=Decimal(0))
        need = Need(part, drawn, stock[part.product_id], at_hand[part.product_id])
        at_hand[part.product_id] -= min(max(need.left_ml, Decimal(0)), need.at_hand_ml)
        needs.append(need)
    return needs


def lot_refusal(record: TreatmentRecord, lot: Lot) -> str:
    """Why this lot may not be drawn up today, in one line; empty when it may."""
    if lot.on_hand_ml <= 0:
        return withheld(record, lot) or _("This lot is used up. Take another.")
    return withheld(record, lot)


def withheld(record: TreatmentRecord, lot: Lot) -> str:
    """Why this lot may not be injected today, in one line; empty when it may."""
    if lot.site_id != record.site_id:
        return _("This lot belongs to another site. Take another.")
    if lot.state != Lot.State.RELEASED:
        return _("This lot is “%(state)s”. Take another.") % {"state": lot.get_state_display()}
    if lot.expires_on < today_at(record.site):
        return _("Expired %(day)s. Take another.") % {"day": birth_date(lot.expires_on)}
    return ""


def lots_at(record: TreatmentRecord, product: Product) -> list[tuple[Lot, str]]:
    """Every lot of a product at the site with why it may not be used today; those that may come first."""
    found = Lot.objects.filter(product=product, site=record.site_id).order_by("expires_on", "number")
    return sorted(((lot, lot_refusal(record, lot)) for lot in found), key=lambda pair: bool(pair[1]))


def mixed_of(record: TreatmentRecord) -> list[Mixed]:
    """What was drawn up as the sums read it, with its dose in mg where the strength is known."""
    strengths = {(part.product_id, part.syringe): part.mg_per_ml for part in version_of(record).components.all()}
    return [
        Mixed(use.ingredient, use.syringe, use.volume_ml, strength * use.volume_ml if strength is not None else None)
        for use in lot_uses(record)
        for strength in [strengths.get((use.lot.product_id, use.syringe))]
    ]


def zones_of(version: PlanVersion, catalogue: Catalogue) -> list[tuple[Zone, bool]]:
    """Zones that a point may lie in, those of the plan first; a plan may name sums of zones."""
    planned = set(_single(catalogue, (str(zone["zone"]) for zone in version.zones)))
    zones = [zone for zone in catalogue.of(Zone) if not zone.parts]
    return sorted(((zone, zone.id in planned) for zone in zones), key=lambda pair: not pair[1])


def addenda_of(record: TreatmentRecord) -> list[Addendum]:
    """What was added after the signature, oldest first."""
    return list(Addendum.objects.filter(subject=subject_of(record)).select_related("by"))


def subject_of(record: TreatmentRecord) -> str:
    """The key by which papers, addenda and notices name a record."""
    return f"treatment:{record.pk}"


def _serves(use: LotUse, part: Component) -> bool:
    return use.lot.product_id == part.product_id and use.syringe == part.syringe


def _single(catalogue: Catalogue, names: Iterator[str]) -> Iterator[str]:
    for name in names:
        parts = catalogue.row(Zone, name).parts if catalogue.has(Zone, name) else ()
        yield from parts or (name,)
