"""The status board says what keeps a session from starting as its start does, and how long somebody has waited."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.sites import Site
from protocols.models import Lot
from sessions.models import Booking
from sessions.queries.board import Card, board_for
from sessions.queries.readiness import readiness_of
from sessions.queries.treatment import record_for
from sessions.services import treatment as services
from sessions.services.visits import set_state
from tests.builders import adverse, consents, treatments

ON_THE_CARD = {"SD-05", "SD-08", "DY-01", "DY-05"}


@pytest.fixture
def here(clock):
    clock.set(treatments.TODAY)


def card(made: treatments.Scene) -> Card:
    columns = board_for(made.nurse, site=made.site).columns
    return next(each for column in columns for each in column.cards if each.booking.pk == made.booking.pk)


def rules(made: treatments.Scene) -> list[str]:
    return [found.rule for found in card(made).blocks]


def unwell(made):
    adverse.event(made.patient, by=made.doctor)


def sold_out(made):
    Lot.objects.filter(site=made.site).update(on_hand_ml=Decimal("0.5"))


def quarantined(made):
    Lot.objects.filter(site=made.site).update(state=Lot.State.QUARANTINED)


AGAINST = {"nothing": (lambda made: None, set()), "adverse event": (unwell, {"SD-05"})}


@pytest.mark.parametrize("name", AGAINST)
@pytest.mark.parametrize("consent", [True, False], ids=["consent", "no consent"])
def test_a_card_says_what_the_start_would_say(here, name, consent):
    made = treatments.scene(consent=consent)
    happens, also = AGAINST[name]
    happens(made)
    assert set(rules(made)) == {"DY-01", *also} | (set() if consent else {"SD-08"})
    record = services.open_treatment(made.nurse, session_id=made.session.pk)
    asked_at_the_start = [each for each in readiness_of(record).stops if each.rule in ON_THE_CARD]
    assert {each.reason for each in card(made).blocks} >= {each.reason for each in asked_at_the_start}
    treatments.rescreened(made, record)
    at_the_start = readiness_of(record_for(made.nurse, record.pk)).stops
    assert set(rules(made)) == {each.rule for each in at_the_start if each.rule in ON_THE_CARD}


def test_a_re_screen_presses_once_the_patient_is_there(here):
    made = treatments.scene()
    assert card(made).rescreen_due
    assert not card(made).pressing
    Booking.objects.filter(pk=made.booking.pk).update(state=Booking.State.ARRIVED)
    assert not card(made).rescreen_due
    assert [found.rule for found in card(made).pressing] == ["DY-01"]


@pytest.mark.parametrize("happens", [sold_out, quarantined])
def test_lots_are_short_on_the_card_and_at_the_start(here, happens):
    made = treatments.scene()
    happens(made)
    on_card = [found.reason for found in card(made).blocks if found.rule == "LOT"]
    record = services.open_treatment(made.nurse, session_id=made.session.pk)
    at_the_start = [found.reason for found in readiness_of(record).stops if found.rule == "LOT"]
    assert on_card == at_the_start
    assert len(on_card) == len(made.lots)


def test_what_is_drawn_up_is_not_short_and_a_prepared_session_is_clear(here):
    made = treatments.scene()
    treatments.prepared(made)
    Lot.objects.filter(site=made.site).update(on_hand_ml=0)
    assert rules(made) == []


def test_many_cards_take_as_many_statements_as_one(here):
    first = treatments.scene(consent=False)
    unwell(first)
    treatments.prepared(first)
    alone = statements(first.nurse, first.site)
    for _ in range(3):
        another = treatments.scene(consent=False)
        unwell(another)
        treatments.prepared(another)
        Booking.objects.filter(pk=another.booking.pk).update(site=first.site)
    assert sum(len(column.cards) for column in board_for(first.nurse, site=first.site).columns) == 4
    assert statements(first.nurse, first.site) == alone


def statements(actor, site: Site) -> int:
    board_for(actor, site=site)
    with CaptureQueriesContext(connection) as asked:
        board_for(actor, site=site)
    return len(asked)


def test_an_open_board_hears_of_a_consent_and_says_what_blocks(here, sign_in):
    made = treatments.scene(consent=False)
    client = sign_in(made.nurse)
    page = client.get(reverse("sessions:board"))
    assert "No consent is signed for this plan." in page.content.decode()
    seen = board_for(made.nurse, site=made.site)
    asked = f"{reverse('sessions:calendar_version')}?{seen.address}"
    assert client.get(asked).json()["version"] == seen.seen.version
    consents.recorded(made.doctor, made.version)
    assert client.get(asked).json()["version"] != seen.seen.version


def test_timers_count_from_the_times_that_are_stored(here, clock):
    made = treatments.scene()
    kinds = made.site.visit_types.filter(kind="treatment")
    kinds.update(preparation_minutes=20, observation_minutes=15)
    Booking.objects.filter(pk=made.booking.pk).update(visit_type_name=kinds.get().name)
    lead(made, "arrived")
    clock.advance(minutes=7)
    assert (card(made).timer.until, minutes(made)) == (None, 7)
    lead(made, "numbing")
    clock.advance(minutes=12)
    assert (card(made).timer.until.strftime("%H:%M"), minutes(made)) == ("09:27", 8)
    clock.advance(minutes=9)
    assert minutes(made) == -1


def minutes(made: treatments.Scene) -> int:
    return round(card(made).timer.seconds / 60)


def lead(made: treatments.Scene, state: str) -> None:
    version = Booking.objects.get(pk=made.booking.pk).version
    set_state(made.nurse, booking_id=made.booking.pk, version=version, state=state)
