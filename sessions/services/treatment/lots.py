"""Drawing up: which lot goes into which syringe; the stock goes down in the same transaction."""

from decimal import Decimal

from django.utils.translation import gettext as _

from mesoclinic import access, audit
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from mesoclinic.transactions import atomic
from protocols.models import Lot, Movement
from protocols.queries.stock import lot_for
from protocols.services.stock import move
from sessions.models import LotUse, TreatmentRecord
from sessions.queries.treatment import Need, lot_refusal, needs_of, today_at
from sessions.services.treatment.locking import seen, step


def use_lot(
    actor: User, *, record_id: int, version: int, lot_id: int, syringe: str, volume_ml: Decimal, key: str
) -> LotUse:
    """Draw up mL (whole microlitres, more than 0) of a lot into a syringe; the same key counts once.

    Refused: expired, quarantined, recalled, of another site or product, empty, or more than the plan asks for.
    """
    access.require(actor, Can.PREPARE_TREATMENT)
    with atomic():
        movement_key = f"treatment:{record_id}:{key}"[: _key_length()]
        known = LotUse.objects.filter(movement__key=movement_key, record_id=record_id).first()
        if known is not None:
            return known
        record = seen(actor, record_id, version)
        _may_draw(record)
        lot = lot_for(actor, lot_id)
        refusal = lot_refusal(record, lot)
        if refusal:
            raise ClinicError(refusal, "lot_id")
        _fits(_need(record, lot, syringe), volume_ml)
        moved = move(actor, lot=lot, quantity_ml=-volume_ml, reason=f"treatment:{record.pk}", key=movement_key)
        use = LotUse.objects.create(
            record=record,
            lot=lot,
            movement=moved,
            ingredient=lot.product.ingredient,
            syringe=syringe,
            volume_ml=volume_ml,
        )
        audit.record(actor, "lot.used", lot, patient_id=record.patient_id)
        step(actor, record, "drawn_up")
    return use


def _may_draw(record: TreatmentRecord) -> None:
    if record.rescreened_on != today_at(record.site):
        raise Conflict(_("Save today's re-screen before anything is drawn up."))
    if record.ended_at is not None:
        raise Conflict(_("The treatment has ended. Nothing more can be drawn up."))


def _need(record: TreatmentRecord, lot: Lot, syringe: str) -> Need:
    for need in needs_of(record):
        if need.component.product_id == lot.product_id and need.component.syringe == syringe:
            return need
    words = {"product": lot.product.name, "syringe": syringe}
    raise ClinicError(_("The plan has no %(product)s in syringe %(syringe)s. Take another lot.") % words, "lot_id")


def _fits(need: Need, volume_ml: Decimal) -> None:
    if volume_ml <= 0 or volume_ml * MICROLITRES_PER_ML % 1:
        raise ClinicError(_("Enter a volume in mL, for example 1.5 or 0.125."), "volume_ml")
    if volume_ml > need.left_ml:
        words = {"left": f"{need.left_ml.normalize():f}"}
        raise ClinicError(_("The plan leaves %(left)s mL of this product to draw up.") % words, "volume_ml")


def _key_length() -> int:
    return Movement._meta.get_field("key").max_length or 0
