"""The injection map: points add up to the volumes by zone, none counts twice, and a signed one stays."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, StaleRecord
from sessions.models import Injection
from sessions.queries.injection_map import points_of
from sessions.queries.treatment import record_for
from sessions.rules.injection_map import MapPoint
from sessions.rules.totals import Given, Rest
from sessions.services import treatment as services
from tests.builders import treatments


def point(number: int, zone: str = "vertex", **over: object) -> MapPoint:
    made = MapPoint(
        key=str(UUID(int=number)),
        view="top",
        zone=zone,
        x=Decimal("0.5"),
        y=Decimal(number % 100) / 100,
        technique="T-PAP",
        volume_ul=50,
        depth_um=1000,
        syringe="1",
    )
    return replace(made, **over)


# 20 points in the vertex and 18 in the middle, 0.05 mL each: 1.9 of the 2 mL drawn up.
POINTS = [*(point(number) for number in range(1, 21)), *(point(number, "mid_scalp") for number in range(21, 39))]
# What is wrong with one point of a map.
UNSOUND: dict[str, dict[str, object]] = {
    "left of the drawing": {"x": Decimal("-0.1")},
    "below the drawing": {"y": Decimal("1.1")},
    "finer than is stored": {"x": Decimal("0.123456")},
    "not a number": {"x": Decimal("NaN")},
    "no such view": {"view": "below"},
    "no such zone": {"zone": "chin"},
    "a sum of zones": {"zone": "top"},
    "no such technique": {"technique": "T-NONE"},
    "no volume": {"volume_ul": 0},
    "deeper than a scalp": {"depth_um": 20_001},
    "no key of its own": {"key": "1"},
}


def saved(made, record, points, **over):
    return treatments.delivered(made, record, **{"given": [], "points": points} | over)


def fresh(made, record):
    return record_for(made.doctor, record.pk)


def test_points_fill_the_volumes_by_zone():
    made = treatments.scene()
    record = saved(made, treatments.started(made), POINTS)
    assert [(row["zone"], row["volume_ul"], row["points"]) for row in record.zones] == [
        ("vertex", 1000, 20),
        ("mid_scalp", 900, 18),
    ]
    assert record.volumes["injected_ul"] == 1900
    assert points_of(record) == POINTS


def test_the_same_map_sent_once_more_adds_no_point():
    made = treatments.scene()
    before = treatments.started(made)
    record = saved(made, before, POINTS)
    with pytest.raises(StaleRecord):
        saved(made, before, POINTS)
    record = saved(made, record, POINTS)
    assert points_of(record) == POINTS
    assert Injection.objects.count() == len(POINTS)
    assert AuditEvent.objects.filter(action="treatment.map_changed").count() == 1


def test_a_point_taken_out_stays_in_the_table_and_can_be_put_back():
    made = treatments.scene()
    record = saved(made, treatments.started(made), POINTS)
    record = saved(made, record, POINTS[1:], rest=[Rest("1", 0, 150)])
    assert points_of(record) == POINTS[1:]
    assert Injection.objects.get(taken_out_at__isnull=False).client_key == POINTS[0].key
    record = saved(made, record, POINTS)
    assert points_of(record) == POINTS
    assert Injection.objects.count() == len(POINTS)
    assert AuditEvent.objects.filter(action="treatment.map_changed").count() == 3


def test_volumes_typed_by_zone_go_on_without_a_map():
    made = treatments.scene()
    record = treatments.delivered(made, treatments.started(made))
    assert points_of(record) == []
    assert [row["points"] for row in record.zones] == [0, 0]


def test_a_typed_volume_that_is_not_that_of_the_points_is_refused_beside_it():
    made = treatments.scene()
    record = treatments.started(made)
    typed = [Given("vertex", "1", 1000), Given("mid_scalp", "1", 901)]
    with pytest.raises(ClinicError, match=r"0\.9 mL here, and 0\.901 mL") as refusal:
        saved(made, record, POINTS, given=typed)
    assert refusal.value.field == "zone_mid_scalp_1"
    record = saved(made, record, POINTS)
    with pytest.raises(ClinicError, match="The map has") as refusal:
        treatments.delivered(made, record, given=typed)
    assert refusal.value.field == "zone_mid_scalp_1"
    assert treatments.delivered(made, record).volumes["injected_ul"] == 1900


# More than the syringe holds, a volume that no column holds, and a syringe that nobody drew up.
UNRECONCILED = {
    "three points too many": [*POINTS, *(point(number) for number in range(39, 42))],
    "a volume beyond every number": [replace(POINTS[0], volume_ul=10**30), *POINTS[1:]],
    "a syringe that was not drawn up": [replace(POINTS[0], syringe="the second one"), *POINTS[1:]],
}


@pytest.mark.parametrize("wrong", UNRECONCILED)
def test_a_map_that_does_not_fit_what_was_drawn_up_keeps_nothing(wrong):
    made = treatments.scene()
    record = treatments.started(made)
    with pytest.raises(ClinicError, match="Syringe 1: ") as refusal:
        saved(made, record, UNRECONCILED[wrong])
    assert refusal.value.field == "left_over_1"
    assert Injection.objects.count() == 0
    assert fresh(made, record).version == record.version


@pytest.mark.parametrize("wrong", UNSOUND)
def test_a_point_without_sound_values_is_refused(wrong):
    made = treatments.scene()
    record = treatments.started(made)
    with pytest.raises(ClinicError, match="Take it out and set it again") as refusal:
        saved(made, record, [replace(POINTS[0], **UNSOUND[wrong]), *POINTS[1:]])
    assert refusal.value.field == "map"
    assert Injection.objects.count() == 0


def test_a_key_means_one_point_for_ever():
    made = treatments.scene()
    record = saved(made, treatments.started(made), POINTS)
    moved = [replace(POINTS[0], x=Decimal("0.4")), *POINTS[1:]]
    for sent in (moved, [*POINTS, POINTS[0]]):
        with pytest.raises(ClinicError, match="sent twice") as refusal:
            saved(made, record, sent, rest=[Rest("1", 0, 2000 - 50 * len(sent))])
        assert refusal.value.field == "map"
    assert points_of(record) == POINTS


def test_a_point_of_another_record_cannot_be_taken_over():
    first = treatments.scene()
    saved(first, treatments.started(first), POINTS)
    second = treatments.scene()
    record = treatments.started(second)
    with pytest.raises(ClinicError, match="sent twice"):
        saved(second, record, POINTS)
    assert points_of(record) == []


def test_a_point_deeper_than_the_technique_goes_needs_a_sentence():
    made = treatments.scene()
    record = treatments.started(made)
    deep = [replace(POINTS[0], depth_um=9000), *POINTS[1:]]
    with pytest.raises(ClinicError, match="Say why") as refusal:
        saved(made, record, deep)
    assert refusal.value.field == "deviations"
    assert Injection.objects.count() == 0
    assert points_of(saved(made, record, deep, deviations="Thick scar.")) == deep


def test_only_who_injects_changes_the_map():
    made = treatments.scene()
    record = treatments.started(made)
    with pytest.raises(NotAllowed):
        saved(made, record, POINTS, by=made.nurse)
    assert Injection.objects.count() == 0


def test_the_map_of_a_signed_record_stays():
    made = treatments.scene()
    record = treatments.finished(made)
    record = saved(made, record, POINTS)
    record = services.sign_treatment(made.doctor, record_id=record.pk, version=record.version)
    with pytest.raises(Conflict, match="locked"):
        saved(made, record, POINTS[1:], rest=[Rest("1", 0, 150)])
    assert points_of(record) == POINTS
