"""A link's life: made for one purpose, opened with the birth date, revoked, ended."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor, PatientByLink
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from patients.models import Patient, PatientLink, Todo
from patients.queries.links import digest_of, open_links, token_of
from patients.services import notices
from patients.services.hold import hold_unmerged

TRIES = 5
# Who has failed so often twice is not the patient.
MOST_TRIES = 2 * TRIES
SLEEP = timedelta(minutes=15)
REPLACED = gettext_noop("The link was replaced or taken back.")


class Known(StrEnum):
    """What a birth date came to."""

    YES = "yes"
    NO = "no"
    ASLEEP = "asleep"
    CLOSED = "closed"


def make_link(actor: User, *, patient: Patient, site: Site, purpose: str, lasts: timedelta) -> PatientLink:
    """A new link; the older ones of the same purpose die. Call it inside the service that is responsible."""
    with atomic():
        hold_unmerged(patient.pk)
        end_links(actor, patient=patient, purpose=purpose)
        seed = secrets.token_urlsafe(32)
        made = PatientLink.objects.create(
            patient=patient,
            site=site,
            seed=seed,
            token_sha256=digest_of(token_of(seed)),
            purpose=purpose,
            subject=f"patient:{patient.pk}",
            made_by=actor,
            made_at=clock.now(),
            expires_at=clock.now() + lasts,
        )
        audit.record(actor, "link.made", made, patient_id=patient.pk, reason=purpose)
    return made


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link to make: whose, what it is about, by whom it is given and until when it opens."""

    patient: Patient
    site: Site
    subject: str
    made_by: User
    expires_at: datetime


def make_links(actor: Actor, wanted: Iterable[Wanted], *, purpose: str) -> list[PatientLink]:
    """A link for each of several things, inside the open transaction; what was given for the same things stays."""
    rows = []
    for each in wanted:
        seed = secrets.token_urlsafe(32)
        link = PatientLink(
            patient=each.patient,
            site=each.site,
            seed=seed,
            token_sha256=digest_of(token_of(seed)),
            purpose=purpose,
            subject=each.subject,
            made_by=each.made_by,
            made_at=clock.now(),
            expires_at=each.expires_at,
        )
        rows.append(link)
    made = PatientLink.objects.bulk_create(rows)
    for link in made:
        audit.record(actor, "link.made", link, reason=purpose)
    return made


def end_links(actor: Actor, *, patient: Patient, purpose: str) -> int:
    """Revoke every open link of a purpose and take back the mail that would bring it; returns how many."""
    with atomic():
        open_ones = list(open_links(purpose).select_for_update(of=("self",)).filter(patient=patient))
        for link in open_ones:
            revoke(actor, link)
    return len(open_ones)


def revoke(actor: Actor, link: PatientLink) -> None:
    """From now on the link opens nothing."""
    with atomic():
        link.revoked_at = clock.now()
        link.save(update_fields=["revoked_at"])
        notices.withdraw(subject=subject_of(link), reason=REPLACED)
        audit.record(actor, "link.revoked", link, patient_id=link.patient_id, changed=["revoked_at"])


def subject_of(link: PatientLink) -> str:
    """How the ledger names a link."""
    return f"link:{link.pk}"


def confirm_birth_date(actor: PatientByLink, *, born: object) -> Known:
    """Whether who holds the link knows the birth date. Five wrong ones put it to sleep, five more close it."""
    access.require(actor, Can.ANSWER_INTAKE)
    with atomic():
        link = locked(actor)
        if link.asleep_until is not None and link.asleep_until > clock.now():
            return Known.ASLEEP
        if born == link.patient.birth_date:
            _count(link, tries=0)
            audit.record(actor, "link.opened", link, patient_id=link.patient_id)
            return Known.YES
        _count(link, tries=link.tries + 1)
        audit.record(actor, "link.birth_date_wrong", link, patient_id=link.patient_id)
        return _after_wrong(actor, link)


def link_of(actor: PatientByLink) -> PatientLink:
    """The actor's open link, to learn what it is about; raises OutOfScope when it has ended meanwhile."""
    return _still_open(open_links(actor.purpose), actor)


def locked(actor: PatientByLink) -> PatientLink:
    """The same, held until the transaction ends; what it is about is held before it."""
    return _still_open(open_links(actor.purpose).select_for_update(of=("self",)), actor)


def _still_open(links: QuerySet[PatientLink], actor: PatientByLink) -> PatientLink:
    found = links.filter(pk=actor.link_id).first()
    if found is None:
        raise OutOfScope(_("This link does not work any more."))
    return found


def _count(link: PatientLink, *, tries: int) -> None:
    link.tries = tries
    link.save(update_fields=["tries"])


def _after_wrong(actor: PatientByLink, link: PatientLink) -> Known:
    if link.tries % TRIES:
        return Known.NO
    _tell_the_desk(link)
    if link.tries >= MOST_TRIES:
        revoke(actor, link)
        return Known.CLOSED
    link.asleep_until = clock.now() + SLEEP
    link.save(update_fields=["asleep_until"])
    return Known.ASLEEP


def _tell_the_desk(link: PatientLink) -> None:
    text = _("Wrong birth dates were entered at a link to questions. Call the patient and send a new link.")
    same = {"site": link.site, "patient": link.patient, "role": Role.FRONT_DESK, "text": text, "done_at": None}
    Todo.objects.get_or_create(**same, defaults={"due_at": clock.now()})
