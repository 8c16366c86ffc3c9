"""The rest of a course planned anew: performed sessions stay, nothing is lost, all or nothing."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest

from mesoclinic import clock as clocks
from mesoclinic.errors import ClinicError, NotAllowed, OutOfScope, StaleRecord, Taken
from mesoclinic.sites import Absence, Closure
from sessions.models import Booking, BookingChange, Occupancy, TreatmentSession, WindowOverride
from sessions.queries.bookings import series_for
from sessions.queries.replanning import Fate, Wishes, rest_of
from sessions.queries.series import course_of
from sessions.queries.window_overrides import overrides_of
from sessions.rules.series_places import Pick, Preferences, Why
from sessions.services.replanning import replan_series
from sessions.services.undo import undo
from sessions.services.visits import cancel_booking, move_booking, set_state
from tests.builders import bookings, clinic, people, plans, treatments

MONDAY = date(2026, 11, 30)
State = TreatmentSession.State


class Scene:
    """Five sessions on Mondays at two; the first was performed, the second is on 7 December."""

    def __init__(self, clock):
        clock.set(datetime(2026, 11, 26, 8, tzinfo=UTC))
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site, name="Zeynep Arı")
        self.patient = people.patient(site=self.site)
        self.version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=5)
        self.series = bookings.series(self.desk, self.version, MONDAY, weekdays=frozenset({0}), earliest=time(14))
        clock.set(datetime(2026, 11, 30, 15, tzinfo=UTC))
        treatments.performed(self.series, self.doctor, datetime(2026, 11, 30, 14, tzinfo=UTC))
        self.clock = clock

    def visit(self, ordinal):
        return Booking.objects.filter(treatment_session__series=self.series, treatment_session__ordinal=ordinal).last()

    def session(self, ordinal):
        return TreatmentSession.objects.get(series=self.series, ordinal=ordinal)

    def order(self, *, start=None, visit=None, keep=True, **over):
        preferences = Preferences(start or clocks.now().date(), earliest=time(9), **over)
        wishes = Wishes(preferences, visit_id=visit.pk if visit else None, keep=keep)
        rest = rest_of(series_for(self.desk, self.series.pk), wishes)
        return {"series_id": self.series.pk, "wishes": wishes, "seen": rest.seen, "key": uuid4().hex}

    def rows(self):
        return list(Booking.objects.order_by("pk").values()), list(TreatmentSession.objects.order_by("pk").values())

    def days(self):
        live = Booking.objects.filter(treatment_session__series=self.series).exclude(state__in=("cancelled", "no_show"))
        found = live.order_by("treatment_session__ordinal").values_list("starts_at", flat=True)
        return [at.astimezone(self.site.zone).date() for at in found]


@pytest.fixture
def scene(clock):
    return Scene(clock)


def test_a_missed_session_gets_a_new_date_and_only_what_must_moves(scene):
    missed, third, last = scene.visit(2), scene.visit(3), scene.visit(5)
    scene.clock.set(missed.ends_at + timedelta(minutes=5))
    set_state(scene.desk, booking_id=missed.pk, version=1, state="no_show")
    first = scene.visit(1)
    replan_series(scene.desk, **scene.order(visit=missed, start=date(2026, 12, 8)))
    again = scene.visit(2)
    assert again.pk != missed.pk
    assert scene.session(2).state == State.BOOKED
    assert scene.session(2).flag == ""
    assert scene.visit(1) == first
    assert scene.session(1).state == State.PERFORMED
    assert (scene.visit(3).pk, scene.visit(5).pk) == (third.pk, last.pk)
    assert scene.visit(5).version == last.version, "a visit that stays in its window is left alone"
    inside_their_windows(scene)


def test_a_visit_whose_patient_did_not_come_is_missed_by_the_same_press(scene):
    late = scene.visit(2)
    scene.clock.set(late.starts_at + timedelta(minutes=20))
    replan_series(scene.desk, **scene.order(visit=late, start=date(2026, 12, 8)))
    late.refresh_from_db()
    assert late.state == Booking.State.NO_SHOW
    assert scene.visit(2).state == Booking.State.BOOKED
    inside_their_windows(scene)


def test_planning_anew_shifts_the_whole_rest_and_moving_never_makes_a_second_row(scene):
    before = [scene.visit(ordinal) for ordinal in (2, 3, 4, 5)]
    replan_series(scene.desk, **scene.order(visit=before[0], keep=False))
    after = [scene.visit(ordinal) for ordinal in (2, 3, 4, 5)]
    assert [each.pk for each in after] == [each.pk for each in before]
    assert all(new.starts_at != old.starts_at and new.version == 2 for new, old in zip(after, before, strict=True))
    assert all(set(each.occupied.values_list("resource_kind", flat=True)) for each in after)
    inside_their_windows(scene)


def test_a_session_without_a_place_waits_and_later_visits_stay(scene):
    second = scene.visit(2)
    cancel_booking(scene.desk, booking_id=second.pk, version=1)
    Closure.objects.bulk_create(
        Closure(site=scene.site, on=date(2026, 12, day), reason="Works") for day in range(1, 12)
    )
    third = scene.visit(3)
    rest = rest_of(series_for(scene.desk, scene.series.pk), Wishes(Preferences(date(2026, 12, 1))))
    assert [change.fate for change in rest.changes][:2] == [Fate.OPEN, Fate.KEPT]
    assert rest.changes[0].placed.window.latest == date(2026, 12, 10)
    with pytest.raises(ClinicError, match="stays as it is"):
        replan_series(scene.desk, **scene.order(start=date(2026, 12, 1)))
    assert scene.session(2).state == State.UNPLACED
    assert scene.visit(3) == third


def test_a_taken_place_is_named_and_nothing_changes(scene):
    second = scene.visit(2)
    order = scene.order(visit=second)
    place = order["seen"].split("|")[1].split("-")[0]
    at = datetime.strptime(place, "%Y%m%d%H%M").replace(tzinfo=UTC).astimezone(scene.site.zone).replace(tzinfo=None)
    rival = clinic.desk(scene.site, name="Emre Can")
    other = people.patient(site=scene.site, family_name="Secretname")
    bookings.visit(rival, scene.site, at, patient=other)
    before = scene.rows()
    with pytest.raises(Taken) as refusal:
        replan_series(scene.desk, **order)
    assert "Emre Can (Front desk)" in refusal.value.message
    assert "Secretname" not in refusal.value.message
    assert scene.rows() == before


def test_a_visit_moved_meanwhile_is_a_conflict(scene):
    order = scene.order(visit=scene.visit(2))
    last = scene.visit(5)
    move_booking(scene.desk, booking_id=last.pk, version=1, starts_at=datetime(2027, 1, 5, 9))
    before = scene.rows()
    with pytest.raises(StaleRecord):
        replan_series(scene.desk, **order)
    assert scene.rows() == before


def test_the_same_key_plans_once(scene):
    order = scene.order(visit=scene.visit(2))
    replan_series(scene.desk, **order)
    after = scene.rows()
    replan_series(scene.desk, **order)
    assert scene.rows() == after


def test_it_is_undone_as_a_whole(scene):
    scene.clock.set(scene.visit(2).starts_at + timedelta(minutes=20))
    days, grid = scene.days(), Occupancy.objects.count()
    replan_series(scene.desk, **scene.order(visit=scene.visit(2), start=date(2026, 12, 8)))
    undo(scene.desk, change_id=BookingChange.objects.last().pk)
    assert scene.days() == days
    assert Occupancy.objects.count() == grid
    assert scene.session(2).state == State.BOOKED


@pytest.mark.parametrize("role", ["nurse"])
def test_refuses_other_roles_and_sites_without_writing(scene, role):
    order, before = scene.order(visit=scene.visit(2)), scene.rows()
    with pytest.raises(NotAllowed):
        replan_series(clinic.staff(role, at=scene.site), **order)
    with pytest.raises(OutOfScope):
        replan_series(clinic.desk(clinic.site()), **order)
    assert scene.rows() == before


def test_an_absent_clinician_moves_what_cannot_take_place(scene):
    Absence.objects.create(user=scene.doctor, first_on=date(2026, 12, 14), last_on=date(2026, 12, 15))
    third = scene.visit(3)
    replan_series(scene.desk, **scene.order())
    assert scene.visit(3).pk == third.pk
    assert scene.visit(3).starts_at != third.starts_at
    inside_their_windows(scene)


def inside_their_windows(scene):
    """Five sessions, none outside its window, the performed one where it was."""
    days = scene.days()
    assert len(days) == 5 == scene.series.sessions.count()
    assert days[0] == MONDAY
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    course = course_of(scene.version)
    assert all(window.least <= gap <= window.most for gap, window in zip(gaps, course.intervals, strict=True)), gaps


class Late(Scene):
    """The second session was cancelled and its window, to 10 December, is over."""

    def __init__(self, clock):
        super().__init__(clock)
        cancel_booking(self.desk, booking_id=self.visit(2).pk, version=1)
        clock.set(datetime(2026, 12, 11, 8, tzinfo=UTC))

    def late(self, reason="The patient travels"):
        """The order with the nearest place after the window chosen for the second session."""
        series = series_for(self.desk, self.series.pk)
        rest = rest_of(series, Wishes(Preferences(date(2026, 12, 11))))
        place = rest.changes[0].placed.choices[0]
        preferences = Preferences(date(2026, 12, 11), picks={2: Pick(place.starts_at, place.clinician.id)})
        wishes = Wishes(preferences, overridden=frozenset({2}), reason=reason)
        return {
            "series_id": series.pk,
            "wishes": wishes,
            "seen": rest_of(series, wishes).seen,
            "key": uuid4().hex,
        }


@pytest.fixture
def late(clock):
    return Late(clock)


def test_a_date_after_the_window_needs_the_capability_and_a_reason(late):
    before = late.rows()
    with pytest.raises(NotAllowed):
        replan_series(late.desk, **late.late())
    with pytest.raises(ClinicError, match="Enter the reason"):
        replan_series(late.doctor, **late.late(reason=" "))
    assert late.rows() == before
    assert not WindowOverride.objects.exists()


def test_a_recorded_override_stays_with_its_visit_and_lets_the_next_plan_keep_it(late):
    replan_series(late.doctor, **late.late())
    override, second = WindowOverride.objects.get(), late.visit(2)
    assert (override.session_id, override.by) == (second.treatment_session_id, late.doctor)
    assert override.on == second.starts_at.astimezone(late.site.zone).date() > override.window_ends_on
    assert overrides_of([second])[second.pk].reason == "The patient travels"
    replan_series(late.desk, **late.order(visit=late.visit(5)))
    assert late.visit(2) == second
    assert WindowOverride.objects.count() == 1, "what stays where it was decided needs no new reason"


def test_more_than_twice_the_longest_interval_has_no_override(late):
    late.clock.set(datetime(2026, 12, 22, 8, tzinfo=UTC))
    rest = rest_of(series_for(late.desk, late.series.pk), Wishes(Preferences(date(2026, 12, 22))))
    assert (rest.changes[0].placed.why, rest.changes[0].placed.choices) == (Why.LAPSED, ())


def test_a_visit_too_soon_after_the_last_placed_one_loses_its_date_and_a_later_one_waits(late):
    """Session 3 has no open day, so nothing leads to session 4, four days after session 2."""
    late.clock.set(datetime(2026, 12, 17, 8, tzinfo=UTC))
    Closure.objects.bulk_create(
        Closure(site=late.site, on=date(2026, 12, day), reason="Works") for day in range(22, 32)
    )
    series = series_for(late.doctor, late.series.pk)
    first = rest_of(series, Wishes(Preferences(date(2026, 12, 17)))).changes[0].placed.choices[0]
    preferences = Preferences(date(2026, 12, 17), picks={2: Pick(first.starts_at, first.clinician.id)})
    rest = rest_of(series, Wishes(preferences, overridden=frozenset({2}), reason="Travels"))
    assert [change.fate for change in rest.changes] == [Fate.BOOKED, Fate.OPEN, Fate.FREED, Fate.KEPT]
