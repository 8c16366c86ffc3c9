"""The points of a treatment record as they are stored."""

from collections.abc import Iterable

from sessions.models import Injection, TreatmentRecord
from sessions.rules.injection_map import MapPoint


def points_of(record: TreatmentRecord) -> list[MapPoint]:
    """The points that count, in the order in which they were set."""
    return [point_of(each) for each in injections_of(record) if each.taken_out_at is None]


def injections_of(record: TreatmentRecord) -> Iterable[Injection]:
    """All points, also those that were taken out."""
    return Injection.objects.filter(record=record).order_by("pk")


def point_of(each: Injection) -> MapPoint:
    """A stored point as the rules read it."""
    return MapPoint(
        key=each.client_key,
        view=each.view,
        zone=each.zone,
        x=each.x,
        y=each.y,
        technique=each.technique,
        volume_ul=each.volume_ul,
        depth_um=each.depth_um,
        syringe=each.syringe,
        drawing_version=each.drawing_version,
    )
