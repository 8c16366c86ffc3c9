"""The ledger page: what was sent, what waits and why, what failed, and what the desk can do about it."""

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.outbox import Message
from patients.models import Notice
from sessions.services import reminders
from tests.builders import bookings, clinic, people, plans, treatments

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Scene:
    def __init__(self, **patient):
        self.site = clinic.site()
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.patient = people.patient(site=self.site, **patient)
        version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=2)
        self.series = bookings.series(self.desk, version, date(2026, 12, 10), earliest=time(14))

    def treat(self):
        record = treatments.performed(self.series, self.doctor, datetime(2026, 12, 10, 14, tzinfo=UTC))
        reminders.plan_after_treatment(record_id=record.pk)
        return record

    def first(self, rule="MSG-01", **more):
        return Notice.objects.filter(rule=rule, **more).order_by("due_at").first()


@pytest.fixture
def scene(clock, monkeypatch):
    clock.set(NOW)
    # What is due is delivered by tests of its own.
    monkeypatch.setattr("mesoclinic.jobs.enqueue", lambda *given, **more: None)
    return Scene


def page_of(client, **query):
    return client.get(reverse("sessions:messages"), query)


def act(client, name, notice, **more):
    return client.post(reverse(f"sessions:{name}", args=[notice.pk]), more)


def settle(notice, state, **more):
    Message.objects.filter(pk=notice.message_id).update(state=state, **more)
    Notice.objects.filter(pk=notice.pk).update(state=state, reason=more.get("last_error", ""))


def test_the_desk_sees_what_waits_and_when(scene, sign_in):
    made = scene()
    text = page_of(sign_in(made.desk)).content.decode()
    assert text.count("It goes out at its time.") == 7
    assert made.patient.full_name in text
    assert "Mon 7 Dec 2026, 14:" in text
    assert AuditEvent.objects.filter(action="patient.disclosed", patient_id=made.patient.pk, reason="messages").exists()


def test_the_desk_sees_what_was_sent_with_its_message_id(scene, sign_in):
    made = scene()
    notice = made.first()
    settle(notice, "sent", sent_at=NOW)
    text = page_of(sign_in(made.desk), state="sent").content.decode()
    assert notice.message.message_id.strip("<>") in text
    assert "Tue 24 Nov 2026, 09:00" in text


def test_the_desk_sees_what_failed_and_what_to_do(scene, sign_in):
    made = scene()
    settle(made.first(), "failed", last_error="SMTP 550")
    text = page_of(sign_in(made.desk), state="todo").content.decode()
    assert "Not sent: SMTP 550. Check the address and send it again" in text
    assert "Send again" in text


def test_send_now_brings_a_message_forward_and_is_recorded(scene, sign_in):
    made = scene()
    notice = made.first()
    answer = act(sign_in(made.desk), "send_message", notice, state="waiting", patient=made.patient.pk)
    assert answer.url == f"/messages/?state=waiting&patient={made.patient.pk}"
    notice.refresh_from_db()
    assert notice.due_at == notice.message.due_at < NOW + timedelta(minutes=1)
    assert AuditEvent.objects.get(action="notice.hurried").patient_id == made.patient.pk


def test_a_failed_message_can_be_sent_again(scene, sign_in):
    made = scene()
    notice = made.first()
    settle(notice, "failed", last_error="SMTP 550", attempts=5)
    act(sign_in(made.desk), "send_message", notice)
    notice.refresh_from_db()
    assert (notice.state, notice.message.state, notice.message.attempts) == ("waiting", "waiting", 0)


def test_a_sent_message_cannot_be_sent_again(scene, sign_in):
    made = scene()
    notice = made.first()
    settle(notice, "sent", sent_at=NOW)
    assert act(sign_in(made.desk), "send_message", notice).status_code == 409


def test_an_uncertain_message_can_be_marked_as_arrived(scene, sign_in):
    made = scene()
    notice = made.first()
    settle(notice, "uncertain", handed_over_at=NOW)
    act(sign_in(made.desk), "settle_message", notice)
    notice.refresh_from_db()
    assert (notice.state, notice.message.sent_at) == ("sent", NOW)


def test_told_by_phone_takes_the_mail_back(scene, sign_in):
    made = scene()
    notice = made.first()
    client = sign_in(made.desk)
    act(client, "tell_message", notice)
    notice.refresh_from_db()
    assert (notice.state, notice.message.state) == ("told", "skipped")
    assert act(client, "tell_message", notice).status_code == 409


def test_a_paper_is_printed_and_marked(scene, sign_in):
    made = scene(email="")
    notice, client = made.first(), sign_in(made.desk)
    assert "No e-mail address." in page_of(client, state="todo").content.decode()
    paper = client.get(reverse("sessions:message_paper", args=[notice.pk]))
    text = " ".join(PdfReader(BytesIO(paper.content)).pages[0].extract_text().split())
    assert "Thursday 10 December 2026, 14:" in text
    act(client, "print_message", notice)
    notice.refresh_from_db()
    assert notice.state == "sent"
    assert "Printed and handed over." in page_of(client, state="sent").content.decode()
    assert act(client, "print_message", notice).status_code == 409


def test_the_printed_aftercare_sheet_is_the_stored_one(scene, sign_in):
    made = scene(contact_by_email=False)
    made.treat()
    notice = made.first("MSG-03")
    client = sign_in(made.desk)
    address = reverse("sessions:message_paper", args=[notice.pk])
    first = client.get(address).content
    made.site.phone = "+34 999"
    made.site.save()
    assert client.get(address).content == first
    assert made.patient.documents.count() == 1


def test_another_sites_messages_do_not_exist(scene, sign_in):
    made = scene()
    notice = made.first()
    client = sign_in(clinic.desk(clinic.site()))
    assert made.patient.full_name not in page_of(client).content.decode()
    assert page_of(client, patient=made.patient.pk).status_code == 404
    names = ("send_message", "tell_message", "print_message", "settle_message")
    assert {act(client, name, notice).status_code for name in names} == {404}
    assert client.get(reverse("sessions:message_paper", args=[notice.pk])).status_code == 404


def test_a_nurse_reads_the_ledger_but_sends_nothing(scene, sign_in):
    made = scene()
    client = sign_in(clinic.staff(Role.NURSE, at=made.site))
    assert "Send now" not in page_of(client).content.decode()
    assert act(client, "send_message", made.first()).status_code == 403


@pytest.mark.parametrize("query", [{"state": "nonsense"}, {"patient": "x"}, {"patient": "9" * 5000}, {"patient": "-1"}])
def test_a_list_that_does_not_exist_is_said_so(scene, sign_in, query):
    answer = page_of(sign_in(scene().desk), **query)
    assert answer.status_code == 422
    assert "That list does not exist." in answer.content.decode()


def test_the_page_of_one_patient_shows_only_theirs(scene, sign_in):
    made = scene()
    other = Scene()
    made.desk.sites.add(other.site)
    text = page_of(sign_in(made.desk), patient=other.patient.pk).content.decode()
    assert other.patient.full_name in text
    assert made.patient.full_name not in text


def test_pages_take_any_number(scene, sign_in):
    client = sign_in(scene().desk)
    assert {page_of(client, page=page).status_code for page in ("0", "99", "x", "9" * 5000)} == {200}
