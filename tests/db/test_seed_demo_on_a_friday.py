"""The demo clinic is made on every day of the week, also where nobody works on the next one."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import override_settings

from sessions.models import Booking

# Its 20 s are for one stack, and not for a quick run.
pytestmark = [pytest.mark.once, pytest.mark.processes, pytest.mark.django_db]

FRIDAY, MONDAY_AT_ONE = date(2026, 11, 27), datetime(2026, 11, 30, 13, tzinfo=ZoneInfo("Europe/Madrid"))


def test_on_a_friday_the_doctors_meet_on_monday(tmp_path):
    with override_settings(DEMO=True, PRIVATE_DIR=tmp_path):
        call_command("seed_demo", date=FRIDAY, verbosity=0)
    meetings = Booking.objects.filter(note="Case meeting", starts_at=MONDAY_AT_ONE)
    assert sorted(meetings.values_list("clinician__name", flat=True)) == ["Dr. Lucía Ferrer", "Dr. Marc Oliva"]
