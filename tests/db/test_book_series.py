"""A series books whole or not at all: inside its windows, at the wall-clock time that was shown."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord, Taken
from mesoclinic.sites import Absence, Closure
from patients.models import PlanVersion
from sessions.models import AdverseEvent, Booking, BookingUse, Occupancy, Series, TreatmentSession, WindowOverride
from sessions.queries.bookings import series_for
from sessions.queries.series import course_of, propose_series, series_page
from sessions.rules.series_places import Pick, Preferences, Why
from sessions.services.booking import Override, Unplaceable, book_series
from sessions.services.visits import cancel_booking, move_booking, set_state
from tests.builders import bookings, clinic, people, plans

THURSDAY = date(2026, 11, 26)


@pytest.fixture
def scene(clock):
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    site = clinic.site()
    doctor, desk = clinic.dermatologist(site, name="Dr Aydın"), clinic.desk(site, name="Zeynep Arı")
    patient = people.patient(site=site)
    return Scene(site, doctor, desk, patient, plans.signed_plan(patient, doctor, site))


class Scene:
    def __init__(self, site, doctor, desk, patient, version):
        self.site, self.doctor, self.desk, self.patient, self.version = site, doctor, desk, patient, version

    def order(self, **over):
        return bookings.order(self.version, THURSDAY, **({"earliest": time(14)} | over))


def days_of(series):
    rows = Booking.objects.filter(treatment_session__series=series).order_by("treatment_session__ordinal")
    return [row.starts_at.astimezone(row.site.zone) for row in rows]


def nothing_was_written():
    return not any(model.objects.exists() for model in (Series, TreatmentSession, Booking, BookingUse, Occupancy))


def test_books_every_session_of_the_plan_inside_its_window(scene):
    series = book_series(scene.desk, **scene.order())
    days = days_of(series)
    gaps = [(later.date() - earlier.date()).days for earlier, later in pairwise(days)]
    assert len(days) == scene.version.session_count == 10
    course = course_of(scene.version)
    assert all(window.least <= gap <= window.most for gap, window in zip(gaps, course.intervals, strict=True))
    assert gaps == [7, 7, 7, 14, 14, 28, 28, 28, 28]
    assert set(series.sessions.values_list("state", flat=True)) == {TreatmentSession.State.BOOKED}
    assert sorted(series.assessments.values_list("code", flat=True)) == ["final", "interim"]


def test_the_wall_clock_stays_when_the_clocks_change(scene):
    """Ten sessions from November to May cross the change of 28 March 2027."""
    days = days_of(book_series(scene.desk, **scene.order()))
    assert {day.time() for day in days} == {time(14)}
    assert len({day.utcoffset() for day in days}) == 2


def test_the_room_is_taken_longer_than_the_clinician(scene):
    book_series(scene.desk, **scene.order())
    first = Booking.objects.order_by("starts_at").first()
    taken = {use.resource_kind: (use.starts_at, use.ends_at) for use in first.uses.all()}
    assert taken["room"] == taken["patient"] == (first.starts_at, first.ends_at)
    assert taken["clinician"] == (first.starts_at + timedelta(minutes=15), first.starts_at + timedelta(minutes=45))


@pytest.mark.parametrize("role", ["nurse"])
def test_refuses_other_roles_without_writing(scene, role):
    other = clinic.staff(role, at=scene.site)
    with pytest.raises(NotAllowed):
        book_series(other, **scene.order())
    assert nothing_was_written()
    assert AuditEvent.objects.filter(action="denied.book", actor_id=other.pk).exists()


def test_a_plan_of_another_site_is_out_of_scope(scene):
    stranger = clinic.desk(clinic.site())
    with pytest.raises(OutOfScope):
        book_series(stranger, **scene.order())
    assert nothing_was_written()


def test_a_plan_that_is_not_signed_says_whom_to_ask(scene):
    order = scene.order()
    draft = plans.signed_plan(people.patient(site=scene.site), scene.doctor, scene.site, state=PlanVersion.State.DRAFT)
    with pytest.raises(ClinicError, match="Ask Dr Aydın"):
        book_series(scene.desk, **(order | {"plan_id": draft.plan_id}))
    assert nothing_was_written()


def test_a_shown_place_that_has_gone_is_named_with_alternatives_and_nothing_is_booked(scene):
    order = scene.order()
    rival = clinic.desk(scene.site, name="Emre Can")
    other = people.patient(site=scene.site, family_name="Secretname")
    taken = bookings.visit(rival, scene.site, datetime(2026, 12, 3, 14), patient=other)
    with pytest.raises(Taken) as refusal:
        book_series(scene.desk, **order)
    assert "Thu 3 Dec 14:00" in refusal.value.message
    assert "Emre Can (Front desk)" in refusal.value.message
    assert "Secretname" not in refusal.value.message
    assert refusal.value.alternatives
    assert list(Booking.objects.all()) == [taken]
    assert not Series.objects.exists()
    assert not TreatmentSession.objects.exists()


def test_a_session_without_any_legal_day_refuses_the_whole_series(scene):
    Absence.objects.create(user=scene.doctor, first_on=date(2026, 12, 1), last_on=date(2027, 1, 15))
    order = scene.order()
    with pytest.raises(Unplaceable):
        book_series(scene.desk, **order)
    assert nothing_was_written()


def test_a_session_after_its_window_is_booked_with_the_capability_and_a_reason_only(scene):
    """Dr Aydın is away until the window of session 2 has ended on 6 December."""
    Absence.objects.create(user=scene.doctor, first_on=date(2026, 12, 1), last_on=date(2026, 12, 7))
    waiting = propose_series(scene.version, Preferences(THURSDAY)).proposal.sessions[1]
    picks = {2: Pick(waiting.choices[0].starts_at, scene.doctor.pk)}
    wanted = Preferences(THURSDAY, picks=picks)
    seen = propose_series(scene.version, wanted, frozenset({2})).seen
    order = {"plan_id": scene.version.plan_id, "preferences": wanted, "seen": seen, "key": "late"}
    for actor, reason, refusal in ((scene.desk, "Travels", NotAllowed), (scene.doctor, " ", ClinicError)):
        with pytest.raises(refusal):
            book_series(actor, **order, override=Override(frozenset({2}), reason))
    assert nothing_was_written()
    series = book_series(scene.doctor, **order, override=Override(frozenset({2}), "Travels"))
    override = WindowOverride.objects.get()
    assert (override.session.series, override.session.ordinal, override.reason) == (series, 2, "Travels")
    assert override.on == days_of(series)[1].date() > override.window_ends_on


def test_a_closure_moves_a_session_inside_its_window_and_says_why(scene):
    Closure.objects.create(site=scene.site, on=date(2026, 12, 10), reason="Holiday")
    placed = propose_series(scene.version, Preferences(THURSDAY, earliest=time(14))).proposal.sessions
    assert placed[2].why == Why.CLOSED
    assert placed[2].place.starts_at.date() == date(2026, 12, 11)
    assert placed[3].gap_days == 7


def test_an_assessment_on_a_closed_day_moves_to_the_next_open_one(scene):
    series = series_for(scene.desk, book_series(scene.desk, **scene.order()).pk)
    final = series_page(series).assessments[-1].on
    Closure.objects.create(site=scene.site, on=final, reason="Holiday")
    assert series_page(series).assessments[-1].on == final + timedelta(days=1)


def test_the_same_key_books_once_and_answers_the_same(scene):
    order = scene.order()
    assert book_series(scene.desk, **order) == book_series(scene.desk, **order)
    assert Series.objects.count() == 1


def test_the_same_key_with_other_content_is_a_conflict(scene):
    order = scene.order()
    book_series(scene.desk, **order)
    with pytest.raises(Conflict):
        book_series(scene.desk, **(scene.order(earliest=time(16)) | {"key": order["key"]}))
    assert Series.objects.count() == 1


def test_a_plan_is_booked_once_whoever_asks(scene):
    first = scene.order()
    book_series(scene.desk, **first)
    with pytest.raises(Conflict, match="Zeynep Arı"):
        book_series(clinic.desk(scene.site), **(first | {"key": "another"}))
    assert Series.objects.count() == 1


def test_an_open_adverse_event_of_grade_two_blocks_booking(scene):
    order = scene.order()
    AdverseEvent.objects.create(
        patient=scene.patient,
        site=scene.site,
        code="AE-01",
        grade=2,
        worst_grade=2,
        onset_at=datetime(2026, 11, 20, tzinfo=UTC),
        reported_by=scene.doctor,
        reported_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    with pytest.raises(ClinicError, match="SD-05"):
        book_series(scene.desk, **order)
    assert nothing_was_written()


def test_a_form_without_its_dates_is_refused(scene):
    for seen in ("", "yesterday", "9" * 5000, "999999999999-1-1"):
        with pytest.raises(ClinicError):
            book_series(scene.desk, **(scene.order() | {"seen": seen}))
    assert nothing_was_written()


def test_moving_keeps_the_row_and_raises_version_and_sequence(scene):
    series = book_series(scene.desk, **scene.order())
    second = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=2)
    moved = move_booking(scene.desk, booking_id=second.pk, version=1, starts_at=datetime(2026, 12, 4, 10))
    assert (moved.pk, moved.version, moved.calendar_sequence) == (second.pk, 2, 1)
    assert moved.starts_at == datetime(2026, 12, 4, 9, tzinfo=UTC)
    slots = {row.slot for row in Occupancy.objects.filter(booking=second, resource_kind="room")}
    assert min(slots) == int(moved.starts_at.timestamp()) // 300
    with pytest.raises(StaleRecord):
        move_booking(scene.desk, booking_id=second.pk, version=1, starts_at=datetime(2026, 12, 3, 10))


@pytest.mark.parametrize("day", [1, 12, 20])
def test_a_session_cannot_leave_its_window_or_the_opening_hours(scene, day):
    """Session 2 belongs between 2 and 6 December; the 12th is a Saturday."""
    series = book_series(scene.desk, **scene.order())
    second = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=2)
    with pytest.raises(ClinicError):
        move_booking(scene.desk, booking_id=second.pk, version=1, starts_at=datetime(2026, 12, day, 10))
    second.refresh_from_db()
    assert second.version == 1
    assert Occupancy.objects.filter(booking=second).exists()


def test_a_cancelled_session_frees_its_time_and_waits_for_a_date(scene):
    series = book_series(scene.desk, **scene.order())
    first = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=1)
    cancel_booking(scene.desk, booking_id=first.pk, version=1)
    session = TreatmentSession.objects.get(pk=first.treatment_session_id)
    assert session.state == TreatmentSession.State.UNPLACED
    assert session.flag.startswith("Cancelled: 26 Nov 2026")
    assert not Occupancy.objects.filter(booking=first).exists()
    assert series_page(series_for(scene.desk, series.pk)).open == 1


def test_states_follow_their_order_only(scene):
    series = book_series(scene.desk, **scene.order())
    first = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=1)
    set_state(scene.desk, booking_id=first.pk, version=1, state="arrived")
    with pytest.raises(Conflict):
        set_state(scene.desk, booking_id=first.pk, version=2, state="no_show")
    with pytest.raises(NotAllowed):
        set_state(scene.desk, booking_id=first.pk, version=2, state="numbing")
    nurse = clinic.staff("nurse", at=scene.site)
    assert set_state(nurse, booking_id=first.pk, version=2, state="numbing").version == 3


def test_many_sessions_take_no_more_statements_than_few(scene, django_assert_max_num_queries):
    with CaptureQueriesContext(connection) as few:
        book_series(scene.desk, **bookings.order(plan_of(scene, 2), THURSDAY, earliest=time(9)))
    with django_assert_max_num_queries(len(few)):
        book_series(scene.desk, **bookings.order(plan_of(scene, 8), THURSDAY + timedelta(days=1), earliest=time(9)))


def plan_of(scene, sessions):
    return plans.signed_plan(people.patient(site=scene.site), scene.doctor, scene.site, session_count=sessions)
