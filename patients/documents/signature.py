"""A drawn signature: points from the screen become our own drawing; nothing of the browser's markup is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, isfinite

from django.utils.translation import gettext as _

from mesoclinic.errors import ClinicError

DRAWN, TYPED = "drawn", "typed"
MOST_STROKES, MOST_POINTS, MOST_PIXELS = 200, 6000, 10_000
LEAST_POINTS, LEAST_INK = 8, 80.0
LONGEST = 400_000
Stroke = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Signature:
    """What the patient sends: acknowledged element ids with their times, answers, choices and the signature itself."""

    text_sha256: str
    acknowledged: Mapping[str, str]
    answers: Mapping[str, str]
    choices: Mapping[str, Mapping[str, bool]]
    method: str
    name: str = ""
    strokes: str = ""


def strokes_of(typed: str) -> list[Stroke]:
    """The strokes in a signature pad's JSON, in pixels; raises ClinicError when they cannot be read."""
    try:
        groups = json.loads(typed) if 0 < len(typed) <= LONGEST else []
        strokes = [[(float(each["x"]), float(each["y"])) for each in group["points"]] for group in groups]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise ClinicError(_("The drawing could not be read. Draw it again or type your name."), "name") from None
    points = [point for stroke in strokes for point in stroke]
    fits = len(strokes) <= MOST_STROKES and len(points) <= MOST_POINTS
    if not fits or not all(isfinite(value) and abs(value) <= MOST_PIXELS for point in points for value in point):
        raise ClinicError(_("The drawing could not be read. Draw it again or type your name."), "name")
    return strokes


def is_trivial(strokes: list[Stroke]) -> bool:
    """Whether this is no signature: nothing, a dot or a short tick (fewer than 8 points or 80 pixels of ink)."""
    ink = sum(hypot(b[0] - a[0], b[1] - a[1]) for stroke in strokes for a, b in pairwise(stroke))
    return sum(len(stroke) for stroke in strokes) < LEAST_POINTS or ink < LEAST_INK


def drawing(strokes: list[Stroke]) -> str:
    """The strokes as SVG with presentation attributes, cut to the ink."""
    points = [point for stroke in strokes for point in stroke]
    left, top = min(x for x, _y in points) - 4, min(y for _x, y in points) - 4
    width, height = max(x for x, _y in points) - left + 4, max(y for _x, y in points) - top + 4
    paths = "".join(f'<path d="{_path(stroke, left, top)}"/>' for stroke in strokes if stroke)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" width="250" height="68" '
        f'preserveAspectRatio="xMinYMid meet"><g fill="none" stroke="#13262b" stroke-width="2.2" '
        f'stroke-linecap="round" stroke-linejoin="round">{paths}</g></svg>'
    )


def _path(stroke: Stroke, left: float, top: float) -> str:
    moved = [f"{x - left:.1f} {y - top:.1f}" for x, y in stroke]
    return f"M{moved[0]}L{' '.join(moved[1:] or moved[:1])}"
