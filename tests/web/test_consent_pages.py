"""The consent on the tablet, without scripts: hand-over, reading, signing, refusing, withdrawing."""

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from mesoclinic import clock
from patients.models import Consent, Todo
from sessions.models import Booking, Series, TreatmentSession
from tests.builders import bookings, clinic, consents, people, plans


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(client, site):
    doctor = clinic.dermatologist(at=site)
    client.force_login(doctor)
    return doctor


@pytest.fixture
def version(site, doctor):
    patient = people.patient(site=site, given_name="Işıl Çağrı", family_name="Şengöğüş")
    made = plans.signed_plan(patient, doctor, site)
    consents.component(made)
    return made


def at(consent, name="consent"):
    return reverse(f"patients:{name}", args=[consent.pk])


def sent(consent, **over):
    ticks = {f"ack_{section['id']}": "on" for section in consent.text["sections"]}
    answers = {f"answer_{each['id']}": each["right"] for each in consent.text["questions"]}
    signed = {"text_sha256": consent.text_sha256, "key": "k1", "name": consent.patient.full_name, "action": "sign"}
    return ticks | answers | signed | over


def test_a_consent_is_offered_handed_over_read_signed_and_printed(client, version):
    answer = client.post(reverse("patients:offer_consent", args=[version.plan_id]))
    consent = Consent.objects.get()
    assert answer.url == at(consent)
    assert client.post(at(consent), {"how": "Face to face"}).status_code == 422
    assert client.post(at(consent), {"how": "Face to face", "capacity": "on"}).url == at(consent)
    consent.refresh_from_db()
    page = client.get(at(consent)).content.decode()
    assert all(section["title"] in page for section in consent.text["sections"])
    assert client.post(at(consent), sent(consent)).url == at(consent)
    consent.refresh_from_db()
    paper = reverse("patients:document", args=[consent.document_id])
    assert paper in client.get(at(consent)).content.decode()
    read = "".join(page.extract_text() for page in PdfReader(io.BytesIO(client.get(paper).content)).pages)
    assert "Şengöğüş" in read


def test_a_wrong_answer_explains_and_keeps_what_was_ticked(client, doctor, version):
    consent = consents.shown(doctor, version)
    answer = client.post(at(consent), sent(consent, answer_promise="yes", choice_CE15="", name="Işıl"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Nobody can promise it" in page
    assert page.count('value="on" data-time="at_CE-02" checked') == 1


@pytest.mark.parametrize(
    ("over", "status"), [({"text_sha256": "0" * 64}, 409), ({"ack_CE-05": ""}, 422), ({"name": ""}, 422)]
)
def test_what_is_no_consent_is_refused_on_the_page(client, doctor, version, over, status):
    consent = consents.shown(doctor, version)
    assert client.post(at(consent), sent(consent, **over)).status_code == status
    assert Consent.objects.get().state == Consent.State.SHOWN


def test_no_and_ask_first_take_one_tap_and_nothing_filled_in(client, doctor, version):
    consent = consents.shown(doctor, version)
    assert client.post(at(consent), {"action": "ask"}).status_code == 302
    assert Todo.objects.count() == 1
    assert client.post(at(consent), {"action": "refuse"}).status_code == 302
    assert Consent.objects.get().state == Consent.State.REFUSED
    assert client.post(at(consent), sent(consent)).status_code == 409


def test_the_desk_may_not_open_a_consent_and_another_site_does_not_find_it(client, doctor, version, site):
    consent = consents.shown(doctor, version)
    client.force_login(clinic.desk(at=site))
    assert client.get(at(consent)).status_code == 403
    assert client.post(reverse("patients:offer_consent", args=[version.plan_id])).status_code == 403
    client.force_login(clinic.dermatologist(at=clinic.site()))
    assert client.get(at(consent)).status_code == 404


def test_a_withdrawal_cancels_every_coming_session(client, doctor, version):
    consent = consents.signed(doctor, version)
    series = bookings.series(doctor, version, (clock.now() + timedelta(days=7)).date())
    assert Booking.objects.filter(state=Booking.State.BOOKED).exists()
    client.force_login(clinic.desk(at=version.plan.site))
    assert client.get(at(consent, "withdraw_consent")).status_code == 200
    assert client.post(at(consent, "withdraw_consent")).status_code == 302
    series.refresh_from_db()
    assert series.state == Series.State.STOPPED
    assert set(series.sessions.values_list("state", flat=True)) == {TreatmentSession.State.ABANDONED}
    assert set(Booking.objects.values_list("state", flat=True)) == {Booking.State.CANCELLED}
    assert client.post(at(consent, "withdraw_consent")).status_code == 409
