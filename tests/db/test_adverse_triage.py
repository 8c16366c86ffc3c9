"""A call about signs after a session: answered by 8.4, kept as it was said, heard by whoever has to act."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mesoclinic.accounts import Role
from mesoclinic.errors import ClinicError
from mesoclinic.outbox import Message
from mesoclinic.rules.tri import Tri
from patients.models import Todo
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.adverse_events import TriageAnswer
from sessions.models import AdverseEvent, Triage
from sessions.queries.adverse_pages import advice_of
from sessions.queries.stops import booking_stops
from sessions.rules.adverse_told import Call
from sessions.services import adverse
from sessions.services.adverse_triage import answer_call
from tests.builders import clinic, treatments


@pytest.fixture
def made():
    return treatments.scene()


def signs(**said) -> dict[str, Tri]:
    """Everything asked and denied but for what is said."""
    asked = {sign.id: Tri.NO for row in current_catalogue().of(TriageAnswer) for sign in row.signs}
    return asked | {name: Tri(value) for name, value in said.items()}


def called(made, by=None, **call) -> Triage:
    told = {"signs": signs(), "text": "It hurts."} | call
    return answer_call(by or clinic.desk(made.site), patient_id=made.patient.pk, call=Call(**told))


def test_a_red_flag_pages_who_is_on_call_asks_a_doctor_and_stops_booking_until_assessed(made):
    clinic.staff(Role.DIRECTOR, at=made.site)
    on_call = clinic.dermatologist(made.site)
    made.site.on_call = on_call
    made.site.save(update_fields=["on_call"])
    call = called(made, signs=signs(pus="yes"))
    assert call.answer == "TRIAGE-2"
    (mail,) = Message.objects.filter(kind="adverse_alert")
    assert mail.subject_key == f"{call.event_id}:{on_call.pk}:red_flag"
    (todo,) = Todo.objects.filter(patient=made.patient)
    assert (todo.role, (todo.due_at - call.at) // timedelta(hours=1)) == (Role.DERMATOLOGIST, 4)
    event = AdverseEvent.objects.get()
    assert (event.code, event.grade, event.reporter, event.record) == ("", None, "patient", None)
    assert {found.rule for found in booking_stops(made.version)} == {"SD-05"}
    adverse.assess_adverse_event(
        made.doctor,
        event_id=event.pk,
        version=1,
        code="AE-03",
        grade=1,
        causality="possible",
        seriousness="",
        action="",
        lots=[],
        reason="Few pustules.",
    )
    assert booking_stops(made.version) == []


def test_an_emergency_without_anybody_on_call_pages_the_directors(made):
    director = clinic.staff(Role.DIRECTOR, at=made.site)
    call = called(made, signs={"airway_sign": Tri.YES})
    assert (call.answer, advice_of(call).answer.rank) == ("TRIAGE-1", 1)
    assert Message.objects.get(kind="adverse_alert").subject_key.split(":")[1] == str(director.pk)


def test_a_call_after_a_session_goes_back_to_it_and_to_its_lots(made):
    record = treatments.signed(made)
    event = called(made, signs=signs(rash="yes")).event
    assert event.record_id == record.pk
    assert {lot.pk for lot in event.lots.all()} == {lot.pk for lot in made.lots.values()}
    assert not Message.objects.filter(kind="adverse_alert").exists()


def test_a_second_call_about_an_open_event_is_another_entry_of_it(made):
    event = called(made, signs=signs(rash="yes")).event
    again = called(made, signs=signs(spreading_redness="yes"), event_id=event.pk, text="It spreads.")
    assert (again.event, AdverseEvent.objects.count()) == (event, 1)
    assert list(event.entries.values_list("kind", "text")) == [("opened", ""), ("told", "It spreads.")]


def test_what_is_not_asked_is_not_denied(made):
    call = called(made, signs={"rash": Tri.YES})
    assert (call.answer, advice_of(call).answer) == ("", None)
    assert "seizure" in advice_of(call).not_asked
    assert call.event is not None
    assert Todo.objects.get(patient=made.patient).due_at - call.at >= timedelta(hours=4)


def test_no_sign_is_kept_and_is_no_event(made):
    call = called(made, temperature_c=Decimal("36.9"))
    assert (call.answer, call.event, call.signs["pus"]) == ("", None, "no")
    assert not AdverseEvent.objects.exists()


def test_a_temperature_alone_is_a_fever(made):
    assert called(made, temperature_c=Decimal("38.0")).answer == "TRIAGE-2"


def test_a_call_in_which_nothing_was_asked_is_refused(made):
    with pytest.raises(ClinicError):
        called(made, signs={"pus": Tri.UNKNOWN})
    assert not Triage.objects.exists()
