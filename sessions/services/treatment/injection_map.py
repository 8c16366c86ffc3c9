"""The injection map: single points that add up to the volumes by zone."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from mesoclinic import audit, clock
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.technique import Technique, Zone
from sessions.models import Injection, ScalpView, TreatmentRecord
from sessions.queries.injection_map import injections_of, point_of
from sessions.queries.treatment import version_of
from sessions.rules.injection_map import MapPoint, changes, differing, with_map
from sessions.rules.totals import Given

MAP = "map"
STORED_PLACES = 5
# As deep as the form of the session takes.
DEEPEST_UM = 20_000


def map_beside(given: Sequence[Given], points: Sequence[MapPoint]) -> tuple[Given, ...]:
    """The volumes by zone, filled from the map; raises ClinicError where a typed volume is not that of its points."""
    for typed, mapped in differing(given, points):
        words = {"map": _millilitres(mapped.volume_ul), "typed": _millilitres(typed.volume_ul)}
        sentence = _("The map has %(map)s mL here, and %(typed)s mL are entered. Change one of them.") % words
        raise ClinicError(sentence, f"zone_{typed.zone}_{typed.syringe}")
    return with_map(given, points)


def check_points(record: TreatmentRecord, points: Sequence[MapPoint]) -> None:
    """Raise ClinicError for a point that lies nowhere, gives nothing or has no key of its own."""
    catalogue = catalogue_of(version_of(record).release)
    if not all(_is_sound(catalogue, point) for point in points):
        raise ClinicError(_("A point has no place, technique, depth or volume. Take it out and set it again."), MAP)


def keep_points(actor: User, record: TreatmentRecord, points: Sequence[MapPoint]) -> None:
    """Make the stored map the one that was sent, once it is checked and reconciled. Called with the record locked."""
    stored = list(injections_of(record))
    present = {each.client_key: point_of(each) for each in stored if each.taken_out_at is None}
    taken_out = {each.client_key: point_of(each) for each in stored if each.taken_out_at is not None}
    found = changes(points, present, taken_out)
    if found.clashes or _of_others(record, found.new):
        raise ClinicError(_("A point was sent twice with different values. Load this page again."), MAP)
    mine = Injection.objects.filter(record=record)
    mine.filter(client_key__in=found.out).update(taken_out_at=clock.now())
    mine.filter(client_key__in=found.back).update(taken_out_at=None)
    Injection.objects.bulk_create(_row(record, point) for point in found.new)
    if found.new or found.out or found.back:
        told = {"new": [point.key for point in found.new], "out": sorted(found.out), "back": sorted(found.back)}
        audit.record(actor, "treatment.map_changed", record, patient_id=record.patient_id, changed=told)


def _is_sound(catalogue: Catalogue, point: MapPoint) -> bool:
    zone = catalogue.row(Zone, point.zone) if catalogue.has(Zone, point.zone) else None
    sound = [
        point.view in ScalpView.values,
        _is_fraction(point.x) and _is_fraction(point.y),
        zone is not None and not zone.parts,
        catalogue.has(Technique, point.technique),
        point.volume_ul > 0 and 0 <= point.depth_um <= DEEPEST_UM,
        _is_key(point.key),
    ]
    return all(sound)


def _is_fraction(part: Decimal) -> bool:
    """From 0 to 1, as finely as it is stored: a point that came back rounded would not be the one that was sent."""
    return part.is_finite() and 0 <= part <= 1 and part == round(part, STORED_PLACES)


def _is_key(key: str) -> bool:
    try:
        return str(UUID(key)) == key
    except ValueError:
        return False


def _of_others(record: TreatmentRecord, new: Sequence[MapPoint]) -> bool:
    keys = [point.key for point in new]
    return Injection.objects.exclude(record=record).filter(client_key__in=keys).exists()


def _row(record: TreatmentRecord, point: MapPoint) -> Injection:
    return Injection(
        record=record,
        client_key=point.key,
        view=point.view,
        zone=point.zone,
        x=point.x,
        y=point.y,
        drawing_version=point.drawing_version,
        technique=point.technique,
        volume_ul=point.volume_ul,
        depth_um=point.depth_um,
        syringe=point.syringe,
    )


def _millilitres(microlitres: int) -> str:
    return f"{(Decimal(microlitres) / MICROLITRES_PER_ML).normalize():f}"
