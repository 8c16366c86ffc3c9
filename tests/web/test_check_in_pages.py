"""A patient answers a check-in by the link in its mail: what is red is answered, kept and paged at once."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client

from mesoclinic.audit import AuditEvent
from mesoclinic.outbox import Message
from patients.models import Notice, PatientLink, Todo
from patients.queries.links import token_of
from patients.services.todos import finish_todo
from sessions.models import AdverseEvent, CheckIn, Triage
from sessions.rules.check_in import ASKED, NOTHING
from sessions.services import reminders
from tests.builders import bookings, clinic, people, plans, treatments
from tests.db.test_reminders import Postbox, deliver_due

HERE, ANSWER = "/my/check-in/", "/my/check-in/answer/"
ENDED = datetime(2026, 12, 10, 14, tzinfo=UTC)
WELL = dict.fromkeys(ASKED, NOTHING)


@pytest.fixture
def scene(clock, settings):
    clock.set(datetime(2026, 11, 24, 8, tzinfo=UTC))
    settings.MAIL_TRANSPORT = f"{Postbox.__module__}.Postbox"
    Postbox.taken = []
    return Scene(clock)


class Scene:
    """A session in Madrid at two in the afternoon; it is the day after, and the questions have gone out."""

    def __init__(self, clock):
        self.site = clinic.site(phone="+34 612 345 678")
        self.doctor, self.desk = clinic.dermatologist(self.site), clinic.desk(self.site)
        self.on_call = clinic.dermatologist(self.site, name="Dr On Call")
        self.site.on_call = self.on_call
        self.site.save()
        self.patient = people.patient(site=self.site)
        version = plans.signed_plan(self.patient, self.doctor, self.site, session_count=2)
        series = bookings.series(self.desk, version, date(2026, 12, 10), earliest=time(14))
        clock.set(ENDED)
        self.record = treatments.performed(series, self.doctor, ENDED)
        reminders.plan_after_treatment(record_id=self.record.pk)
        clock.set(ENDED + timedelta(hours=24, minutes=1))
        deliver_due()
        self.mail = Postbox.taken[-1]

    def door(self, rule="MSG-04"):
        link = PatientLink.objects.get(purpose="check_in", subject=f"treatment:{self.record.pk}:{rule}")
        return f"/l/{token_of(link.seed)}/"

    def phone(self):
        client = Client()
        assert client.get(self.door()).headers["Location"] == HERE
        return client

    def says(self, **over):
        return self.phone().post(HERE, WELL | over, follow=True).content.decode()


def everything():
    return [list(table.objects.order_by("pk").values()) for table in (CheckIn, Triage, AdverseEvent, Todo, Message)]


def pages():
    return list(Message.objects.filter(kind="adverse_alert"))


def test_the_mail_brings_an_address_for_these_questions_alone(scene):
    (address,) = re.findall(r"http\S+(/l/\S+/)", scene.mail.text)
    assert address == scene.door()
    assert address in scene.mail.html
    page = Client().get(address, follow=True).content.decode()
    assert "How are you today?" in page
    for word in (
        scene.patient.family_name,
        scene.patient.given_name,
        scene.doctor.name,
        "mesotherapy",
        "session",
        "/l/",
    ):
        assert word not in page, word


def test_looking_changes_nothing(scene):
    phone, before = scene.phone(), everything()
    for url in (HERE, ANSWER, scene.door()) * 3:
        phone.get(url)
        phone.head(url)
    assert everything() == before


def test_who_is_well_is_told_so_and_not_asked_again(scene, clock):
    shown = scene.says(pain="expected_mild")
    assert "This is expected." in shown
    assert (CheckIn.objects.get().level, AdverseEvent.objects.exists(), Triage.objects.exists()) == (
        "green",
        False,
        False,
    )
    notice = Notice.objects.get(rule="MSG-04")
    assert CheckIn.objects.get().notice == notice
    assert pages() == []


def test_an_emergency_is_answered_at_once_and_pages_whoever_is_on_call(scene):
    shown = scene.says(now="breathing_sign")
    assert "Call for help now." in shown
    assert f'href="tel:{scene.site.emergency_number}"' in shown
    event, made = AdverseEvent.objects.get(), Triage.objects.get()
    assert (event.record, event.reporter, event.code) == (scene.record, "patient", "")
    assert (made.event, made.answer, CheckIn.objects.get().level) == (event, "TRIAGE-1", "red")
    (page,) = pages()
    assert page.subject_key.split(":")[:2] == [str(event.pk), str(scene.on_call.pk)]
    assert AuditEvent.objects.get(action="check_in.answered").actor_kind == "link"
    assert AuditEvent.objects.get(action="adverse_event.reported").actor_kind == "link"


def test_a_sign_for_a_doctor_the_same_day_is_due_within_four_hours(scene, clock):
    shown = scene.says(infection="pus")
    assert "A doctor looks at this today." in shown
    kept = CheckIn.objects.get()
    assert kept.todo.due_at - kept.answered_at < timedelta(hours=4, minutes=1)
    assert len(pages()) == 1


def test_a_rash_is_a_call_within_a_day_and_pages_nobody(scene):
    assert "We call you." in scene.says(skin="rash")
    assert (CheckIn.objects.get().level, AdverseEvent.objects.count(), pages()) == ("amber", 1, [])


def test_whoever_has_several_things_is_judged_by_the_gravest_and_all_are_kept(scene):
    assert "A doctor looks at this today." in scene.says(skin=["rash", "white_or_blue_skin"])
    signs = Triage.objects.get().signs
    assert {name for name, said in signs.items() if said == "yes"} == {"rash", "white_or_blue_skin"}
    told = AdverseEvent.objects.get().description
    assert ("rash" in told, "white/blue/black skin" in told) == (True, True)
    assert (CheckIn.objects.get().level, len(pages())) == ("red", 1)


def test_nothing_and_something_contradict_each_other_beside_the_question(scene):
    answer = scene.phone().post(HERE, WELL | {"infection": [NOTHING, "fever"]})
    assert answer.status_code == 422
    assert "“No” stands alone." in answer.content.decode()
    assert not CheckIn.objects.exists()


def test_the_time_until_somebody_called_back_is_measured(scene, clock, sign_in):
    scene.says(infection="fever")
    kept = CheckIn.objects.get()
    page = sign_in(scene.doctor).get(f"/triages/{kept.triage_id}/").content.decode()
    assert "To be called back by" in page
    assert "By the patient, by link" in page
    clock.set(kept.answered_at + timedelta(minutes=35))
    finish_todo(scene.doctor, todo_id=kept.todo_id)
    page = sign_in(scene.on_call).get(f"/triages/{kept.triage_id}/").content.decode()
    assert "Called back after 35 minutes." in page


def test_a_second_tap_is_no_second_answer_but_who_gets_worse_is_heard_again(scene):
    phone = scene.phone()
    for _tap in range(2):
        phone.post(HERE, WELL | {"infection": "fever"})
    assert (CheckIn.objects.count(), AdverseEvent.objects.count(), len(pages())) == (1, 1, 1)
    assert "Call for help now." in phone.post(HERE, WELL | {"now": "collapse"}, follow=True).content.decode()
    assert (CheckIn.objects.count(), len(pages())) == (2, 2)


@pytest.mark.parametrize("name", ASKED)
def test_a_question_left_out_is_asked_again_and_nothing_tapped_is_lost(scene, name):
    phone = scene.phone()
    said = {question: tap for question, tap in (WELL | {"skin": "rash"}).items() if question != name}
    answer = phone.post(HERE, said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Tap one of the answers." in page
    assert len(re.findall(r" checked", page)) == len(said)
    assert not CheckIn.objects.exists()
    assert phone.post(HERE, WELL | {name: "x" * 5000}).status_code == 422


def test_a_link_ends_with_its_record_and_asks_late_ones_too(scene, clock):
    assert {each.subject.split(":")[2] for each in PatientLink.objects.filter(purpose="check_in")} == {
        "MSG-04",
        "MSG-05",
        "MSG-06",
    }
    reminders.plan_after_treatment(record_id=scene.record.pk)
    assert PatientLink.objects.filter(purpose="check_in").count() == 3
    phone = scene.phone()
    reminders.stop_after_treatment(record_id=scene.record.pk)
    assert phone.post(HERE, WELL).status_code == 404
    assert not CheckIn.objects.exists()


def test_whose_answer_came_before_the_letter_gets_none(scene, clock):
    phone = Client()
    phone.get(scene.door("MSG-05"))
    phone.post(HERE, WELL)
    before = len(Postbox.taken)
    clock.set(ENDED + timedelta(hours=72, minutes=1))
    deliver_due()
    assert len(Postbox.taken) == before
    assert Notice.objects.get(rule="MSG-05").reason == "The patient has answered."
