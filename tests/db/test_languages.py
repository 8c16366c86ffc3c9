"""A language without translations is never mixed with English: the whole text is English and says so."""

from datetime import UTC, datetime

import pytest

from mesoclinic.languages import spoken
from patients.services.consents import offer_consent
from sessions.documents.words import moment_words, spoken_to
from tests.builders import clinic, people, plans


@pytest.fixture
def translated(tmp_path, settings):
    """A clinic that has texts in Spanish and in no other language."""
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(b"")
    settings.LOCALE_PATHS = [tmp_path]
    spoken.cache_clear()
    yield
    spoken.cache_clear()


def test_a_language_is_spoken_once_its_texts_are_there(translated):
    assert [spoken(language) for language in ("es", "tr", "en")] == ["es", "en", "en"]


def test_dates_and_consents_of_a_turkish_patient_are_as_english_as_their_texts():
    site = clinic.site()
    doctor, patient = clinic.dermatologist(at=site), people.patient(site=site, language="tr")
    with spoken_to(patient, site):
        assert moment_words(datetime(2026, 3, 4, 14, 30, tzinfo=UTC)) == "Wednesday 4 March 2026, 15:30"
    version = plans.signed_plan(patient, doctor, site)
    assert offer_consent(doctor, plan_version=version, language=patient.language).language == "en"
