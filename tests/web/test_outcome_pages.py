"""A dermatologist records measures on a page and reads what they show; what is missing is told, nothing is lost."""

from datetime import date
from http import HTTPStatus

import pytest
from django.urls import reverse

from mesoclinic import clock
from sessions.models import AssessmentRecord, Outcome
from tests.builders import assessments, treatments

pytestmark = pytest.mark.once


@pytest.fixture
def made():
    return treatments.scene()


def words(answer) -> str:
    return " ".join(answer.content.decode().split())


def typed(made, **over):
    told = {"taken_on": f"{clock.now():%Y-%m-%d}", "scalp_site": "vertex", "density": "168,5", "photos": "yes"}
    told |= {"rating_1": "1", "rater_1": made.doctor.pk, "rating_2": "1", "rater_2": made.nurse.pk}
    return told | over


def test_an_assessment_is_recorded_and_its_class_its_arithmetic_and_its_chart_are_shown(client, made):
    interim = assessments.course(made)
    final = interim.series.assessments.get(code="final")
    assessments.baseline(made)
    client.force_login(made.doctor)
    answer = client.post(reverse("sessions:record_assessment", args=[final.pk]), typed(made))
    assert answer.url == reverse("sessions:outcomes", args=[made.patient.pk])
    page = words(client.get(answer.url))
    for said in ("Responder", "+18.5 (+12.3 %)", "150 (15 Oct 2026), 168.5 (26 Nov 2026)", "Missing:", "polyline"):
        assert said in page, said
    assert "style=" not in page
    record = AssessmentRecord.objects.get(point=final)
    form = client.get(reverse("sessions:correct_assessment", args=[record.pk])).content.decode()
    assert 'value="168.5"' in form


def test_one_measurement_draws_no_trend_and_says_so(client, made):
    assessments.baseline(made)
    client.force_login(made.nurse)
    page = words(client.get(reverse("sessions:outcomes", args=[made.patient.pk])))
    assert "A trend needs a second measurement." in page
    assert "polyline" not in page
    assert "polygon" not in page


@pytest.mark.parametrize(
    "over",
    [
        {"density": "501"},
        {"density": "many"},
        {"scalp_site": ""},
        {"scalp_site": "nose"},
        {"rater_2": ""},
        {"rating_2": "9"},
        {"morning_1": "12"},
        {"taken_on": "2031-01-01"},
        {"stage": "norwood:XII"},
        {"density": "9" * 400},
    ],
)
def test_what_cannot_be_stands_beside_its_field_and_nothing_typed_is_lost(client, made, over):
    point = assessments.course(made)
    client.force_login(made.doctor)
    sent = typed(made, remark="Hair dyed last week.", **over)
    answer = client.post(reverse("sessions:record_assessment", args=[point.pk]), sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Hair dyed last week." in words(answer)
    assert not Outcome.objects.exists()


def test_a_second_press_is_told_who_was_first(client, made):
    client.force_login(made.doctor)
    sent = {"taken_on": f"{date(2026, 11, 26)}", "scalp_site": "vertex", "density": "150"}
    address = reverse("sessions:record_baseline", args=[made.patient.pk])
    assert client.post(address, sent).status_code == HTTPStatus.FOUND
    assert client.post(address, sent).status_code == HTTPStatus.CONFLICT


def test_a_record_of_nothing_is_refused(client, made):
    point = assessments.course(made)
    client.force_login(made.doctor)
    nothing = {"taken_on": f"{clock.now():%Y-%m-%d}", "rater_1": made.doctor.pk, "device": "FotoFinder", "photos": ""}
    answer = client.post(reverse("sessions:record_assessment", args=[point.pk]), nothing)
    assert "Nothing is entered yet." in words(answer)
    assert not AssessmentRecord.objects.exists()
