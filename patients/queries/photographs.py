"""The photographs of a patient: what may be done with them, the grid of view and day, and addresses nobody guesses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic import clock
from mesoclinic.access import Can, may
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.tri import Tri
from patients.models import Consent, Patient, Photo, PhotoView, SkippedView
from patients.queries.people import reached, records_of_person
from patients.rules.photographs import UNDECIDED, PhotoDecision, PhotoLack, PhotoUse, photo_use
from protocols.queries.catalogue import current_catalogue

OPTIONAL = frozenset({PhotoView.TRICHOSCOPY})
PHOTOGRAPHS = "CE-15"
DECIDED = (Consent.State.SIGNED, Consent.State.REFUSED, Consent.State.WITHDRAWN)
# An address ends when the session of whoever got it must have ended.
LIFE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
WORDS = {
    PhotoLack.NONE: gettext_lazy("The patient has not been asked for consent to photographs."),
    PhotoLack.REFUSED: gettext_lazy("The patient said no to photographs for the record."),
    PhotoLack.WITHDRAWN: gettext_lazy("The patient withdrew the consent to photographs."),
    PhotoLack.NOT_YET: gettext_lazy("The consent to photographs was signed after this date."),
    PhotoLack.EXPIRED: gettext_lazy("The consent to photographs is older than 12 months."),
    PhotoLack.DATE_UNKNOWN: gettext_lazy("The day of the consent to photographs is not recorded."),
    PhotoLack.RENEWAL_UNKNOWN: gettext_lazy("The catalogue does not say how long a consent holds."),
}
PURPOSES = {
    "teaching": gettext_lazy("teaching inside the clinic"),
    "publication": gettext_lazy("publication"),
    "marketing": gettext_lazy("advertising"),
}


@dataclass(frozen=True, slots=True)
class PhotoStanding:
    """The last decision about photographs, and what it allows on a date."""

    use: PhotoUse
    consent: Consent | None

    @property
    def may_take(self) -> bool:
        """Whether a photograph may be taken; what was not checked is no yes."""
        return self.use.taken is Tri.YES

    @property
    def reason(self) -> str:
        """Why none may be taken, in words; empty when one may."""
        return " ".join(str(WORDS[lack]) for lack in self.use.lacks)

    @property
    def beyond(self) -> str:
        """The purposes outside the record that hold, in words."""
        return ", ".join(str(PURPOSES[purpose]) for purpose in self.use.beyond)


def photo_standing_of(patient: Patient, *, on: date) -> PhotoStanding:
    """How the patient's consent to photographs stands on a date, in whichever of their records it was given."""
    decided = Consent.objects.filter(patient__in=records_of_person(patient.pk), kind=Consent.Kind.PHOTO)
    last = decided.filter(state__in=DECIDED).order_by("-signed_at", "-pk").first()
    if last is None:
        return PhotoStanding(UNDECIDED, None)
    return PhotoStanding(photo_use(_decision(last), on=on, catalogue=current_catalogue()), last)


def _decision(consent: Consent) -> PhotoDecision:
    given: Mapping[str, Any] = next((each for each in consent.elements if each.get("id") == PHOTOGRAPHS), {})
    withdrawn = consent.state == Consent.State.WITHDRAWN
    return PhotoDecision(given.get("choices", {}), consent.signed_on, withdrawn)


def photos_for(actor: Actor) -> QuerySet[Photo]:
    """Photographs of patients within reach, the oldest first; none for who may not see clinical records."""
    if not may(actor, Can.VIEW_CLINICAL):
        return Photo.objects.none()
    found = Photo.objects.filter(reached(actor))
    return found.select_related("patient", "document", "small", "by", "set_aside_by")


def photo_for(actor: Actor, photo_id: int) -> Photo:
    """One photograph within reach; raises OutOfScope."""
    found = photos_for(actor).filter(pk=photo_id).first()
    if found is None:
        raise OutOfScope(_("There is no such photograph at your sites."))
    return found


def photo_at(actor: Actor, address: str) -> Photo:
    """The photograph at an address that was given out; raises OutOfScope alike for whatever else is asked for.

    One that was set aside, and one whose patient withdrew the consent, are at no address any more.
    """
    found = photos_for(actor).filter(pk=number_in(address), set_aside_at=None).first()
    if found is None or not photo_standing_of(found.patient, on=clock.now().date()).use.shown:
        raise OutOfScope(_("There is no such photograph at your sites."))
    return found


def address_of(photo: Photo) -> str:
    """The word by which a photograph is asked for: signed, and of no use after a working day."""
    ends = clock.now().replace(minute=0, second=0, microsecond=0) + LIFE
    return _signer().sign_object([photo.pk, int(ends.timestamp())])


def number_in(address: str) -> int:
    """The number of the photograph at an address; 0 for one that has ended or was never given out."""
    try:
        number, ends = _signer().unsign_object(address)
    except (BadSignature, ValueError, TypeError):
        return 0
    return int(number) if clock.now().timestamp() < ends else 0


def _signer() -> Signer:
    return Signer(salt="patients.photograph")


@dataclass(frozen=True, slots=True)
class Shot:
    """A photograph as a page shows it, by the day at the site."""

    photo: Photo
    on: date
    address: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One view on one day: the photographs, the last of which is shown, or why there is none to see."""

    on: date
    shots: Sequence[Shot]
    skipped: SkippedView | None
    hidden: bool = False

    @property
    def shot(self) -> Shot | None:
        return self.shots[-1] if self.shots else None


@dataclass(frozen=True, slots=True)
class Line:
    """One view over time."""

    view: PhotoView
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Album:
    """The photographs of a person that count, and those that were set aside."""

    patient: Patient
    zone: ZoneInfo
    standing: PhotoStanding
    photos: Sequence[Photo]
    skipped: Sequence[SkippedView]
    aside: Sequence[Photo] = field(default=())

    @cached_property
    def shots(self) -> Sequence[Shot]:
        """All that may be looked at, the oldest first; none after a withdrawal."""
        if not self.standing.use.shown:
            return ()
        return [Shot(photo, self.day_of(photo), address_of(photo)) for photo in self.photos]

    @cached_property
    def days(self) -> Sequence[date]:
        """The days on which something was taken or skipped."""
        taken = {self.day_of(photo) for photo in self.photos}
        return sorted(taken | {self.day_skipped(each) for each in self.skipped})

    @property
    def last_day(self) -> date | None:
        """The last of these days."""
        return self.days[-1] if self.days else None

    @cached_property
    def lines(self) -> Sequence[Line]:
        """Every standard view by day; an optional one when it was ever taken."""
        seen = {photo.view for photo in self.photos}
        wanted = [view for view in PhotoView if view not in OPTIONAL or view in seen]
        return [Line(view, [self._cell(view, day) for day in self.days]) for view in wanted]

    def shots_of(self, view: str) -> Sequence[Shot]:
        """The photographs of one view, the oldest first."""
        return [shot for shot in self.shots if shot.photo.view == view]

    def baseline_of(self, view: str) -> Shot | None:
        """The photograph that later ones of this view are compared with."""
        return next((shot for shot in self.shots_of(view) if shot.photo.baseline), None)

    @property
    def views(self) -> Sequence[PhotoView]:
        """The views of which there is something to look at."""
        return [view for view in PhotoView if self.shots_of(view)]

    def day_of(self, photo: Photo) -> date:
        """The day at the site on which it was taken."""
        return photo.taken_at.astimezone(self.zone).date()

    def day_skipped(self, skipped: SkippedView) -> date:
        """The day at the site on which it was skipped."""
        return skipped.at.astimezone(self.zone).date()

    def _cell(self, view: PhotoView, on: date) -> Cell:
        shots = [shot for shot in self.shots_of(view) if shot.on == on]
        skips = [each for each in self.skipped if each.view == view and self.day_skipped(each) == on]
        taken = any(photo.view == view and self.day_of(photo) == on for photo in self.photos)
        return Cell(on, shots, skips[-1] if skips else None, hidden=taken and not shots)


def album_for(actor: Actor, patient: Patient, *, zone: ZoneInfo) -> Album:
    """All photographs of the person that the actor may see."""
    records = records_of_person(patient.pk)
    found = list(photos_for(actor).filter(patient__in=records))
    return Album(
        patient=patient,
        zone=zone,
        standing=photo_standing_of(patient, on=clock.now().astimezone(zone).date()),
        photos=[photo for photo in found if photo.set_aside_at is None],
        skipped=list(SkippedView.objects.filter(patient__in=records).select_related("by")),
        aside=[photo for photo in found if photo.set_aside_at is not None],
    )


@dataclass(frozen=True, slots=True)
class Item:
    """One view of the checklist of an occasion: taken, skipped, or still open."""

    view: PhotoView
    optional: bool
    shot: Shot | None
    skipped: SkippedView | None
    baseline: Shot | None

    @property
    def open(self) -> bool:
        """Whether the view is still to be taken; an optional one never waits."""
        return self.shot is None and self.skipped is None and not self.optional


def checklist_of(album: Album, *, subject: str) -> list[Item]:
    """The views of one occasion: a session by its subject key, otherwise today outside of any session."""
    today = clock.now().astimezone(album.zone).date()
    taken = [shot for shot in album.shots if _belongs(shot.photo.subject, shot.on, subject, today)]
    skips = [each for each in album.skipped if _belongs(each.subject, album.day_skipped(each), subject, today)]
    shots = {shot.photo.view: shot for shot in taken}
    skipped = {each.view: each for each in skips}
    return [_item(album, view, shots, skipped) for view in PhotoView]


def _belongs(found: str, on: date, subject: str, today: date) -> bool:
    return found == subject and (bool(subject) or on == today)


def _item(album: Album, view: PhotoView, shots: Mapping[str, Shot], skipped: Mapping[str, SkippedView]) -> Item:
    shot = shots.get(view)
    return Item(view, view in OPTIONAL, shot, None if shot else skipped.get(view), album.baseline_of(view))


def next_open(items: Iterable[Item]) -> PhotoView | None:
    """The first view that is still to be taken."""
    return next((item.view for item in items if item.open), None)
