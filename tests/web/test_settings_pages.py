"""The settings through HTTP: what is saved, what is refused beside its field, and that what was typed stays."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from email import message_from_bytes, policy

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.accounts import Role, User
from mesoclinic.audit import AuditEvent
from mesoclinic.demo import sink
from mesoclinic.outbox import Message, State
from mesoclinic.sites import Closure, Device, OpeningHours, Room, Site, StaffHours, VisitType
from tests import services
from tests.builders import clinic
from tests.web.pages import Page

HOME = reverse("mesoclinic:site_settings")
SITE = {
    "name": "Levent",
    "address": "  Abdi İpekçi 40 \n\n Şişli ",
    "phone": "+90 212  555 01 20",
    "emergency_number": "112",
    "time_zone": "Europe/Istanbul",
    "country": "TR",
    "on_call": "",
    "quiet_from": "20.30",
    "quiet_to": "0900",
    "link_hours": "48",
}
ROOM = {"name": "Room 7", "visit_kinds": ["treatment", "consultation"], "active": "on"}
DEVICE = {"name": "Lamp", "kind": "wood lamp", "active": "on"}
VISIT = {
    "kind": "assessment",
    "name": "Photographs",
    "preparation_minutes": "0",
    "clinician_minutes": "20",
    "observation_minutes": "5",
    "needs_room": "on",
    "device_kind": "trichoscope",
    "price": "80.50",
    "currency": "EUR",
    "active": "on",
}
PERSON = {"name": "Ana Gil", "email": "Ana@Clinic.Example", "roles": ["nurse", "front_desk"], "language": "en"}


@pytest.fixture(autouse=True)
def _tuesday(clock):
    clock.set(datetime(2026, 3, 3, 9, tzinfo=UTC))


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def director(client, site):
    director = clinic.staff(Role.DIRECTOR, at=site, name="Dr Deniz Kaya")
    client.force_login(director)
    return director


def at(name, *keys):
    return reverse(f"mesoclinic:{name}", args=[getattr(key, "pk", key) for key in keys])


def form_of(answer, field):
    """The form of a page that holds this field."""
    return next(form for form in Page(answer.content).posting() if field in form.names)


def edited(client, address, field, over):
    """Posts the form that holds this field as it stands, with what differs."""
    sent = {}
    for name, value in form_of(client.get(address), field).sends:
        sent.setdefault(name, []).append(value)
    return client.post(address, sent | over)


def beside(answer, wrong):
    """Asserts a 422 with these words beside these fields, and that whatever was typed still stands there."""
    assert answer.status_code == 422
    page, typed = Page(answer.content), {}
    for form in page.posting():
        typed |= form.typed()
    for name, (text, words) in wrong.items():
        assert words in page.described(f"id_{name}"), f"{name}: {page.described(f'id_{name}')}"
        assert typed.get(name, text) == text
    linked = {target.removeprefix("id_") for target, _words in page.summary}
    assert {re.sub(r"_\d$", "", name) if name not in wrong else name for name in linked} == set(wrong)


def written():
    """Everything that the settings may write."""
    kinds = (Site, OpeningHours, Closure, Room, Device, VisitType, StaffHours, User, Message)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


def test_a_site_is_saved_as_it_was_typed_and_stands_on_the_settings_page(client, director, site):
    assert edited(client, at("edit_site", site), "quiet_to", SITE | {"on_call": str(director.pk)}).url == HOME
    site.refresh_from_db()
    assert (site.name, site.address, site.phone) == ("Levent", "Abdi İpekçi 40\nŞişli", "+90 212 555 01 20")
    assert (site.time_zone, site.country, site.on_call) == ("Europe/Istanbul", "TR", director)
    assert (site.quiet_from, site.quiet_to) == (time(20, 30), time(9))
    assert site.link_hours == 48
    event = AuditEvent.objects.get(action="site.changed")
    assert event.changed == sorted({*SITE} - {"emergency_number"})
    page = client.get(HOME).content.decode()
    assert all(words in page for words in ("Levent", "Abdi İpekçi 40<br>", "Dr Deniz Kaya", "20:30–09:00"))


WRONG_SITE = {
    "name": ("x" * 121, "Use up to 120 letters."),
    "phone": ("12", "A phone number has 5 to 15 digits"),
    "emergency_number": ("call us", "Enter a number to call"),
    "time_zone": ("Mars/Olympus", "Select a valid choice"),
    "country": ("ZZZ", "Select a valid choice"),
    "quiet_from": ("25:00", "Enter a time"),
    "quiet_to": ("soon", "Enter a time"),
    "link_hours": ("-1", "greater than or equal to 0"),
}


@pytest.mark.parametrize("name", ["edit_site", "add_site"])
def test_a_wrong_site_is_told_beside_each_field_and_nothing_is_saved(client, director, site, name):
    elsewhere = str(clinic.dermatologist(at=clinic.site()).pk)
    address, before = at(name, site) if name == "edit_site" else at(name), written()
    wrong = WRONG_SITE | {"on_call": (elsewhere, "Select a valid choice")}
    answer = client.post(address, SITE | {field: text for field, (text, _words) in wrong.items()} | {"version": 0})
    beside(answer, wrong)
    assert form_of(answer, "quiet_to").typed()["address"] == SITE["address"]
    assert written() == before


def test_two_sites_of_one_name_are_refused_beside_the_name(client, director, site):
    other, before = clinic.site(), written()
    taken = {"name": (other.name, "There is a site of this name already.")}
    beside(edited(client, at("edit_site", site), "quiet_to", {"name": other.name}), taken)
    beside(client.post(at("add_site"), SITE | {"name": other.name, "version": 0}), taken)
    assert written() == before


def test_whoever_adds_a_site_works_there(client, director, site):
    assert client.post(at("add_site"), SITE | {"version": 0}).url == HOME
    added = Site.objects.get(name="Levent")
    assert set(director.sites.all()) == {site, added}
    assert not added.allow_draft_catalogue
    assert "Levent" in client.get(HOME).content.decode()


WEEK = {"day_0": "9-13, 15:00–19:30", "day_1": "", "day_2": "08.30 to 14", "day_6": "10:00-12:00"}
STRETCHES = [(0, "09:00", "13:00"), (0, "15:00", "19:30"), (2, "08:30", "14:00"), (6, "10:00", "12:00")]
WRONG_WEEK = {
    "day_0": ("25-26", "Enter hours in full five minutes"),
    "day_1": ("9:02-10", "Enter hours in full five minutes"),
    "day_2": ("13-9", "Enter hours in full five minutes"),
    "day_3": ("9-12, 11-14", "Enter hours in full five minutes"),
    "day_4": ("mornings", "Enter hours in full five minutes"),
}
OFF = {"day_3": "", "day_4": "", "day_5": ""}


def hours(rows, starts, ends):
    found = rows.values_list("weekday", starts, ends)
    return sorted((day, f"{start:%H:%M}", f"{end:%H:%M}") for day, start, end in found)


def test_opening_hours_are_read_the_way_people_write_them(client, director, site):
    assert edited(client, at("opening_hours", site), "day_0", WEEK | OFF).url == HOME
    assert hours(site.opening_hours.all(), "opens_at", "closes_at") == STRETCHES
    assert AuditEvent.objects.get(action="site.hours_set").site_id == site.pk
    sends = form_of(client.get(at("opening_hours", site)), "day_0").typed()
    assert (sends["day_0"], sends["day_1"]) == ("09:00–13:00, 15:00–19:30", "")


def test_hours_that_are_none_are_told_beside_their_day_and_the_week_stays(client, director, site):
    before = written()
    wrong = {day: text for day, (text, _words) in WRONG_WEEK.items()}
    for address in (at("opening_hours", site), at("working_hours", director, site)):
        answer = edited(client, address, "day_0", wrong | {"day_6": "10:00-12:00"})
        beside(answer, WRONG_WEEK)
        assert form_of(answer, "day_0").typed()["day_6"] == "10:00-12:00"
    assert written() == before


def test_somebodys_hours_are_saved_for_the_one_site(client, director, site):
    other = clinic.site()
    doctor = clinic.dermatologist(at=site)
    director.sites.add(other)
    doctor.sites.add(other)
    answer = edited(client, at("working_hours", doctor, other), "day_0", WEEK | OFF)
    assert answer.url == at("person", doctor)
    assert hours(doctor.hours.filter(site=other), "starts_at", "ends_at") == STRETCHES
    assert hours(doctor.hours.filter(site=site), "starts_at", "ends_at") == [
        (day, "09:00", "18:00") for day in range(5)
    ]
    assert "15:00–19:30" in client.get(answer.url).content.decode()


def test_a_site_is_closed_on_a_run_of_days_once_and_opened_again(client, director, site):
    address = at("closures", site)
    days = {"first_on": "2026-08-10", "last_on": "12.8.2026", "reason": "Works in the house"}
    assert client.post(address, days).url == address
    assert client.post(address, days | {"last_on": "13 8 2026", "reason": "Longer"}).url == address
    closed = list(site.closures.values_list("on", "reason"))
    assert closed == [(date(2026, 8, day), "Works in the house") for day in (10, 11, 12)] + [
        (date(2026, 8, 13), "Longer")
    ]
    page = client.get(address).content.decode()
    assert page.count("Works in the house") == 3
    gone = site.closures.get(on=date(2026, 8, 11))
    assert client.post(at("remove_closure", gone)).url == address
    assert [day.day for day in site.closures.values_list("on", flat=True)] == [10, 12, 13]
    assert AuditEvent.objects.filter(action="site.closed").count() == 2
    assert AuditEvent.objects.get(action="site.closure_removed").reason == "2026-08-11"


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"first_on": "2026-03-02"}, "first_on", "must be today or later"),
        ({"first_on": ""}, "first_on", "Enter the first day."),
        ({"first_on": "31.2.2026"}, "first_on", "Enter a day"),
        ({"last_on": "2026-08-09"}, "last_on", "must not be before the first"),
        ({"last_on": "2027-08-12"}, "last_on", "for one year at the most"),
        ({"reason": ""}, "reason", "required"),
    ],
)
def test_a_closure_that_cannot_be_is_told_beside_its_day(client, director, site, over, field, words):
    sent = {"first_on": "2026-08-10", "last_on": "2026-08-12", "reason": "Works in the house"} | over
    answer = client.post(at("closures", site), sent)
    beside(answer, {field: (sent[field], words)})
    assert form_of(answer, "first_on").typed() == sent
    assert not Closure.objects.exists()


def test_public_holidays_are_of_this_year_or_the_next(client, director, site):
    answer = client.post(at("add_holidays", site, 2028))
    assert answer.status_code == 422
    assert "Choose this year or the next." in answer.content.decode()
    assert client.post(at("add_holidays", site, 2027)).url == at("closures", site)
    assert site.closures.filter(on=date(2027, 1, 1)).exists()


def test_rooms_and_devices_are_added_changed_and_taken_out_of_use(client, director, site):
    assert edited(client, at("add_room", site), "visit_kinds", ROOM).url == HOME
    assert edited(client, at("add_device", site), "kind", DEVICE).url == HOME
    room, device = Room.objects.get(name="Room 7"), Device.objects.get()
    assert (room.site, room.visit_kinds, room.active) == (site, ["consultation", "treatment"], True)
    assert (device.site, device.kind) == (site, "wood lamp")
    sent = ROOM | {"name": "Room 8", "visit_kinds": ["other"]}
    assert edited(client, at("edit_room", room), "visit_kinds", sent | {"active": ""}).url == HOME
    room.refresh_from_db()
    assert (room.name, room.visit_kinds, room.active) == ("Room 8", ["other"], False)
    assert "Room 8" in client.get(HOME).content.decode()
    told = AuditEvent.objects.filter(action__in=["room.added", "device.added", "room.changed"])
    assert [event.action for event in told.order_by("number")] == ["room.added", "device.added", "room.changed"]


def test_a_room_of_no_use_or_of_a_taken_name_is_refused(client, director, site):
    before = written()
    answer = client.post(at("add_room", site), ROOM | {"version": 0, "name": "Room 1"})
    beside(answer, {"name": ("Room 1", "This site has one of this name already.")})
    ticked = [value for name, value in form_of(answer, "visit_kinds").sends if name == "visit_kinds"]
    assert ticked == ["consultation", "treatment"]
    answer = client.post(at("add_room", site), {"version": 0, "name": "Room 9"})
    beside(answer, {"visit_kinds": ("", "Choose at least one kind of visit.")})
    assert form_of(answer, "visit_kinds").typed()["name"] == "Room 9"
    assert written() == before


def test_a_visit_type_is_saved_with_its_minutes_and_its_price(client, director, site):
    assert edited(client, at("add_visit_type", site), "clinician_minutes", VISIT).url == HOME
    made = VisitType.objects.get(name="Photographs")
    assert (made.site, made.kind, made.price, made.device_kind) == (site, "assessment", Decimal("80.50"), "trichoscope")
    assert made.total_minutes == 25
    address, wanted = at("edit_visit_type", made), VISIT | {"clinician_minutes": "40", "price": "", "kind": "block"}
    assert edited(client, address, "clinician_minutes", wanted).url == HOME
    made.refresh_from_db()
    assert (made.kind, made.total_minutes, made.price) == ("assessment", 45, None)
    assert AuditEvent.objects.get(action="visittype.changed").changed == ["clinician_minutes", "price"]


WRONG_VISIT = {
    "name": ("x" * 81, "Use up to 80 letters."),
    "preparation_minutes": ("-5", "Enter minutes in fives, 0 to 480."),
    "clinician_minutes": ("12", "Enter minutes in fives, 5 to 480."),
    "observation_minutes": ("485", "Enter minutes in fives, 0 to 480."),
    "price": ("80.505", "2 decimal places"),
    "currency": ("euro", "at most 3 characters"),
}


def test_a_wrong_visit_type_is_told_beside_each_field(client, director, site):
    before, wrong = written(), {field: text for field, (text, _words) in WRONG_VISIT.items()}
    address = at("edit_visit_type", site.visit_types.first())
    for place in (at("add_visit_type", site), address):
        answer = edited(client, place, "clinician_minutes", VISIT | wrong)
        beside(answer, WRONG_VISIT)
        assert form_of(answer, "price").typed()["device_kind"] == "trichoscope"
    assert written() == before


def test_an_absence_is_added_once_shown_and_removed(client, director, site):
    doctor = clinic.dermatologist(at=site)
    days = {"first_on": "2026-04-01", "last_on": "2026-04-03", "reason": "Congress"}
    for _twice in range(2):
        assert client.post(at("absence", doctor), days).url == at("person", doctor)
    absence = doctor.absences.get()
    assert (absence.first_on, absence.last_on, absence.reason) == (date(2026, 4, 1), date(2026, 4, 3), "Congress")
    assert "Congress" in client.get(at("person", doctor)).content.decode()
    answer = client.post(at("absence", doctor), days | {"last_on": "2026-03-31"})
    beside(answer, {"last_on": ("2026-03-31", "must not be before the first")})
    assert form_of(answer, "first_on").typed()["reason"] == "Congress"
    assert client.post(at("remove_absence", absence)).url == at("person", doctor)
    assert not doctor.absences.exists()
    told = AuditEvent.objects.filter(action__startswith="user.absence").values_list("action", flat=True)
    assert list(told) == ["user.absence_added", "user.absence_removed"]


@pytest.fixture
def mailbox(tmp_path, settings):
    """A real mail server; the folder that it keeps its mails in."""
    with services.mail_sink(tmp_path / "mail") as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield tmp_path / "mail"


@pytest.mark.processes
def test_an_invitation_goes_out_after_the_commit_and_lets_them_in(
    client, director, site, mailbox, settings, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as after_commit:
        assert edited(client, at("invite"), "email", PERSON | {"sites": site.pk}).url == HOME
    message, invited = Message.objects.get(), User.objects.get(email="ana@clinic.example")
    assert (message.state, sink.find(message.message_id, mailbox)) == (State.WAITING, [])
    assert (invited.roles, set(invited.sites.all())) == (["front_desk", "nurse"], {site})
    assert not invited.has_usable_password()
    for deed in after_commit:
        deed()
    message.refresh_from_db()
    (kept,) = sink.find(message.message_id, mailbox)
    mail = message_from_bytes(kept.read_bytes(), policy=policy.default)
    assert (message.state, mail["To"]) == (State.SENT, "ana@clinic.example")
    link = re.search(rf"{settings.PUBLIC_URL}(\S+)", mail.get_body(("plain",)).get_content()).group(1)
    guest = Client()
    form = guest.get(link).url
    chosen = {"password1": "a long password of mine", "password2": "a long password of mine"}
    assert guest.post(form, chosen).status_code == 302
    assert Client().login(email="ana@clinic.example", password=chosen["password1"])
    assert "This link was used already" in Client().get(link).content.decode()


def test_a_refused_invitation_promises_no_mail_and_keeps_what_was_typed(client, director, site):
    clinic.desk(at=site, email="ana@clinic.example")
    before = written()
    sent = PERSON | {"version": 0, "sites": [site.pk]}
    answer = client.post(at("invite"), sent)
    beside(answer, {"email": ("Ana@Clinic.Example", "This e-mail address has an account already.")})
    assert form_of(answer, "email").typed()["name"] == "Ana Gil"
    kept = [value for name, value in form_of(answer, "email").sends if name in ("roles", "language", "sites")]
    assert kept == ["front_desk", "nurse", str(site.pk), "en"]
    answer = client.post(at("invite"), {"version": 0, "name": " ", "email": "ana at home", "language": "en"})
    wrong = {"name": (" ", "required"), "email": ("ana at home", "Enter one e-mail address")}
    beside(answer, wrong | {"roles": ("", "Choose at least one role.")})
    beside(client.post(at("invite"), sent | {"email": "b@x.test", "sites": []}), {"sites": ("", "at least one site")})
    assert written() == before


def test_a_person_is_changed_but_nobody_their_own_roles(client, director, site):
    nurse = clinic.staff(Role.NURSE, at=site)
    answer = edited(client, at("person", nurse), "email", {"name": "Ana Gil", "roles": ["nurse", "dermatologist"]})
    assert answer.url == HOME
    nurse.refresh_from_db()
    assert (nurse.name, nurse.roles) == ("Ana Gil", ["nurse", "dermatologist"])
    assert AuditEvent.objects.get(action="user.changed").changed == ["name", "roles"]
    own = form_of(client.get(at("person", director)), "name")
    assert not {"roles", "sites"} & set(own.names)
    assert edited(client, at("person", director), "name", {"name": "Dr D. Kaya", "roles": ["nurse"]}).url == HOME
    director.refresh_from_db()
    assert (director.name, director.roles) == ("Dr D. Kaya", [Role.DIRECTOR])


def test_an_address_that_somebody_signed_in_with_is_kept(client, director, site):
    nurse = clinic.staff(Role.NURSE, at=site, email="old@clinic.test")
    seen = edited(client, at("person", nurse), "email", {"email": "new@clinic.test"})
    assert seen.url == HOME
    Client().force_login(User.objects.get(pk=nurse.pk))
    assert "email" not in form_of(client.get(at("person", nurse)), "roles").names
    edited(client, at("person", nurse), "roles", {"email": "third@clinic.test"})
    nurse.refresh_from_db()
    assert nurse.email == "new@clinic.test"


def test_a_closed_account_ends_every_session_and_opens_by_a_new_link(client, director, site):
    nurse, inside = clinic.staff(Role.NURSE, at=site), Client()
    inside.force_login(nurse)
    today = reverse("sessions:today")
    assert inside.get(today).status_code == 200
    assert client.post(at("close_account", nurse)).url == at("person", nurse)
    assert inside.get(today).status_code == 302
    assert not Client().login(email=nurse.email, password=clinic.PASSWORD)
    assert "nobody can sign in" in client.get(at("person", nurse)).content.decode()
    answer = client.post(at("send_password_link", nurse))
    assert (answer.status_code, Message.objects.count()) == (422, 0)
    assert client.post(at("open_account", nurse)).url == at("person", nurse)
    nurse.refresh_from_db()
    assert (nurse.is_active, nurse.has_usable_password()) == (True, False)
    assert Message.objects.get().subject_key == f"user:{nurse.pk}"
    told = AuditEvent.objects.filter(action__in=["user.closed", "user.opened"]).order_by("number")
    assert [event.action for event in told] == ["user.closed", "user.opened"]


def test_a_second_link_is_not_promised_while_one_waits(client, director, site):
    nurse = clinic.staff(Role.NURSE, at=site)
    for _twice in range(2):
        assert client.post(at("send_password_link", nurse)).url == at("person", nurse)
    assert Message.objects.count() == 1


def test_who_is_on_call_or_directs_alone_cannot_leave(client, director, site):
    doctor = clinic.dermatologist(at=site)
    Site.objects.filter(pk=site.pk).update(on_call=doctor)
    for person, words in ((doctor, "Choose somebody else to be on call"), (director, "")):
        answer = client.post(at("close_account", person))
        assert answer.status_code in (409, 422)
        assert words in answer.content.decode()
        person.refresh_from_db()
        assert person.is_active
