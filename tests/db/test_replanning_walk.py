"""Whatever happens to a course and however often it is planned anew: what was performed and the windows hold."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest

from mesoclinic import clock as clocks
from mesoclinic.errors import ClinicError
from mesoclinic.sites import Closure
from sessions.models import Booking, TreatmentSession, WindowOverride
from sessions.queries.bookings import COMING, GONE, series_for
from sessions.queries.replanning import Wishes, rest_of
from sessions.queries.series import course_of
from sessions.rules.series_places import Pick, Preferences
from sessions.services.replanning import replan_series
from sessions.services.visits import cancel_booking, set_state
from tests.builders import bookings, clinic, people, plans, treatments

STEPS = 14
State = TreatmentSession.State


class Walk:
    """A course of six sessions with one clinician, to which things happen."""

    def __init__(self, clock, seed):
        clock.set(datetime(2026, 11, 26, 8, tzinfo=UTC))
        self.clock, self.chance = clock, random.Random(seed)
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        version = plans.signed_plan(people.patient(site=self.site), self.doctor, self.site, session_count=6)
        self.series = bookings.series(self.desk, version, date(2026, 11, 26), earliest=time(14))
        self.course = course_of(version)
        self.done = {}

    def coming(self):
        mine = Booking.objects.filter(treatment_session__series=self.series, state__in=COMING)
        return list(mine.order_by("starts_at"))

    def cancel(self):
        if coming := self.coming():
            visit = self.chance.choice(coming)
            cancel_booking(self.desk, booking_id=visit.pk, version=visit.version)

    def shut(self):
        if coming := self.coming():
            day = self.chance.choice(coming).starts_at.date()
            Closure.objects.get_or_create(site=self.site, on=day, defaults={"reason": "Works"})

    def miss(self):
        if coming := self.coming():
            self.clock.set(coming[0].ends_at + timedelta(minutes=1))
            set_state(self.desk, booking_id=coming[0].pk, version=coming[0].version, state="no_show")

    def perform(self):
        """The next session takes place, unless one before it has none."""
        waiting = self.series.sessions.exclude(state=State.PERFORMED).order_by("ordinal").first()
        visit = waiting and Booking.objects.filter(treatment_session=waiting, state__in=COMING).first()
        if visit:
            self.clock.set(visit.ends_at)
            treatments.performed(self.series, self.doctor, visit.ends_at, ordinal=waiting.ordinal)
            self.done[waiting.ordinal] = self.snapshot(waiting.ordinal)

    def replan(self):
        """Anew or kept, once in a while after the window with a reason."""
        start = clocks.now().date() + timedelta(days=self.chance.choice([0, 0, 1, 9]))
        wishes = Wishes(Preferences(start), keep=self.chance.random() < 0.7)
        series = series_for(self.doctor, self.series.pk)
        waits = [
            each.placed for each in rest_of(series, wishes).changes if each.placed.choices and not each.placed.place
        ]
        if waits and self.chance.random() < 0.7:
            place = waits[0].choices[0]
            picks = {waits[0].ordinal: Pick(place.starts_at, place.clinician.id)}
            preferences = Preferences(start, picks=picks)
            wishes = Wishes(preferences, keep=wishes.keep, overridden=frozenset(picks), reason="Travels")
        seen = rest_of(series, wishes).seen
        replan_series(self.doctor, series_id=series.pk, wishes=wishes, seen=seen, key=uuid4().hex)
        self.check_windows()

    def snapshot(self, ordinal):
        session = self.series.sessions.filter(ordinal=ordinal)
        return list(session.values()), list(
            Booking.objects.filter(treatment_session__in=session).order_by("pk").values()
        )

    def check_windows(self):
        """Sessions that follow each other are neither too near nor, without a recorded override, too far apart."""
        visits = Booking.objects.filter(treatment_session__series=self.series).exclude(state__in=GONE)
        days = {
            visit.treatment_session.ordinal: visit.starts_at.astimezone(self.site.zone).date()
            for visit in visits.select_related("treatment_session")
        }
        ordinals = sorted(days)
        assert sorted(days.values()) == [days[each] for each in ordinals]
        for before, after in pairwise(ordinals):
            interval, gap = self.course.before(after), (days[after] - days[before]).days
            assert gap >= interval.least
            late = gap > interval.most and after == before + 1
            decided = WindowOverride.objects.filter(session__ordinal=after, on=days[after])
            assert not late or (gap <= interval.longest and decided.exists()), (before, after, gap)

    def check(self):
        assert self.series.sessions.count() == self.course.count
        assert {ordinal: self.snapshot(ordinal) for ordinal in self.done} == self.done
        live = Booking.objects.filter(treatment_session__series=self.series).exclude(state__in=GONE)
        placed = set(live.values_list("treatment_session__ordinal", flat=True))
        waiting = set(self.series.sessions.filter(state=State.UNPLACED).values_list("ordinal", flat=True))
        assert placed | waiting == set(range(1, self.course.count + 1)), "every session has a date or is to be done"
        assert not placed & waiting


@pytest.mark.parametrize("seed", range(3))
def test_no_walk_breaks_a_window_or_touches_a_performed_session(clock, seed):
    walk = Walk(clock, seed)
    planned = 0
    for _ in range(STEPS):
        walk.chance.choice([walk.cancel, walk.shut, walk.miss, walk.perform])()
        try:
            walk.replan()
            planned += 1
        except ClinicError:
            pass
        walk.check()
    assert planned >= 3
