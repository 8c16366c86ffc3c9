"""Two photographs of one view beside each other: which ones, and in which way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import PhotoView
from patients.queries.photographs import Album, Shot

WAYS: Mapping[str, Promise] = {"slider": _("Slider"), "side": _("Side by side"), "timeline": _("Time line")}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The photographs of a view, the earlier and the later one that are compared, and the way."""

    view: PhotoView
    shots: Sequence[Shot]
    first: Shot
    second: Shot
    way: str


def comparison_of(album: Album, asked: Mapping[str, str]) -> Comparison | None:
    """What was asked for, and otherwise baseline beside newest; None when there is nothing to look at."""
    if not album.views:
        return None
    view = next((view for view in album.views if view == asked.get("view")), _most(album))
    shots = album.shots_of(view)
    first = _asked(shots, asked.get("first", "")) or album.baseline_of(view) or shots[0]
    second = _asked(shots, asked.get("second", "")) or shots[-1]
    way = asked.get("way", "")
    return Comparison(view, shots, first, second, way if way in WAYS else next(iter(WAYS)))


def _most(album: Album) -> PhotoView:
    """The view that was taken most often, of these the first."""
    return max(album.views, key=lambda view: len(album.shots_of(view)))


def _asked(shots: Sequence[Shot], number: str) -> Shot | None:
    return next((shot for shot in shots if str(shot.photo.pk) == number), None)
