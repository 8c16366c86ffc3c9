"""Links of patients: a token opens one patient for one purpose; the database holds its digest alone."""

import base64
import hashlib

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from mesoclinic import clock
from mesoclinic.sites import Site
from patients.models import PatientLink

SALT = "patients.link"
LISTED = 5


def token_of(seed: str) -> str:
    """The token made of a seed: 256 bits that nobody can work out without the clinic's secret key."""
    made = salted_hmac(SALT, seed, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def opened_by(token: str, purpose: str) -> PatientLink | None:
    """The link that this token opens now; None alike for an unknown, an expired, a used and a revoked one."""
    return open_links(purpose).filter(token_sha256=digest_of(token)).first()


def used_by(token: str, purpose: str) -> PatientLink | None:
    """The link of this token once it has done its work, until it would have expired."""
    return _links(purpose).filter(token_sha256=digest_of(token), used_at__isnull=False).first()


def open_links(purpose: str) -> QuerySet[PatientLink]:
    """The links that can still be opened."""
    return _links(purpose).filter(used_at=None, patient__merged_into=None)


def mailed_link(purpose: str, subject: str) -> PatientLink | None:
    """The link about this subject that a mail brings; none when the clinic's secret key has changed since."""
    link = open_links(purpose).filter(subject=subject).last()
    return link if link and digest_of(token_of(link.seed)) == link.token_sha256 else None


def sites_to_call() -> QuerySet[Site]:
    """Whom anybody may call, whatever link they hold."""
    return Site.objects.exclude(phone="").order_by("name")[:LISTED]


def _links(purpose: str) -> QuerySet[PatientLink]:
    valid = PatientLink.objects.filter(purpose=purpose, revoked_at=None, expires_at__gt=clock.now())
    return valid.select_related("patient", "site")
