"""The aftercare sheet: its times are those of the recorded end, in ordinary weeks and over clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from mesoclinic.documents import content_of
from patients.models import PatientDocument
from protocols.models import CatalogueRelease
from sessions.documents.aftercare import aftercare_context, aftercare_paper, render_aftercare
from sessions.documents.words import spoken_to
from sessions.models import AdverseEvent
from tests.builders import bookings, clinic, people, plans, treatments


class Scene:
    def __init__(self, clock, ended_at, **record):
        clock.set(ended_at - timedelta(days=5))
        self.site = clinic.site(emergency_number="112", phone="+34 910 000 000")
        self.doctor = clinic.dermatologist(self.site)
        self.patient = people.patient(site=self.site)
        version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=2)
        start = max(ended_at.date(), date(2026, 1, 1))
        self.series = bookings.series(clinic.desk(self.site), version, start, earliest=time(10))
        clock.set(ended_at + timedelta(minutes=5))
        # No candidacy means that nobody knows whether a bleeding rule fired: the longer time holds.
        self.record = treatments.performed(self.series, self.doctor, ended_at, **record)

    def sheet(self):
        with spoken_to(self.patient, self.site):
            return aftercare_context(self.record)

    def ban(self, text):
        return next(each for each in self.sheet().bans if text in each.text)


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def madrid(*moment, offset=1):
    return datetime(*moment, tzinfo=UTC) - timedelta(hours=offset)


def test_the_paper_names_the_hour_until_which_nothing_is_washed(clock):
    scene = Scene(clock, madrid(2026, 3, 2, 15, 30), technique="T-PAP")
    pdf = render_aftercare(scene.record)
    text = text_of(pdf)
    assert "No washing until Wednesday 4 March, 15:30" in text
    assert "Monday 9 March, 15:30" in text
    assert "112" in text
    assert "+34 910 000 000" in text
    assert "Your next visit:" in text


@pytest.mark.parametrize(
    ("ended", "washing", "week"),
    [
        # Clocks go forward on Sunday 29 March 2026: 48 elapsed hours later the clock shows an hour more.
        (madrid(2026, 3, 27, 15, 30), "Sunday 29 March, 16:30", "Friday 3 April, 16:30"),
        # Clocks go back on Sunday 25 October 2026.
        (madrid(2026, 10, 23, 15, 30, offset=2), "Sunday 25 October, 14:30", "Friday 30 October, 14:30"),
    ],
)
def test_hours_are_elapsed_hours_over_a_clock_change(clock, ended, washing, week):
    scene = Scene(clock, ended, technique="T-PAP")
    assert scene.sheet().washing_until == washing
    assert scene.ban("No dye").until == week
    assert washing in text_of(render_aftercare(scene.record))


def test_the_paper_is_tagged_for_assistive_technology(clock):
    scene = Scene(clock, madrid(2026, 3, 2, 15, 30))
    catalogue = PdfReader(BytesIO(render_aftercare(scene.record))).trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "en"


def test_the_paper_is_made_once(clock):
    scene = Scene(clock, madrid(2026, 3, 2, 15, 30))
    first = aftercare_paper(scene.record)
    scene.site.emergency_number = "999"
    scene.site.save()
    again = aftercare_paper(scene.record)
    assert again == first == PatientDocument.objects.get(kind="aftercare")
    assert "112" in text_of(content_of(again.document))


def test_an_earlier_session_that_forbids_longer_still_counts(clock):
    scene = Scene(clock, madrid(2026, 3, 2, 15, 30))
    AdverseEvent.objects.create(
        patient=scene.patient,
        site=scene.site,
        record=scene.record,
        code="AE-03",
        grade=2,
        onset_at=scene.record.ended_at,
        reported_by=scene.doctor,
        reported_at=scene.record.ended_at,
    )
    assert scene.ban("No dye").until == "Monday 16 March, 15:30"
    second = treatments.performed(scene.series, scene.doctor, madrid(2026, 3, 4, 10, 0), ordinal=2)
    scene.record = second
    assert scene.ban("No dye").until == "Monday 16 March, 15:30"
    assert scene.ban("No alcohol").until == "Thursday 5 March, 10:00"


def test_red_flags_name_the_emergency_number_first(clock):
    now, same_day = Scene(clock, madrid(2026, 3, 2, 15, 30)).sheet().help
    assert now.heading == "Call 112 now:"
    assert "hard to breathe" in now.signs
    assert "fever of 38 °C or more" in same_day.signs


def test_unapproved_rows_are_said_to_be_unapproved(clock):
    scene = Scene(clock, madrid(2026, 3, 2, 15, 30))
    assert CatalogueRelease.objects.exists()
    assert scene.sheet().catalogue_banner.startswith("Starting values.")
