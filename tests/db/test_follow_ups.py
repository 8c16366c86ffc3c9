"""MSG-08 to MSG-11: due at nine on their day, or a day after a missed session, and only while there is a reason."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest

from mesoclinic import clock as clocks
from mesoclinic.outbox import Message
from patients.models import Notice
from patients.services.consents import withdraw_consent
from sessions.documents.mails import letter_for
from sessions.documents.words import spoken_to
from sessions.models import AssessmentPoint, Booking, BookingChange, Series
from sessions.queries.bookings import series_for
from sessions.queries.messages import ledger_for
from sessions.queries.replanning import Wishes, rest_of
from sessions.rules.series_places import Preferences
from sessions.services import assessments, follow_ups
from sessions.services.endings import end_course
from sessions.services.replanning import replan_series
from sessions.services.undo import undo
from sessions.services.visits import cancel_booking, move_booking, set_state
from tests.builders import assessments as courses
from tests.builders import bookings, clinic, consents, people, plans, treatments
from tests.db.test_reminders import Postbox, deliver_due

NOW = datetime(2027, 2, 1, 8, tzinfo=UTC)
START = date(2027, 2, 25)


@pytest.fixture
def scene(clock, settings):
    clock.set(NOW)
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    return Scene


class Scene:
    """A course of five weekly sessions in Madrid; its interim assessment is after the clocks have changed."""

    def __init__(self, **patient):
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.patient = people.patient(site=self.site, **patient)
        self.version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=5)

    def book(self):
        self.series = bookings.series(self.desk, self.version, START, earliest=time(14))
        return self

    def visit(self, ordinal=1):
        return Booking.objects.filter(treatment_session__series=self.series, treatment_session__ordinal=ordinal).last()

    def miss(self, clock, ordinal=1):
        visit = self.visit(ordinal)
        clock.set(visit.ends_at)
        set_state(self.desk, booking_id=visit.pk, version=visit.version, state="no_show")
        return visit


def rows(rule, state="waiting"):
    return list(Notice.objects.filter(rule=rule, state=state).order_by("due_at"))


def reasons(rule):
    return {each.reason for each in rows(rule, "skipped")}


def everything():
    return list(Notice.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values())


def sent(clock, moment, rule):
    """The words that go out by this rule at a moment; nothing where none do."""
    clock.set(moment + timedelta(seconds=1))
    deliver_due()
    gone = Notice.objects.filter(rule=rule, state="sent", due_at=moment)
    numbers = set(gone.values_list("message__message_id", flat=True))
    return "".join(mail.text for mail in Postbox.taken if mail.message_id in numbers)


def madrid(day, at=time(9), offset=1):
    return datetime.combine(day, at, UTC) - timedelta(hours=offset)


def test_a_week_before_an_assessment_the_patient_is_asked_for_a_date(scene, clock):
    made = scene().book()
    # 35 and 182 days after the first session; the clocks go forward on 28 March.
    first, last = madrid(date(2027, 3, 25)), madrid(date(2027, 8, 19), offset=2)
    due = {each.subject.split(":")[2]: each.due_at for each in rows("MSG-08")}
    assert due == {"interim": first, "final": last}
    text = sent(clock, first, "MSG-08")
    assert "Your assessment is due around Thursday 1 April 2027." in text
    assert made.site.phone in text
    assert all(each.state == "waiting" for each in Notice.objects.filter(subject__endswith=":final"))


def test_planning_again_and_again_changes_nothing(scene):
    made = scene().book()
    before = everything()
    for change in BookingChange.objects.all():
        follow_ups.follow_change_of_course(change_id=change.pk)
    follow_ups.follow_missed(booking_id=made.visit().pk)
    follow_ups.follow_assessments(patient_id=made.patient.pk)
    assert everything() == before


def test_it_follows_the_sessions_and_the_way_back(scene):
    made = scene().book()
    known = [each.due_at for each in rows("MSG-08")]
    visit = made.visit(5)
    later = visit.starts_at.astimezone(made.site.zone).replace(tzinfo=None) + timedelta(days=1)
    move_booking(made.desk, booking_id=visit.pk, version=visit.version, starts_at=later)
    assert [each.due_at for each in rows("MSG-08")] == [each + timedelta(days=1) for each in known]
    undo(made.desk, change_id=BookingChange.objects.latest("pk").pk)
    assert [each.due_at for each in rows("MSG-08")] == known
    assert {each.message.due_at for each in rows("MSG-08")} == set(known)


def test_without_a_day_nobody_is_told_one(scene):
    made = scene().book()
    visit = made.visit(5)
    cancel_booking(made.desk, booking_id=visit.pk, version=visit.version)
    assert rows("MSG-08") == []
    assert reasons("MSG-08") == {"Nobody can tell the day while sessions have no date."}
    undo(made.desk, change_id=BookingChange.objects.latest("pk").pk)
    assert len(rows("MSG-08")) == 2


def test_a_course_that_was_undone_or_ended_asks_for_nothing_more(scene):
    made = scene().book()
    undo(made.desk, change_id=BookingChange.objects.latest("pk").pk)
    assert not Series.objects.exists()
    assert reasons("MSG-08") == {"The booking was undone."}
    made.book()
    end_course(made.desk, series_id=made.series.pk, version=1, reason="The patient moves away.")
    assert rows("MSG-08") == []
    undo(made.desk, change_id=BookingChange.objects.latest("pk").pk)
    assert len(rows("MSG-08")) == 2, "the course goes on"


def test_a_recorded_assessment_is_not_asked_for(scene, clock):
    made = scene().book()
    AssessmentPoint.objects.filter(code="interim").update(state="recorded", recorded_on=date(2027, 3, 20))
    assert sent(clock, madrid(date(2027, 3, 25)), "MSG-08") == ""
    assert reasons("MSG-08") == {"The assessment is done."}
    follow_ups.follow_assessments(patient_id=made.patient.pk)
    assert [each.subject.split(":")[2] for each in rows("MSG-08")] == ["final"]


def test_who_missed_a_session_is_asked_a_day_later_and_told_the_last_safe_date(scene, clock):
    made = scene().book()
    first = made.visit(1)
    treatments.performed(made.series, made.doctor, first.ends_at)
    missed = made.miss(clock, 2)
    (asked,) = rows("MSG-10")
    assert asked.due_at == missed.starts_at + timedelta(hours=24)
    text = sent(clock, asked.due_at, "MSG-10")
    assert "We did not see you on Thursday 4 March 2027, 14:00." in text
    # Weekly, seven days and at most three more after 25 February.
    assert "no later than Sunday 7 March 2027." in text


def test_a_missed_session_late_in_the_evening_is_told_in_the_morning(scene, clock):
    made = scene().book()
    made.site.quiet_from, made.site.quiet_to = time(13), time(16)
    made.site.save()
    missed = made.miss(clock)
    (asked,) = rows("MSG-10")
    assert asked.due_at == missed.starts_at + timedelta(hours=26), "at 14:00 it is quiet until 16:00"


def test_who_has_a_new_date_is_not_asked_for_one(scene, clock):
    made = scene().book()
    missed = made.miss(clock)
    wishes = Wishes(Preferences(clocks.now().date(), earliest=time(9)), visit_id=missed.pk)
    rest = rest_of(series_for(made.desk, made.series.pk), wishes)
    replan_series(made.desk, series_id=made.series.pk, wishes=wishes, seen=rest.seen, key=uuid4().hex)
    assert rows("MSG-10") == []
    assert reasons("MSG-10") == {"The patient has a new date."}
    undo(made.desk, change_id=BookingChange.objects.latest("pk").pk)
    assert len(rows("MSG-10")) == 1, "the new date was taken back"
    Booking.objects.filter(pk=missed.pk).update(state="done")
    assert sent(clock, rows("MSG-10")[0].due_at, "MSG-10") == ""


def test_what_was_noted_too_late_is_told_by_nobody(scene, clock):
    made = scene().book()
    visit = made.visit()
    clock.set(visit.starts_at + timedelta(hours=25))
    set_state(made.desk, booking_id=visit.pk, version=visit.version, state="no_show")
    assert rows("MSG-10") == []
    assert reasons("MSG-10") == {"It was known only after this message was due."}


@pytest.mark.parametrize(("density", "asked"), [("167", True), ("150", False)])
def test_only_who_responded_is_asked_back(clock, settings, density, asked):
    made = treatments.scene()
    point = courses.course(made)
    courses.baseline(made)
    final = AssessmentPoint.objects.get(series=point.series_id, code="final")
    assessments.record_assessment(
        made.doctor, point_id=final.pk, taken_on=date(2026, 11, 26), told=courses.told(density, ratings=(0, 1))
    )
    # 60 and 75 days after 26 November, at nine.
    due = [madrid(date(2027, 1, 25)), madrid(date(2027, 2, 9))] if asked else []
    assert [each.due_at for rule in ("MSG-09a", "MSG-09b") for each in rows(rule)] == due


def test_a_correction_takes_the_recall_back(clock, settings):
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    made = treatments.scene()
    point = courses.course(made)
    courses.baseline(made)
    final = AssessmentPoint.objects.get(series=point.series_id, code="final")
    on = date(2026, 11, 26)
    told = courses.told("167", ratings=(0, 1))
    wrong = assessments.record_assessment(made.doctor, point_id=final.pk, taken_on=on, told=told)
    right = assessments.correct_assessment(
        made.doctor, record_id=wrong.pk, taken_on=on, told=courses.told("150", ratings=(0, 0)), reason="Misread."
    )
    assert rows("MSG-09a") == []
    assert reasons("MSG-09a") == {"The course did not end with a response."}
    assessments.correct_assessment(made.doctor, record_id=right.pk, taken_on=on, told=told, reason="It was right.")
    text = sent(clock, madrid(date(2027, 1, 25)), "MSG-09a")
    assert "Call us if we should look at how it goes on." in text


def test_a_consent_is_renewed_two_weeks_before_it_ends(scene, clock):
    made = scene().book()
    consent = consents.signed(made.doctor, made.version)
    (asked,) = rows("MSG-11")
    # Signed on 1 February 2027, it holds through 1 February 2028.
    assert asked.due_at == madrid(date(2028, 1, 18))
    assert "holds until Tuesday 1 February 2028" in sent(clock, asked.due_at, "MSG-11")
    assert consent.state == "signed"


def test_a_newer_consent_takes_the_place_of_an_older_one(scene, clock):
    made = scene().book()
    old = consents.recorded(made.doctor, made.version)
    follow_ups.plan_renewal(consent_id=old.pk)
    clock.advance(days=3)
    new = consents.recorded(made.doctor, made.version)
    follow_ups.plan_renewal(consent_id=new.pk)
    assert [each.subject for each in rows("MSG-11")] == [f"consent:{new.pk}"]
    assert reasons("MSG-11") == {"The consent was renewed or withdrawn."}


def test_a_withdrawn_consent_is_not_renewed_and_ends_what_its_course_asks(scene):
    made = scene().book()
    consent = consents.signed(made.doctor, made.version)
    withdraw_consent(made.doctor, consent_id=consent.pk)
    assert rows("MSG-11") == rows("MSG-08") == []


def test_a_course_that_is_over_needs_no_consent(scene, clock):
    made = scene().book()
    consents.signed(made.doctor, made.version)
    made.series.sessions.update(state="performed")
    assert sent(clock, rows("MSG-11")[0].due_at, "MSG-11") == ""
    assert reasons("MSG-11") == {"No session is left that needs this consent."}


def test_nobody_is_written_to_who_does_not_want_it_or_has_another_record(scene, clock):
    made = scene(contact_by_email=False).book()
    assert rows("MSG-08") == []
    assert reasons("MSG-08") == {"No permission to write by e-mail."}
    other = scene().book()
    other.patient.merged_into = people.patient(site=other.site)
    other.patient.save()
    assert sent(clock, madrid(date(2027, 3, 25)), "MSG-08") == ""
    assert "The record was merged into another." in reasons("MSG-08")
    assert made.patient.pk != other.patient.pk


def test_on_paper_the_words_are_the_same(scene):
    made = scene(email="").book()
    (first, _last) = rows("MSG-08", "printed")
    with spoken_to(made.patient, made.site):
        letter = letter_for(first)
    assert letter.opening.startswith("Your assessment is due around Thursday 1 April 2027.")


def test_a_paper_for_a_day_far_ahead_is_nobody_s_work_yet(scene, clock):
    made = scene(email="").book()
    due = madrid(date(2027, 3, 25))
    for before, listed in ((timedelta(days=15), False), (timedelta(days=13), True)):
        clock.set(due - before)
        asked = {row.notice.rule for row in ledger_for(made.desk, state="todo").rows}
        assert ("MSG-08" in asked) is listed
