"""A series over each change of the clocks says the same on screen, by mail, in the calendar file and on paper.

What is expected is reckoned from UTC alone; nothing here asks the code under test what time it is.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from html import unescape
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]  # dateutil ships no types
from django.test import Client
from icalendar import Calendar
from pypdf import PdfReader

from mesoclinic.transport import _bytes_of
from patients.queries.links import token_of
from sessions.models import Booking
from sessions.queries.own_visit import open_link_of
from sessions.services import reminders
from tests.builders import bookings, clinic, people, plans, treatments
from tests.db.test_reminders import Postbox, deliver_due
from tests.property.drifts import ZONES, changes_of

YEAR, AT, NEVER = 2027, time(15, 30), "Europe/Istanbul"
SEVERAL_WEEKS = timedelta(days=35)
# Elapsed hours after the end (clinical.md 9): when the messages go out, and how long something is left alone.
SENT = (2, 24, 72, 168)
UNTIL = {"touching": 24, "washing": 48, "sport": 72, "sun": 168, "shedding": 8 * 168}


@dataclass(frozen=True)
class Change:
    """A zone, the day on which its clocks change (any day where they do not), and the way they go."""

    zone: ZoneInfo
    kind: str
    day: date

    @property
    def moves(self):
        """How far the clocks go forward."""
        return offset(self.day + timedelta(days=2), self.zone) - offset(self.day - timedelta(days=2), self.zone)

    def __str__(self):
        return f"{self.zone.key} {self.kind}"


def offset(day, zone):
    return datetime.combine(day, time(12), zone).utcoffset()


def kinds():
    """For each zone its first change forward and back of the year, and weeks without one."""
    for name in ZONES:
        zone = ZoneInfo(name)
        days = [day for day in changes_of(zone) if day.year == YEAR]
        found = {}
        for day in days:
            forward = Change(zone, "", day).moves > timedelta()
            found.setdefault("forward" if forward else "back", day)
        months = (date(YEAR, month, 15) for month in range(1, 13))
        found["none"] = next(day for day in months if all(abs(day - each) > SEVERAL_WEEKS for each in days))
        yield from (Change(zone, kind, day) for kind, day in found.items())


KINDS = [*kinds()]


class Scene:
    """A series of three whose first session ends on the last weekday before the change, the others after it."""

    def __init__(self, change, clock):
        self.change, self.clock = change, clock
        self.site = clinic.site(time_zone=change.zone.key, quiet_from=time(21), quiet_to=time(8))
        self.desk = clinic.desk(self.site)
        self.doctor = clinic.dermatologist(self.site)
        self.patient = people.patient(site=self.site)
        first = change.day - timedelta(days=1)
        first -= timedelta(days=max(0, first.weekday() - 4))
        clock.set(datetime.combine(first - timedelta(days=5), time(10), change.zone).astimezone(UTC))
        version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=3)
        self.series = bookings.series(self.desk, version, first, earliest=AT, latest=AT)
        booked = Booking.objects.filter(treatment_session__series=self.series)
        self.visits = list(booked.order_by("starts_at"))

    @property
    def zone(self):
        return self.change.zone

    def mail(self, moment):
        """The one mail that goes out at a moment and not a minute earlier."""
        self.clock.set(moment - timedelta(minutes=1))
        deliver_due()
        assert Postbox.taken == []
        self.clock.set(moment + timedelta(seconds=1))
        deliver_due()
        (mail,) = Postbox.taken
        Postbox.taken.clear()
        return Received(mail)

    def treat(self):
        """The first session took place and ended forty minutes after its start."""
        ended = self.visits[0].starts_at + timedelta(minutes=40)
        self.clock.set(ended)
        deliver_due()
        Postbox.taken.clear()
        record = treatments.performed(self.series, self.doctor, ended, technique="T-PAP")
        reminders.plan_after_treatment(record_id=record.pk)
        return ended


class Received:
    """A mail as a patient's mail program reads the bytes that were handed over."""

    def __init__(self, mail):
        message = message_from_bytes(_bytes_of(mail), policy=policy.default)
        self.text = message.get_body(("plain",)).get_content()
        self.html = message.get_body(("html",)).get_content()
        self.files = {each.get_filename(): each.get_content() for each in message.iter_attachments()}

    def starts(self, zone):
        """The beginnings in the calendar file, as a program sees them that knows no zone but the file's."""
        content = self.files["visit.ics"]
        text = (content if isinstance(content, str) else content.decode()).replace("\r\n ", "")
        stranger = tzical(StringIO(text)).get(zone.key)
        events = Calendar.from_ical(text).events
        assert {event["DTSTART"].params["TZID"] for event in events} == {zone.key}
        walls = [datetime.fromisoformat(f"{event['DTSTART'].dt:%Y-%m-%dT%H:%M}") for event in events]
        return [each.replace(tzinfo=stranger).astimezone(UTC) for each in walls]


def wall(moment, zone):
    """What a clock on the clinic's wall shows."""
    return moment.astimezone(UTC).replace(tzinfo=None) + moment.astimezone(zone).utcoffset()


def long(moment, zone, *, year=True):
    """The words for patients."""
    here = wall(moment, zone)
    day = f"{here:%A} {here.day} {here:%B}"
    return f"{day} {here:%Y}, {here:%H:%M}" if year else f"{day}, {here:%H:%M}"


def short(moment, zone):
    """The words for staff."""
    here = wall(moment, zone)
    return f"{here:%a} {here.day} {here:%b} {here:%Y}, {here:%H:%M}"


def times(text, pattern=r"[A-Z][a-z]+day \d+ [A-Z][a-z]+(?: \d{4})?, \d\d:\d\d"):
    """Every time that a text names, each once, in its order."""
    plain = " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
    return list(dict.fromkeys(re.findall(pattern, plain)))


def staff_times(page):
    return times(page.content.decode(), r"[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d")


@pytest.fixture
def postbox(settings):
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []


@pytest.mark.parametrize("change", KINDS, ids=str)
def test_a_series_over_a_change_says_one_time(change, clock, sign_in, settings, postbox):
    scene, zone = Scene(change, clock), change.zone
    starts = [visit.starts_at for visit in scene.visits]
    assert [wall(each, zone).time() for each in starts] == [AT] * 3
    assert len({each.astimezone(zone).utcoffset() for each in starts}) == (1 if change.kind == "none" else 2)
    said, shown = [long(each, zone) for each in starts], [short(each, zone) for each in starts]

    dates = scene.mail(scene.series.booked_at + timedelta(seconds=settings.UNDO_SECONDS))
    assert (times(dates.text), times(dates.html)) == (said, said)
    assert dates.starts(zone) == starts

    client = sign_in(scene.desk)
    booked = short(scene.series.booked_at, zone)
    assert staff_times(client.get(f"/series/{scene.series.pk}/")) == [booked, *shown]
    assert shown[0] in staff_times(client.get(f"/patients/{scene.patient.pk}/"))
    for visit in scene.visits:
        assert staff_times(client.get(f"/bookings/{visit.pk}/")) == [short(visit.starts_at, zone), booked]
        page = Client().get(f"/l/{token_of(open_link_of(visit).seed)}/", follow=True).content.decode()
        until = visit.starts_at - timedelta(hours=24)
        assert times(page) == [long(visit.starts_at, zone), long(until, zone)]


@pytest.mark.parametrize("change", [each for each in KINDS if each.kind != "none" or each.zone.key == NEVER], ids=str)
def test_the_days_after_a_session_have_one_time(change, clock, sign_in, settings, postbox):
    scene, zone = Scene(change, clock), change.zone
    ended, following = scene.treat(), scene.visits[1].starts_at
    after = {hours: ended + timedelta(hours=hours) for hours in (0, *SENT, *UNTIL.values())}
    until = {hours: long(each, zone, year=wall(each, zone).year != YEAR) for hours, each in after.items()}
    day_two = wall(after[UNTIL["washing"]], zone).time()
    assert (day_two == wall(ended, zone).time()) == (change.kind == "none"), "the clocks change within two days"

    sheet, day_one, day_three = (scene.mail(after[hours]) for hours in SENT[:3])
    said = [*(until[UNTIL[what]] for what in ("washing", "touching", "sport", "sun")), long(following, zone)]
    assert (times(sheet.text), times(sheet.html)) == (said, said)
    paper = paper_of(sheet)
    assert f"Session 1 ended on {long(ended, zone)}." in paper
    assert f"No washing until {until[UNTIL['washing']]}" in paper
    assert f"No strenuous exercise {until[UNTIL['sport']]}" in paper
    assert f"Your next visit: {long(following, zone)}." in paper
    assert f"Made {short(after[SENT[0]], zone)}." in paper
    assert {*times(paper)} == {long(ended, zone), long(following, zone), *(until[each] for each in UNTIL.values())}
    assert times(day_one.text) == times(day_one.html) == [until[UNTIL["washing"]]]
    assert times(day_three.text) == times(day_three.html) == [until[UNTIL["sport"]], until[UNTIL["sun"]]]

    for hours in (72, 24):
        reminder = scene.mail(following - timedelta(hours=hours))
        assert set(times(reminder.text)) == set(times(reminder.html)) == {long(following, zone)}
        assert reminder.starts(zone) == [following]
    day_seven = scene.mail(after[SENT[3]])
    assert times(day_seven.text) == times(day_seven.html) == [long(following, zone)]

    due = [after[hours] for hours in SENT]
    due += [each.starts_at - timedelta(hours=hours) for each in scene.visits for hours in (72, 24)]
    due += [scene.series.booked_at + timedelta(seconds=settings.UNDO_SECONDS), ended]
    # A week before the assessments, 21 and 168 days after the third session, at nine.
    last = wall(scene.visits[2].starts_at, zone).date()
    due += [datetime.combine(last + timedelta(days=days - 7), time(9), zone) for days in (21, 168)]
    assert {*staff_times(sign_in(scene.desk).get("/messages/"))} == {short(each, zone) for each in due}


def paper_of(mail):
    """The words on the sheet that came with a mail."""
    pages = PdfReader(BytesIO(mail.files["aftercare.pdf"])).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_page_of_no_visit_reads_in_the_time_of_the_reader_s_clinic(clock, sign_in):
    clock.set(datetime(YEAR, 6, 30, 23, 30, tzinfo=UTC))
    site = clinic.site(time_zone="Pacific/Chatham")
    doctor = clinic.dermatologist(site)
    patient = people.patient(site=site)
    made = people.signed_consultation(patient, by=doctor, site=site)
    version = plans.signed_plan(patient, doctor, site)
    said = short(datetime(YEAR, 6, 30, 23, 30, tzinfo=UTC), site.zone)
    assert said.startswith("Thu 1 Jul 2027, 12:15")
    client = sign_in(doctor)
    for page in ("/consultations/", f"/consultations/{made.pk}/", f"/plans/{version.plan_id}/"):
        assert said in staff_times(client.get(page)), page
