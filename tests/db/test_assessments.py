"""What an assessment shows is computed, kept, corrected by a new record, and stops what it must."""

from datetime import date

import pytest

from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.rules.tri import Tri
from patients.models import Measurement
from sessions.models import AssessmentPoint, AssessmentRecord, Outcome
from sessions.queries.assessments import due_of
from sessions.queries.readiness import readiness_of
from sessions.queries.stops import booking_stops
from sessions.services import assessments as services
from tests.builders import assessments, plans, treatments
from tests.builders.assessments import told

TODAY = date(2026, 11, 26)


@pytest.fixture
def made():
    return treatments.scene()


def record(made, point, **over):
    return services.record_assessment(made.doctor, point_id=point.pk, taken_on=TODAY, told=told(**over))


def stops(made):
    return [found.rule for found in booking_stops(made.version)]


def final_of(point):
    return AssessmentPoint.objects.get(series=point.series_id, code="final")


def test_a_denser_scalp_is_a_responder_with_its_arithmetic(made):
    point = final_of(assessments.course(made))
    before = assessments.baseline(made)
    record(made, point, density="167", ratings=(0, 1))
    outcome = Outcome.objects.get()
    density = next(line for line in outcome.arithmetic["lines"] if line["measure"] == "OM-03")
    assert (outcome.response, outcome.worse, outcome.arithmetic["baseline"]) == ("responder", "no", before.pk)
    assert (density["before"], density["now"], density["difference"]) == ("150", "167", "+17 (+11.3 %)")
    point.refresh_from_db()
    assert (point.state, point.recorded_on) == ("recorded", TODAY)
    assert {value.device for value in Measurement.objects.all()} == {""}


def test_what_is_missing_is_told_and_is_no_response(made):
    point = final_of(assessments.course(made))
    record(made, point, density="167", ratings=(0, 1))
    outcome = Outcome.objects.get()
    point.refresh_from_db()
    assert (outcome.response, outcome.worse, point.state) == ("not_assessable", "unknown", "planned")
    assert [line["why"] for line in outcome.arithmetic["lines"] if line["measure"] == "OM-03"] == ["no_baseline"]
    assert {"OM-04", "OM-05", "OM-08"} <= set(outcome.arithmetic["missing"])
    assert point in [due.point for due in due_of(made.patient)]


def test_a_baseline_at_another_place_or_after_the_first_session_is_not_compared(made):
    point = assessments.course(made)
    assessments.baseline(made, scalp_site="frontal")
    assessments.baseline(made, on=date(2026, 10, 20))
    record(made, point, density="100", ratings=(0, 0))
    lines = {line["measure"]: line for line in Outcome.objects.get().arithmetic["lines"]}
    assert lines["OM-03"]["why"] == "other_site"


def test_an_interim_assessment_that_is_worse_stops_the_course_until_it_is_corrected(made):
    point = assessments.course(made)
    assessments.baseline(made)
    wrong = record(made, point, density="130", ratings=(0, 0))
    assert stops(made) == ["STOP-2"]
    assert "STOP-2" in [found.rule for found in readiness_of(treatments.prepared(made)).stops]
    right = services.correct_assessment(
        made.doctor, record_id=wrong.pk, taken_on=TODAY, told=told("148", (0, 0)), reason="Read from another patient."
    )
    assert stops(made) == []
    newest = Outcome.objects.get(replaced_by=None)
    assert (right.corrects, newest.record, newest.replaces.record) == (wrong, right, wrong)
    with pytest.raises(Conflict, match="corrected"):
        services.correct_assessment(made.doctor, record_id=wrong.pk, taken_on=TODAY, told=told(), reason="Again.")


def test_a_final_assessment_without_benefit_stops_the_course(made):
    point = final_of(assessments.course(made))
    assessments.baseline(made)
    record(made, point, density="151", ratings=(0, 0))
    assert Outcome.objects.get().response == "non_responder"
    assert stops(made) == ["STOP-1"]


def test_a_corrected_baseline_judges_its_assessments_again(made):
    point = final_of(assessments.course(made))
    first = assessments.baseline(made)
    record(made, point, density="170", ratings=(0, 0))
    assert Outcome.objects.get().response == "responder"
    services.correct_assessment(
        made.doctor, record_id=first.pk, taken_on=first.taken_on, told=told("168"), reason="Slip"
    )
    outcome = Outcome.objects.get(replaced_by=None)
    assert (outcome.response, outcome.replaces.response) == ("non_responder", "responder")
    assert AssessmentRecord.objects.filter(corrected_by=None).count() == 2


def test_an_overdue_assessment_stops_booking_and_starting_until_it_is_recorded(made, clock):
    point = assessments.course(made, first=date(2026, 10, 8))
    assert stops(made) == []
    ready = treatments.prepared(made)
    clock.advance(days=1)
    assert stops(made) == ["SD-03"]
    assert "SD-03" in [found.rule for found in readiness_of(ready).stops]
    assessments.baseline(made, on=date(2026, 10, 8))
    record(made, point, density="151", ratings=(0, 2))
    assert stops(made) == ["SD-03"], "the raters disagree, so nobody can say whether it is worse"
    record(made, point, density="151", ratings=(0, 0))
    assert stops(made) == []


def test_no_session_beyond_those_of_the_plan(made):
    assessments.course(made)
    made.version.session_count = 5
    assert stops(made) == ["SD-04"]


def test_maintenance_is_for_responders(made):
    maintenance = plans.signed_plan(made.patient, made.doctor, made.site, protocol="MT-1", session_count=4)
    assert [found.rule for found in booking_stops(maintenance)] == ["MT-1"]
    point = final_of(assessments.course(made))
    assessments.baseline(made)
    record(made, point, density="170", ratings=(0, 0))
    assert booking_stops(maintenance) == []


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"scalp_site": ""}, "scalp_site"),
        ({"scale": "norwood", "stage": "XII"}, "stage"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(made, over, field):
    with pytest.raises(ClinicError) as refused:
        assessments.baseline(made, **over)
    assert refused.value.field == field
    assert not AssessmentRecord.objects.exists()


def test_a_day_to_come_and_a_second_baseline_of_a_day_are_refused(made):
    with pytest.raises(ClinicError, match="today"):
        assessments.baseline(made, on=date(2026, 11, 27))
    assessments.baseline(made)
    with pytest.raises(Conflict, match="already"):
        assessments.baseline(made, progression=Tri.YES)
