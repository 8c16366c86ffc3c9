"""The treatment room through HTTP: a whole session, and what each mistake, colleague and wrong role is told."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.audit import AuditEvent
from patients.models import Consent
from sessions.models import AdverseEvent, LotUse, TreatmentRecord
from sessions.queries.treatment import steps_of
from sessions.services import treatment as services
from tests.builders import clinic, consents, treatments
from tests.builders.treatments import Scene

pytestmark = pytest.mark.once

ASKED = {
    **{name: value for name, value in treatments.WELL.items() if name != "adrenaline_expiry"},
    "adrenaline_expiry": "30.11.2027",
    "hours_since_meal": "2",
    "vaccination_7d": "no",
    "pregnancy_status": "not_pregnant",
    "breastfeeding": "no",
    "scalp_infection": "none",
    "scalp_inflammation": "none",
    "scalp_wound": "no",
    "suspicious_lesion": "no",
    "herpes": "none",
    "anticoagulant": "none",
    "antiplatelet": "none",
    "otc_bleeding_supplements": "no",
    "isotretinoin": "never",
    "prior_meso_reaction": "none",
    "allergies_reviewed": "yes",
    "confirmed": "on",
}
GIVEN = {
    "zone_vertex_1": "1,0",
    "zone_mid_scalp_1": "0.9",
    "left_over_1": "",
    "discarded_1": "0.1",
    "technique": "T-PAP",
    "depth_mm": "1",
    "pain": "3",
    "bleeding": "little",
    "none_observed": "on",
    "deviations": "",
}


class Room:
    """One session's page as somebody posts to it."""

    def __init__(self, client: Client, made: Scene):
        self.client, self.made = client, made
        self.url = reverse("sessions:treatment", args=[made.session.pk])

    def get(self) -> str:
        answer = self.client.get(self.url)
        assert answer.status_code == 200
        return answer.content.decode()

    def post(self, action: str, **fields: object):
        record = TreatmentRecord.objects.filter(session=self.made.session).last()
        sent = {"action": action, "version": record.version if record else 0, **fields}
        return self.client.post(self.url, sent)

    def done(self, action: str, **fields: object) -> str:
        answer = self.post(action, **fields)
        assert (answer.status_code, answer.get("Location")) == (302, self.url), told(answer)
        return self.get()

    def refused(self, action: str, status: int = 422, **fields: object) -> str:
        answer = self.post(action, **fields)
        assert answer.status_code == status, told(answer)
        return answer.content.decode()


def told(answer) -> list[str]:
    """What an answer says is wrong."""
    return re.findall(r'invalid-feedback[^>]*>(.*?)</|<li><a href="#[^"]*">(.*?)</a>', answer.content.decode())


def beside(page: str, field: str) -> str:
    """The message that belongs to a field."""
    found = re.search(rf'id="{field}_error"[^>]*>(.*?)</(?:p|div|span)>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found.group(1)).strip() if found else ""


@pytest.fixture(autouse=True)
def _morning(clock):
    clock.set(treatments.TODAY)


@pytest.fixture
def entered() -> Callable[..., Room]:
    def enter(made: Scene, who: object = None) -> Room:
        client = Client()
        client.force_login(who or made.doctor)
        return Room(client, made)

    return enter


def test_a_session_from_the_preparation_to_the_locked_record(entered):
    made = treatments.scene(facts={"keloid": "elsewhere"})
    nurse, doctor = entered(made, made.nurse), entered(made)
    assert "Start preparation" in nurse.get()
    page = nurse.done("open")
    assert "Today’s re-screen" in page or "re-screen is not done" in page
    page = nurse.done("rescreen", **ASKED)
    assert "Suitable with conditions" in page
    for component in made.version.components.all():
        lot = made.lots[component.ingredient]
        page = nurse.done(f"lot-{component.pk}", lot_id=lot.pk, syringe="1", volume_ml="1", key=f"key {component.pk}")
    assert "A dermatologist starts, finishes and signs." in page
    assert "Start treatment" not in page
    page = doctor.get()
    assert "1 thing stops this session" in page
    page = doctor.done("cautions", rules=["KE-02"])
    assert "Nothing stops this session" in page
    page = doctor.done("start")
    assert "Record what was injected." in page
    page = doctor.done("delivery", **GIVEN)
    assert "Change what was recorded" in page
    for step in steps_of(TreatmentRecord.objects.get()):
        page = nurse.done(f"checklist-{step.id}", rest="done")
    page = doctor.done("finish")
    assert "Sign record" in page
    page = doctor.done("sign")
    assert "Signed by Dr Elif Aydın, Thu 26 Nov 2026, 10:00. Locked." in page
    assert "LOT-VIT" in page
    assert "Caution KE-02" in page
    record = TreatmentRecord.objects.get()
    assert (record.state, record.pain, record.bleeding, record.technique) == ("signed", 3, "little", "T-PAP")
    assert record.volumes["injected_ul"] == 1900
    page = nurse.done("addendum", text="She called: a little redness.")
    assert "She called: a little redness." in page
    assert AuditEvent.objects.filter(action="patient.disclosed", reason="treatment").count() >= 10


def test_the_missing_consent_cannot_be_missed_and_leads_to_the_consent(entered):
    made = treatments.scene(consent=False)
    treatments.prepared(made)
    doctor, nurse = entered(made), entered(made, made.nurse)
    page = doctor.get()
    assert "No valid consent. The treatment cannot start." in page
    assert reverse("patients:offer_consent", args=[made.version.plan_id]) in page
    assert reverse("patients:plan", args=[made.version.plan_id]) in nurse.get()
    shown = consents.recorded(made.doctor, made.version, state=Consent.State.SHOWN)
    assert f'href="{reverse("patients:consent", args=[shown.pk])}"' in doctor.get()
    page = doctor.refused("start")
    assert "The treatment cannot start yet." in page
    assert "No consent is signed for this plan." in page
    record = TreatmentRecord.objects.get()
    assert (record.started_at, record.session.state) == (None, "booked")


BAD_ANSWERS = {
    "rescreen_temperature_c": ({"temperature_c": "warm"}, "Enter a number from"),
    "rescreen_bp_sys": ({"bp_sys": "9" * 500}, "Enter a number from"),
    "rescreen_adrenaline_expiry": ({"adrenaline_expiry": "31.2.2027"}, "Enter a date"),
    "rescreen_days_since_resolved": ({}, ""),
    "rescreen_confirmed": ({"confirmed": ""}, "Ask every question, then confirm."),
}


@pytest.mark.parametrize("field", [name for name, (_over, words) in BAD_ANSWERS.items() if words])
def test_a_wrong_answer_of_the_day_is_told_beside_it_and_everything_stays_typed(entered, field):
    made = treatments.scene()
    room = entered(made, made.nurse)
    room.done("open")
    over, words = BAD_ANSWERS[field]
    page = room.refused("rescreen", **(ASKED | {"herpes": "recurrent"} | over))
    assert page.count("<title>Error:") == 1
    assert words in page
    for value in over.values():
        assert f'value="{value}"' in page or not value
    assert re.search(r'value="recurrent" id="[^"]+" checked', page)
    assert 'value="36.6"' in page or "temperature_c" in over
    assert TreatmentRecord.objects.get().rescreened_on is None


BAD_DELIVERIES = {
    "delivery_zone_vertex_1": ({"zone_vertex_1": "a drop"}, "Enter a volume in mL"),
    "delivery_zone_mid_scalp_1": ({"zone_mid_scalp_1": "0.0001"}, "Enter a volume in mL"),
    "delivery_zone_frontal_1": ({"zone_frontal_1": "-1"}, "Enter a volume in mL"),
    "delivery_discarded_1": ({"discarded_1": "NaN"}, "Enter a volume in mL"),
    "delivery_left_over_1": (
        {"left_over_1": "0.2"},
        "0.1 mL were not injected, but 0.3 mL are left over or discarded.",
    ),
    "delivery_pain": ({"pain": ""}, "Choose the pain from 0 to 10."),
    "delivery_depth_mm": ({"depth_mm": "1e99"}, "Enter the depth in mm"),
    "delivery_bleeding": ({"bleeding": ""}, "Choose how much it bled."),
    "delivery_deviations": ({"technique": "T-NAP"}, "Say why zone, technique or depth differ from the plan."),
}


def test_a_wrong_volume_is_told_beside_it_and_everything_stays_typed(entered):
    made = treatments.scene()
    treatments.started(made)
    room = entered(made)
    for field, (over, words) in BAD_DELIVERIES.items():
        page = room.refused("delivery", **(GIVEN | {"deviations": ""} | over))
        assert words in page, field
        assert f'href="#{field}' in page, field
        for name, value in (GIVEN | over).items():
            kept = f'name="{name}"' in page and (f'value="{value}"' in page or not value or value == "on")
            assert kept, f"{name} of {field}"
    assert TreatmentRecord.objects.get().volumes == {}


def test_depth_and_volume_take_a_comma(entered):
    made = treatments.scene()
    treatments.started(made)
    entered(made).done("delivery", **(GIVEN | {"depth_mm": "1,5", "zone_mid_scalp_1": "0,900"}))
    assert TreatmentRecord.objects.get().zones[0]["depth_mm"] == "1.5"


def test_a_lot_that_may_not_be_used_says_why_in_the_list_and_when_chosen(entered):
    made = treatments.scene()
    room = entered(made, made.nurse)
    room.done("open")
    room.done("rescreen", **ASKED)
    lot = made.lots["VIT_BIOTIN"]
    lot.state = "recalled"
    lot.save(update_fields=["state"])
    component = made.version.components.get(ingredient="VIT_BIOTIN")
    assert "LOT-VIT: This lot is “Recalled”. Take another." in room.get()
    form = {"lot_id": lot.pk, "syringe": "1", "volume_ml": "0.7", "key": "k"}
    page = room.refused(f"lot-{component.pk}", **form)
    assert beside(page, f"lot_{component.pk}_lot_id") == "This lot is “Recalled”. Take another."
    assert 'value="0.7"' in page
    page = room.refused(f"lot-{component.pk}", **(form | {"lot_id": ""}))
    assert beside(page, f"lot_{component.pk}_lot_id") == "Choose the lot."
    assert not LotUse.objects.exists()


def test_a_double_click_draws_up_once(entered):
    made = treatments.scene()
    room = entered(made, made.nurse)
    room.done("open")
    room.done("rescreen", **ASKED)
    component = made.version.components.get(ingredient="HA_NCL")
    form = {"lot_id": made.lots["HA_NCL"].pk, "syringe": "1", "volume_ml": "0.5", "key": "k", "version": 2}
    room.done(f"lot-{component.pk}", **form)
    room.done(f"lot-{component.pk}", **form)
    assert LotUse.objects.get().volume_ml == Decimal("0.5")


def test_who_comes_second_is_told_and_keeps_what_was_typed(entered):
    made = treatments.scene()
    record = treatments.started(made)
    room, seen = entered(made), record.version
    entered(made, made.nurse).done("checklist-ST-4", rest="done")
    page = room.refused("delivery", 409, **(GIVEN | {"version": seen, "deviations": "She moved."}))
    assert "Somebody else changed this record meanwhile." in page
    assert 'value="1,0"' in page
    assert "She moved." in page
    # The form carries the version that is shown now: sent again, it is saved.
    version = re.search(r'name="version" value="(\d+)"', page[page.index('id="form-delivery"') :]).group(1)
    room.done("delivery", **(GIVEN | {"version": version, "deviations": "She moved."}))
    assert TreatmentRecord.objects.get().deviations == "She moved."


def test_what_was_typed_into_a_record_that_was_locked_meanwhile_is_shown(entered):
    made = treatments.scene()
    room = entered(made)
    record = treatments.signed(made)
    page = room.refused("delivery", 409, **(GIVEN | {"version": record.version, "deviations": "She moved."}))
    assert "This record is locked. Add an addendum instead." in page
    unsaved = page[page.index("Not saved: what you typed") :]
    assert "She moved." in unsaved
    assert "A little" in unsaved


def test_only_the_doctor_starts_and_the_desk_stays_outside(entered):
    made = treatments.scene()
    treatments.prepared(made)
    page = entered(made, made.nurse).refused("start", 403)
    assert "Your role does not include" in page
    assert TreatmentRecord.objects.get().started_at is None
    desk = entered(made, clinic.desk(made.site))
    assert desk.client.get(desk.url).status_code == 403
    assert desk.post("void", reason="x").status_code == 403


@pytest.mark.parametrize("action", ["", "no-such", "checklist-ST-99", "checklist", "lot-0", "lot-x", "start-now"])
def test_an_unknown_action_is_refused_in_words(entered, action):
    made = treatments.scene()
    treatments.prepared(made)
    before = TreatmentRecord.objects.get().version
    answer = entered(made).post(action)
    if action != "start-now":
        assert answer.status_code == 422
        assert "This page has changed. Look at it again." in answer.content.decode()
        assert TreatmentRecord.objects.get().version == before


def test_an_action_without_a_record_is_refused_in_words(entered):
    made = treatments.scene()
    for action in ("start", "rescreen", "delivery", "sign", "void", "addendum", "reaction"):
        assert "This page has changed." in entered(made).refused(action)
    assert not TreatmentRecord.objects.exists()


def test_a_reaction_is_recorded_and_shown_in_every_stage(entered):
    made = treatments.scene()
    treatments.started(made)
    nurse = entered(made, made.nurse)
    page = nurse.refused("reaction", code="", grade="9", description="Hives on the forehead.")
    assert beside(page, "reaction_code") == "Choose the reaction." or "Choose the reaction." in page
    assert "Hives on the forehead." in page
    page = nurse.done("reaction", code="AE-05", grade="1", description="Hives on the forehead.")
    assert "Grade 1" in page
    assert AdverseEvent.objects.get().description == "Hives on the forehead."


def test_voiding_needs_a_reason_and_shows_the_record_struck_through(entered):
    made = treatments.scene()
    treatments.signed(made)
    room = entered(made)
    assert "Enter the reason." in room.refused("void", reason="")
    page = room.done("void", reason="Wrong patient.")
    assert "This record is void." in page
    assert "Wrong patient." in page
    assert 'class="columns is-void"' in page
    assert "Void this record" not in page
    assert "already void" in room.refused("void", 409, reason="Again.")


def test_the_anaesthetic_of_the_plan_is_shown(entered):
    plain = treatments.scene()
    assert "Anaesthetic in the plan" not in entered(plain, plain.nurse).get()
    made = treatments.scene(plan={"anaesthetic_cream": "lidocaine_prilocaine"})
    consents.component(made.version, "LA_LIDOCAINE", name="Lidocaine 1 %", mg_per_ml=10)
    page = entered(made, made.nurse).get()
    assert "Anaesthetic in the plan" in page
    assert "lidocaine + prilocaine" in page
    assert "Lidocaine 1 %" in page


def test_times_are_the_site_s_own(entered):
    made = treatments.scene()
    type(made.site).objects.filter(pk=made.site.pk).update(time_zone="America/New_York")
    assert "Thu 26 Nov 2026, 04:00" in entered(made).get()


def test_a_cancelled_session_says_so_and_offers_the_series(entered):
    made = treatments.scene()
    type(made.session).objects.update(state="unplaced")
    made.booking.delete()
    page = entered(made).get()
    assert "This session is “To be booked”" in page
    assert reverse("sessions:series", args=[made.session.series_id]) in page
    assert "Start preparation" not in page
    assert "Only a booked session can be prepared." in entered(made).refused("open", 409)


def test_the_page_asks_the_database_a_steady_number_of_times(entered, django_assert_max_num_queries):
    made = treatments.scene()
    treatments.prepared(made)
    room = entered(made)
    room.get()
    with django_assert_max_num_queries(52):
        room.get()
    with django_assert_max_num_queries(56):
        room.refused("rescreen", 422)
    services.start_treatment(made.doctor, record_id=TreatmentRecord.objects.get().pk, version=4)
