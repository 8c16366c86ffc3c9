"""What a photo consent allows (clinical.md 10.1 CE-15, CE-18, 10.2): taking, showing, and use beyond the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mesoclinic.rules.tri import Tri, not_, or_
from patients.rules.consent import RENEWAL, valid_through
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.consent import ConsentElement

RECORD = "record"
BEYOND = ("teaching", "publication", "marketing")


class PhotoLack(StrEnum):
    """Why no photograph may be taken, or why nobody can tell."""

    NONE = "none"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    DATE_UNKNOWN = "date_unknown"
    RENEWAL_UNKNOWN = "renewal_unknown"


@dataclass(frozen=True, slots=True)
class PhotoDecision:
    """The last thing a patient decided about photographs; `choices` are the purposes with a yes or a no."""

    choices: Mapping[str, bool]
    signed_on: date | None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class PhotoUse:
    """YES may be taken, NO may not, UNKNOWN was not checked and never counts as a pass.

    `shown` says whether those that are there may be looked at: an old consent does not hide what it allowed, a
    withdrawn or refused one does. `beyond` are the purposes outside the record that hold today.
    """

    taken: Tri
    shown: bool
    beyond: tuple[str, ...] = ()
    lacks: tuple[PhotoLack, ...] = ()
    through: date | None = None


UNDECIDED = PhotoUse(Tri.NO, shown=False, lacks=(PhotoLack.NONE,))


def photo_use(decision: PhotoDecision, *, on: date, catalogue: Catalogue) -> PhotoUse:
    """What the last decision allows on that date."""
    through = _through(decision, catalogue)
    stops, gaps = _stops(decision, on, through), _gaps(decision, catalogue)
    holds = not_(or_(Tri.YES if stops else Tri.NO, Tri.UNKNOWN if gaps else Tri.NO))
    shown = decision.choices.get(RECORD) is True and not decision.withdrawn
    beyond = tuple(purpose for purpose in BEYOND if holds is Tri.YES and decision.choices.get(purpose) is True)
    return PhotoUse(holds, shown, beyond, stops + gaps, through)


def _through(decision: PhotoDecision, catalogue: Catalogue) -> date | None:
    if decision.signed_on is None or not catalogue.has(ConsentElement, RENEWAL):
        return None
    return valid_through(decision.signed_on, int(catalogue.row(ConsentElement, RENEWAL).limit("renew_months")))


def _stops(decision: PhotoDecision, on: date, through: date | None) -> tuple[PhotoLack, ...]:
    broken = {
        PhotoLack.REFUSED: decision.choices.get(RECORD) is not True,
        PhotoLack.WITHDRAWN: decision.withdrawn,
        PhotoLack.NOT_YET: decision.signed_on is not None and on < decision.signed_on,
        PhotoLack.EXPIRED: through is not None and on > through,
    }
    return tuple(lack for lack, holds in broken.items() if holds)


def _gaps(decision: PhotoDecision, catalogue: Catalogue) -> tuple[PhotoLack, ...]:
    unknown = {
        PhotoLack.DATE_UNKNOWN: decision.signed_on is None,
        PhotoLack.RENEWAL_UNKNOWN: not catalogue.has(ConsentElement, RENEWAL),
    }
    return tuple(lack for lack, holds in unknown.items() if holds)
