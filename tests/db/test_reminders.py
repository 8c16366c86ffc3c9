"""Messages are planned once, follow the live row until they are claimed, and reach nobody who said no."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mesoclinic import outbox, transport
from mesoclinic.actors import System
from mesoclinic.outbox import Message
from mesoclinic.transport import Found
from patients.models import Notice, Todo
from sessions.models import Booking, BookingChange, TreatmentRecord
from sessions.services import reminders
from sessions.services.visits import cancel_booking, move_booking
from tests.builders import bookings, clinic, people, plans, treatments

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
THURSDAY = date(2026, 12, 10)


class Postbox:
    """A transport that keeps what it took."""

    taken: list[transport.Mail] = []

    def send(self, mail):
        self.taken.append(mail)

    def find(self, message_id):
        return Found.ABSENT


@pytest.fixture
def postbox(settings):
    settings.MAIL_TRANSPORT = f"{__name__}.Postbox"
    Postbox.taken = []
    return Postbox.taken


class Scene:
    def __init__(self, **patient):
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.patient = people.patient(site=self.site, **patient)
        self.version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=2)

    def book(self):
        self.series = bookings.series(self.desk, self.version, THURSDAY, earliest=time(14))
        forget_dates()
        return self.first()

    def first(self):
        return Booking.objects.get(treatment_session__series=self.series, treatment_session__ordinal=1)

    def treat(self, ended_at, **over):
        record = treatments.performed(self.series, self.doctor, ended_at, **over)
        reminders.plan_after_treatment(record_id=record.pk)
        return record


@pytest.fixture
def scene(clock):
    clock.set(NOW)
    return Scene


def forget_dates():
    """The message about the dates themselves is the matter of test_undo, those about assessments of test_follow_ups."""
    BookingChange.objects.update(notice=None)
    Notice.objects.filter(rule__in=("VISITS", "MSG-08")).delete()
    Message.objects.filter(kind__in=("visits", "follow_up")).delete()


def notice(rule, subject=None, **more):
    found = Notice.objects.filter(rule=rule, **more)
    return found.get(subject=subject) if subject else found.order_by("due_at").first()


def deliver_due():
    for message in Message.objects.filter(state="waiting", due_at__lte=outbox.clock.now()):
        outbox.deliver(System("test"), message_id=message.pk)


def test_booking_a_series_plans_two_reminders_for_each_session(scene):
    made = scene()
    booking = made.book()
    planned = dict(Notice.objects.filter(subject=f"booking:{booking.pk}").values_list("rule", "due_at"))
    assert planned == {
        "MSG-01": booking.starts_at - timedelta(hours=72),
        "MSG-02": booking.starts_at - timedelta(hours=24),
    }
    assert Notice.objects.filter(state="waiting", channel="email", message__isnull=False).count() == 4
    assert Message.objects.count() == 4


def test_planning_again_changes_nothing(scene):
    made = scene()
    made.book()
    before = list(Notice.objects.values())
    reminders.plan_for_series(series_id=made.series.pk)
    reminders.plan_for_booking(booking_id=made.first().pk)
    assert list(Notice.objects.values()) == before
    assert Message.objects.count() == 4


def test_a_reminder_follows_its_visit_to_another_day(scene):
    made = scene()
    booking = made.book()
    starts = booking.starts_at.astimezone(made.site.zone).replace(tzinfo=None) + timedelta(days=1)
    move_booking(made.desk, booking_id=booking.pk, version=booking.version, starts_at=starts)
    moved = made.first()
    assert moved.starts_at == booking.starts_at + timedelta(days=1)
    found = notice("MSG-02", f"booking:{booking.pk}")
    assert found.due_at == found.message.due_at == moved.starts_at - timedelta(hours=24)
    assert not Todo.objects.exists()


def test_cancelling_a_visit_skips_its_reminders_and_says_why(scene):
    made = scene()
    booking = made.book()
    cancel_booking(made.desk, booking_id=booking.pk, version=booking.version)
    gone = Notice.objects.filter(subject=f"booking:{booking.pk}")
    assert {(each.state, each.reason, each.message.state) for each in gone} == {
        ("skipped", "The visit was cancelled.", "skipped")
    }
    assert Notice.objects.filter(state="waiting", rule__in=("MSG-01", "MSG-02")).count() == 2


def test_the_desk_is_asked_to_call_when_a_visit_changes_after_its_reminder(scene, clock, postbox):
    made = scene()
    booking = made.book()
    clock.set(booking.starts_at - timedelta(hours=70))
    deliver_due()
    assert notice("MSG-01").state == "sent"
    cancel_booking(made.desk, booking_id=booking.pk, version=booking.version)
    assert Todo.objects.get().patient == made.patient


def test_a_visit_that_is_sooner_than_its_reminder_has_none(scene, clock):
    made = scene()
    clock.set(datetime(2026, 12, 9, 8, tzinfo=UTC))
    booking = made.book()
    found = notice("MSG-01", f"booking:{booking.pk}")
    assert (found.state, found.reason) == ("skipped", "The visit is sooner than this reminder.")
    assert found.message is None
    assert notice("MSG-02", f"booking:{booking.pk}").state == "waiting"


def test_a_reminder_waits_until_the_booking_cannot_be_undone(scene, clock, settings):
    made = scene()
    settings.UNDO_SECONDS = 7200
    # MSG-02 is due at 14:00 on Wednesday 9 December in Madrid, an hour from now.
    clock.set(datetime(2026, 12, 9, 12, tzinfo=UTC))
    booking = made.book()
    found = notice("MSG-02", f"booking:{booking.pk}")
    assert found.due_at - outbox.clock.now() > timedelta(seconds=7100)


def test_a_message_due_in_quiet_hours_waits_until_morning(scene, clock):
    made = scene()
    made.book()
    made.site.quiet_from, made.site.quiet_to = time(13), time(16)
    made.site.save()
    reminders.follow_booking(booking_id=made.first().pk)
    local = notice("MSG-02").due_at.astimezone(made.site.zone)
    assert local.time() == time(16)


def test_a_patient_without_address_gets_paper(scene):
    made = scene(email="")
    made.book()
    assert set(Notice.objects.values_list("channel", "state")) == {("paper", "printed")}
    assert all(each.reason.startswith("No e-mail address.") for each in Notice.objects.all())
    assert not Message.objects.exists()


def test_without_permission_only_the_safety_sheet_is_printed(scene):
    made = scene(contact_by_email=False)
    booking = made.book()
    assert notice("MSG-01").state == "skipped"
    made.treat(booking.ends_at)
    assert (notice("MSG-03").channel, notice("MSG-03").state) == ("paper", "printed")
    assert {each.state for each in Notice.objects.exclude(rule="MSG-03")} == {"skipped"}


def test_after_treatment_the_sheet_and_the_questions_are_planned(scene, clock):
    made = scene()
    booking = made.book()
    ended = booking.starts_at + timedelta(minutes=40)
    clock.set(ended)
    record = made.treat(ended)
    planned = dict(Notice.objects.filter(subject=f"treatment:{record.pk}").values_list("rule", "due_at"))
    hours = {"MSG-03": 2, "MSG-04": 24, "MSG-05": 72, "MSG-06": 168}
    assert planned == {rule: ended + timedelta(hours=after) for rule, after in hours.items()}


def test_late_checks_follow_only_the_last_session_of_a_course(scene, clock):
    made = scene()
    made.book()
    made.treat(datetime(2026, 12, 10, 14, tzinfo=UTC))
    assert not Notice.objects.filter(rule__startswith="MSG-07").exists()
    last = datetime(2026, 12, 17, 14, tzinfo=UTC)
    clock.set(last)
    made.treat(last, ordinal=2)
    planned = Notice.objects.filter(rule__startswith="MSG-07").values_list("rule", "due_at")
    assert dict(planned) == {"MSG-07a": last + timedelta(days=28), "MSG-07b": last + timedelta(days=84)}


def test_a_sent_reminder_says_so_and_names_no_treatment_in_its_subject(scene, clock, postbox):
    made = scene()
    clock.set(made.book().starts_at - timedelta(hours=71))
    deliver_due()
    assert notice("MSG-01").state == "sent"
    (mail,) = postbox
    assert mail.to == made.patient.email
    assert mail.subject == f"A message from {made.site.name}"
    assert "Thursday 10 December 2026, 14:" in mail.text
    assert mail.html.count("<li>") == 5


def test_permission_withdrawn_after_queueing_stops_the_mail(scene, clock, postbox):
    made = scene()
    clock.set(made.book().starts_at - timedelta(hours=71))
    made.patient.contact_by_email = False
    made.patient.save()
    deliver_due()
    assert postbox == []
    assert (notice("MSG-01").state, notice("MSG-01").reason) == ("skipped", "No permission to write by e-mail.")


def test_a_sheet_that_may_not_be_mailed_any_more_is_printed(scene, clock, postbox):
    made = scene()
    ended = made.book().ends_at
    clock.set(ended)
    made.treat(ended)
    made.patient.contact_by_email = False
    made.patient.save()
    clock.advance(hours=3)
    deliver_due()
    assert postbox == []
    assert notice("MSG-03", channel="email").state == "skipped"
    assert notice("MSG-03", channel="paper").state == "printed"


def test_a_visit_cancelled_behind_the_planner_sends_nothing(scene, clock, postbox):
    made = scene()
    booking = made.book()
    clock.set(booking.starts_at - timedelta(hours=71))
    Booking.objects.filter(pk=booking.pk).update(state="cancelled")
    deliver_due()
    assert postbox == []
    assert notice("MSG-01").state == "skipped"


def test_a_voided_record_asks_nothing_any_more(scene, clock, postbox):
    made = scene()
    ended = made.book().ends_at
    clock.set(ended)
    record = made.treat(ended)
    TreatmentRecord.objects.filter(pk=record.pk).update(state="voided")
    clock.advance(hours=30)
    deliver_due()
    assert postbox == []
    assert notice("MSG-03").reason == "The treatment record was voided."
    reminders.stop_after_treatment(record_id=record.pk)
    assert set(Notice.objects.filter(subject=f"treatment:{record.pk}").values_list("state", flat=True)) == {"skipped"}


def test_the_aftercare_mail_brings_the_sheet(scene, clock, postbox):
    made = scene()
    ended = made.book().ends_at
    clock.set(ended)
    made.treat(ended)
    clock.advance(hours=3)
    deliver_due()
    (mail,) = postbox
    (paper,) = mail.attachments
    assert paper.content.startswith(b"%PDF")
    assert made.site.emergency_number in mail.text
    assert made.patient.documents.get().kind == "aftercare"
