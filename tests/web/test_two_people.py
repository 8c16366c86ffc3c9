"""Two people at one record: the second is told, keeps every word, and overwrites nothing unseen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.accounts import Role, User
from mesoclinic.sites import Site
from patients.models import Consultation, Patient, TreatmentPlan
from patients.services.plans import draft_plan
from tests.builders import clinic, consultations, people
from tests.web.pages import Form, Page


@dataclass(frozen=True)
class Scene:
    """A site, two people of each role, a patient with an open consultation, and one with a draft plan."""

    site: Site
    directors: tuple[User, User]
    desks: tuple[User, User]
    doctors: tuple[User, User]
    patient: Patient
    draft: Consultation
    plan: TreatmentPlan


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker) -> Iterator[Scene]:
    """One clinic for all tests here: whatever they write is rolled back at once."""
    with django_db_blocker.unblock(), transaction.atomic():
        site = clinic.site()
        ana, ben = ([clinic.staff(role, at=site, name=f"{name} {role}") for role in Role] for name in ("Ana", "Ben"))
        desks, _nurses, doctors, directors = zip(ana, ben, strict=True)
        patient = people.patient(site=site)
        planned = consultations.signed(doctors[0], people.patient(site=site))
        draft = people.draft_consultation(patient, by=doctors[0])
        plan = draft_plan(doctors[0], consultation_id=planned.pk)
        yield Scene(site, directors, desks, doctors, patient, draft, plan)
        transaction.set_rollback(True)


@dataclass(frozen=True)
class Record:
    """A record that two people open: where, who they are, what each types into it, and what is saved of it."""

    name: str
    key: Callable[[Scene], int]
    who: Callable[[Scene], tuple[User, User]]
    first: dict[str, str]
    second: dict[str, str]
    saved: Callable[[Scene], object]
    then: object
    others: tuple[str, ...] = field(default=())

    def address(self, scene: Scene) -> str:
        keys = [self.key(scene), *(getattr(scene.site, name) for name in self.others)]
        return reverse(self.name, args=keys)


def row(of: Callable[[Scene], object], *names: str) -> Callable[[Scene], object]:
    """These columns of a row as they are saved now."""
    return lambda scene: type(of(scene)).objects.filter(pk=of(scene).pk).values_list(*names).get()


def hours(scene: Scene) -> list[str]:
    return [f"{each.opens_at:%H:%M}" for each in scene.site.opening_hours.filter(weekday=0)]


def shifts(scene: Scene) -> list[str]:
    return [f"{each.starts_at:%H:%M}" for each in scene.doctors[0].hours.filter(weekday=0)]


def directors(scene: Scene) -> tuple[User, User]:
    return scene.directors


RECORDS = {
    "patient details": Record(
        "patients:edit",
        lambda scene: scene.patient.pk,
        lambda scene: scene.desks,
        {"given_name": "Anna", "phone": "612 000 111"},
        {"given_name": "Anne", "gender": "woman"},
        row(lambda scene: scene.patient, "given_name", "phone", "gender"),
        ("Anna", "612 000 111", ""),
    ),
    "consultation draft": Record(
        "patients:consultation",
        lambda scene: scene.draft.pk,
        lambda scene: (scene.doctors[0], scene.doctors[0]),
        {"weight_kg": "60", "notes__complaint": "Thinner."},
        {"weight_kg": "70", "notes__family": "Her mother, too."},
        lambda scene: {
            name: "".join(Consultation.objects.get(pk=scene.draft.pk).answers.get(name, ()))
            for name in ("weight_kg", "notes__complaint", "notes__family")
        },
        {"weight_kg": "60", "notes__complaint": "Thinner.", "notes__family": ""},
    ),
    "plan draft": Record(
        "patients:plan",
        lambda scene: scene.plan.pk,
        lambda scene: scene.doctors,
        {"session_count": "3", "goals": "Less shedding."},
        {"session_count": "4", "depth_mm": "1.5"},
        lambda scene: scene.plan.versions.values_list("session_count", "goals", "depth_mm").get(),
        (3, "Less shedding.", None),
    ),
    "site": Record(
        "mesoclinic:edit_site",
        lambda scene: scene.site.pk,
        directors,
        {"phone": "+34 910 111 111", "quiet_from": "20:00"},
        {"phone": "+34 910 222 222", "address": "Castellana 93"},
        row(lambda scene: scene.site, "phone", "address", "quiet_from__hour"),
        ("+34 910 111 111", "", 20),
    ),
    "opening hours": Record(
        "mesoclinic:opening_hours",
        lambda scene: scene.site.pk,
        directors,
        {"day_0": "10:00–18:00"},
        {"day_0": "11:00–18:00", "day_6": "10:00–12:00"},
        hours,
        ["10:00"],
    ),
    "working hours": Record(
        "mesoclinic:working_hours",
        lambda scene: scene.doctors[0].pk,
        directors,
        {"day_0": "10:00–18:00"},
        {"day_0": "11:00–18:00"},
        shifts,
        ["10:00"],
        ("pk",),
    ),
    "room": Record(
        "mesoclinic:edit_room",
        lambda scene: scene.site.rooms.get().pk,
        directors,
        {"name": "Blue room"},
        {"name": "Green room"},
        lambda scene: scene.site.rooms.get().name,
        "Blue room",
    ),
    "visit type": Record(
        "mesoclinic:edit_visit_type",
        lambda scene: scene.site.visit_types.get(kind="consultation").pk,
        directors,
        {"clinician_minutes": "45"},
        {"clinician_minutes": "40", "price": "99.00"},
        lambda scene: (
            scene.site.visit_types.filter(kind="consultation").values_list("clinician_minutes", "price").get()
        ),
        (45, 120),
    ),
    "member of staff": Record(
        "mesoclinic:person",
        lambda scene: scene.desks[0].pk,
        directors,
        {"name": "Ana Gil"},
        {"name": "Ana Gill"},
        row(lambda scene: scene.desks[0], "name"),
        ("Ana Gil",),
    ),
}
# Here the page that tells of the other's version carries it, so that the next save is a decision.
DECIDED = [name for name in RECORDS if name != "plan draft"]


def form_of(answer) -> Form:
    return next(form for form in Page(answer.content).posting() if "version" in form.names)


def sending(form: Form, over: dict[str, str]) -> dict[str, list[str]]:
    """What a browser would send of a form in which somebody has typed."""
    sent: dict[str, list[str]] = {}
    for name, value in form.sends:
        sent.setdefault(name, []).append(value)
    sent.pop("csrfmiddlewaretoken")
    return sent | {name: [value] for name, value in over.items()}


def second_of(scene: Scene, record: Record):
    """Both open the record, the first saves; gives the second's client, what they send, and their answer."""
    address, clients = record.address(scene), (Client(), Client())
    for client, user in zip(clients, record.who(scene), strict=True):
        client.force_login(user)
    first, second = (form_of(client.get(address)) for client in clients)
    assert clients[0].post(address, sending(first, record.first)).status_code in (200, 302)
    assert record.saved(scene) == record.then
    sent = sending(second, record.second)
    return clients[1], sent, clients[1].post(address, sent)


@pytest.mark.parametrize("what", RECORDS)
def test_the_second_is_told_keeps_every_word_and_decides_with_both_versions_in_view(scene, what):
    record = RECORDS[what]
    client, sent, answer = second_of(scene, record)
    form, page = form_of(answer), answer.content.decode()
    assert answer.status_code == 409
    assert any(words in page for words in ("meanwhile", "while you were typing", "in another window"))
    kept = {name: values for name, values in sending(form, {}).items() if name in sent and name != "version"}
    assert kept == {name: sent[name] for name in kept}
    assert {name: form.typed()[name] for name in record.second} == record.second
    assert record.saved(scene) == record.then
    if what in DECIDED:
        assert all(f'name="theirs" value="{name}"' in page for name in record.second if name in record.first)
        assert client.post(record.address(scene), sending(form, {})).status_code in (200, 302)
        assert record.saved(scene) != record.then


def test_who_was_first_stands_beside_both_versions(scene):
    record = RECORDS["patient details"]
    _client, _sent, answer = second_of(scene, record)
    page = answer.content.decode()
    assert f"Changed by {scene.desks[0].name} while you were typing" in page
    assert "<td>Anna</td>" in page
    assert "<td>Anne</td>" in page


def test_a_plan_that_was_signed_meanwhile_is_not_written_into(scene):
    first, second = Client(), Client()
    for client, user in zip((first, second), scene.doctors, strict=True):
        client.force_login(user)
    address = reverse("patients:plan", args=[scene.plan.pk])
    sent = sending(form_of(second.get(address)), {"session_count": "4"})
    scene.plan.versions.update(state="signed", signed_by=scene.doctors[0], signed_at=scene.plan.created_at)
    second.post(address, sent | {"action": ["save"]})
    assert scene.plan.versions.get().session_count != 4
