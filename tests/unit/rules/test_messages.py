"""When each message is due (clinical.md 9.1)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from mesoclinic.rules.tri import Tri
from protocols.rules.kinds.messages import MessageRow
from sessions.rules.messages import Occasion, Quiet, after_quiet_hours, due_times, standard_quiet_hours
from tests.builders.facts import shipped

MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 3, 2, 12, 0, tzinfo=MADRID)
END = START + timedelta(minutes=30)


def due(**over):
    found = due_times(Occasion(zone=MADRID, **over), shipped())
    return {message: moment.isoformat(timespec="minutes") for message, moment in found.items()}


@pytest.mark.parametrize(
    ("message", "over", "moment"),
    [
        ("MSG-01", {"starts_at": START}, "2026-02-27T12:00+01:00"),
        ("MSG-02", {"starts_at": START}, "2026-03-01T12:00+01:00"),
        ("MSG-03", {"ended_at": END}, "2026-03-02T14:30+01:00"),
        ("MSG-04", {"ended_at": END}, "2026-03-03T12:30+01:00"),
        ("MSG-05", {"ended_at": END}, "2026-03-05T12:30+01:00"),
        ("MSG-06", {"ended_at": END}, "2026-03-09T12:30+01:00"),
        ("MSG-07a", {"ended_at": END, "last_of_course": True}, "2026-03-30T12:30+02:00"),
        ("MSG-07b", {"ended_at": END, "last_of_course": True}, "2026-05-25T12:30+02:00"),
        ("MSG-08", {"assessment_on": date(2026, 4, 1)}, "2026-03-25T09:00+01:00"),
        ("MSG-09a", {"plan_ended_on": date(2026, 3, 1), "response_class": "responder"}, "2026-04-30T09:00+02:00"),
        ("MSG-09b", {"plan_ended_on": date(2026, 3, 1), "response_class": "responder"}, "2026-05-15T09:00+02:00"),
        ("MSG-10", {"starts_at": START, "missed": True}, "2026-03-03T12:00+01:00"),
        ("MSG-11", {"consent_expires_on": date(2026, 4, 1)}, "2026-03-18T09:00+01:00"),
    ],
)
def test_every_message_is_due_at_its_time(message, over, moment):
    assert due(**over)[message] == moment


def test_every_row_of_the_catalogue_is_covered_above():
    rows = {row.id for row in shipped().of(MessageRow)}
    everything = due(
        starts_at=START,
        ended_at=END,
        missed=True,
        last_of_course=True,
        assessment_on=date(2026, 4, 1),
        plan_ended_on=date(2026, 3, 1),
        response_class="responder",
        consent_expires_on=date(2026, 4, 1),
    )
    assert set(everything) == rows


@pytest.mark.parametrize(
    "over",
    [
        {"starts_at": START, "cancelled": True},
        {"plan_ended_on": date(2026, 3, 1), "response_class": "non_responder"},
        {"plan_ended_on": date(2026, 3, 1)},
        {"starts_at": START, "ended_at": END, "contact_consent": Tri.NO},
        {"starts_at": START, "ended_at": END, "contact_consent": Tri.UNKNOWN},
        {},
    ],
)
def test_a_message_without_its_condition_is_not_sent(over):
    assert due(**over) == {}


def test_the_late_checks_come_only_after_the_last_session():
    assert not {"MSG-07a", "MSG-07b", "MSG-10"} & set(due(starts_at=START, ended_at=END))


@pytest.mark.parametrize(
    ("clock", "shown"),
    [
        ("20:59", "2026-06-01T20:59"),
        ("21:00", "2026-06-02T08:00"),
        ("22:10", "2026-06-02T08:00"),
        ("23:59", "2026-06-02T08:00"),
        ("00:00", "2026-06-01T08:00"),
        ("07:59", "2026-06-01T08:00"),
        ("08:00", "2026-06-01T08:00"),
    ],
)
def test_quiet_hours_shift_to_the_next_morning(clock, shown):
    moment = datetime.combine(date(2026, 6, 1), time.fromisoformat(clock), MADRID)
    shifted = after_quiet_hours(moment, standard_quiet_hours(shipped()), MADRID)
    assert shifted.replace(tzinfo=None).isoformat(timespec="minutes") == shown


def test_a_site_may_have_its_own_quiet_hours_also_within_a_day():
    siesta = Quiet(time(14), time(16))
    moment = datetime(2026, 6, 1, 15, tzinfo=MADRID)
    assert after_quiet_hours(moment, siesta, MADRID) == datetime(2026, 6, 1, 16, tzinfo=MADRID)
    assert after_quiet_hours(moment.replace(hour=17), siesta, MADRID) == moment.replace(hour=17)
    assert due(ended_at=END, quiet=Quiet(time(14), time(16)))["MSG-03"] == "2026-03-02T16:00+01:00"


def test_quiet_hours_are_read_in_the_clinics_zone():
    moment = datetime(2026, 6, 1, 20, 30, tzinfo=UTC)
    shifted = after_quiet_hours(moment, standard_quiet_hours(shipped()), MADRID)
    assert shifted == datetime(2026, 6, 2, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "reminder"),
    [
        (datetime(2026, 3, 29, 15, 0, tzinfo=MADRID), "2026-03-28T14:00+01:00"),
        (datetime(2026, 10, 25, 15, 0, tzinfo=MADRID), "2026-10-24T16:00+02:00"),
    ],
)
def test_hours_before_a_session_are_elapsed_hours_over_both_clock_changes(start, reminder):
    assert due(starts_at=start)["MSG-02"] == reminder


def test_days_keep_the_clock_time_over_a_clock_change():
    assert due(ended_at=datetime(2026, 10, 1, 12, tzinfo=MADRID), last_of_course=True)["MSG-07a"].startswith(
        "2026-10-29T12:00+01:00"
    )
