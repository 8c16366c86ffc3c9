"""What open screens ask by themselves: whether the visits they show changed, and who changed them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from mesoclinic.actors import Actor
from mesoclinic.sites import Site
from patients.models import Patient
from sessions.models import BookingChange
from sessions.queries.bookings import bookings_for, within
from sessions.queries.changes import changes_for, who_did, words_of

TOLD = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What a screen shows: `version` changes with its visits, `change` is the last deed that it may know of."""

    version: str
    change: int


@dataclass(frozen=True, slots=True)
class Deed:
    """What a colleague, a patient by link or the clinic did meanwhile; it names no patient."""

    who: str
    words: str


def seen_at(actor: Actor, *, site: Site, first: date, last: date, blocks: bool = False) -> Seen:
    """Read it before the page: what changes while the page is read makes the screen ask again."""
    newest = BookingChange.objects.filter(site=site).order_by("-pk").values_list("pk", flat=True).first()
    return Seen(version_of(actor, site=site, first=first, last=last, blocks=blocks), newest or 0)


def version_of(actor: Actor, *, site: Site, first: date, last: date, blocks: bool = False) -> str:
    """Changes when a visit between two days is made, moved, cancelled or led to another state.

    With `blocks` also when a consent, a treatment record or an adverse event of one of its patients changes.
    """
    starts = datetime.combine(first, time(), site.zone)
    ends = datetime.combine(last + timedelta(days=1), time(), site.zone)
    shown = bookings_for(actor).filter(within(starts, ends), site=site)
    rows = list(shown.order_by("pk").values_list("pk", "version"))
    if blocks:
        patients = Patient.objects.filter(pk__in=shown.values("patient")).order_by("pk")
        for name, column in (("consents", "state"), ("treatment_records", "version"), ("adverse_events", "version")):
            there = patients.filter(**{f"{name}__isnull": False}).order_by(f"{name}__pk")
            rows += there.values_list(f"{name}__pk", f"{name}__{column}")
    return sha256(repr(rows).encode()).hexdigest()[:16]


def deeds_since(actor: Actor, *, site: Site, change: int) -> list[Deed]:
    """The last deeds of others at a site after one that was known, newest first."""
    others = changes_for(actor).filter(site=site, pk__gt=change).exclude(by=actor.actor_id)
    return [Deed(who_did(each), words_of(each)) for each in others.order_by("-pk")[:TOLD]]
