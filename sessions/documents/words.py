"""Moments in words for patients, and the frame of language and zone in which they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from babel.dates import format_date, format_time
from django.utils import timezone, translation

from mesoclinic.languages import spoken
from mesoclinic.sites import Site
from patients.models import Patient


@contextmanager
def spoken_to(patient: Patient, site: Site) -> Iterator[None]:
    """Write in the patient's language and in the site's time."""
    with translation.override(spoken(patient.language)), timezone.override(site.zone):
        yield


def moment_words(moment: datetime | date, *, since: datetime | None = None) -> str:
    """`Wednesday 4 March, 15:30`; with the year when it is not that of `since`, without a time for a mere day."""
    here = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    pattern = "EEEE d MMMM" if since and here.year == timezone.localtime(since).year else "EEEE d MMMM y"
    locale = (translation.get_language() or "en").replace("-", "_")
    words = format_date(here, pattern, locale=locale)
    return f"{words}, {format_time(here, 'HH:mm', locale=locale)}" if isinstance(here, datetime) else words
