"""Whatever is typed, sent or asked for: a clear 4xx on both databases, never a 500, and what was typed stays."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import resolve, reverse

from mesoclinic.clock import lead_to
from mesoclinic.sites import Room, VisitType
from patients.models import IntakeDraft, PatientLink, PlanVersion
from patients.queries.links import digest_of
from patients.services.intake import save_answers
from protocols.models import CatalogueRelease, CatalogueRow
from tests.builders import consents, intake, people, plans
from tests.builders.world import World, world
from tests.web.matrix import ACCOUNT, DESK, DIRECTOR, DOCTOR, LINK, MATRIX, NURSE, PUBLIC, TOKEN, UNHELD, USED_LINK
from tests.web.pages import Control, Form, Page
from tests.web.test_route_matrix import ROUTES, Route

pytestmark = pytest.mark.sweep

# A year of no calendar is refused in words; a patient who asks for no topic is led to the next open one.
SOFT = {"year": {422}, "topic": {302}}
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=cut"
LONG = "x" * 100_000
Pairs = list[tuple[str, str | bytes]]
Sent = dict[str, list[str | bytes]]
Keys = Mapping[str, int | str]
NOTHING: Keys = {}
# An address that is not declared fails in test_route_matrix.
DECLARED = [route for route in ROUTES if route.name in MATRIX]

# What the edge lets through to the forms, and the forms to the services.
POISONS: dict[str, str | bytes] = {
    "half of a surrogate pair": b"\xed\xa0\x80",
    "not UTF-8": b"\xff\xfe\xc3\x28",
    "5,000 digits": "9" * 5000,
    "minus one": "-1",
    "2**31": str(2**31),
    "2**63": str(2**63),
    "1e400": "1e400",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "other digits": "١٢٣²",
    "no such day": "31.02.2026",
    "year 0": "0000-00-00",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "year 99999": "99999-01-01",
    "no such time": "25:61",
    "mark-up": "<script>alert(1)</script>\"'><!--",
    "right to left": "\u202etfel\u2067",
    "emoji": "👩🏽‍⚕️ \ufdfa",
    "path": "../../etc/passwd",
    "template": "{{ 7*7 }}{% load x %}{0.__class__}%(name)s%s",
    "query": "'; DROP TABLE x;-- %_",
    "header": "a\r\nBcc: evil@x.test",
    "blank": " \t ",
}
# What people may well write, all at once, and as much of the longest letter as a box takes.
WRITTEN = "".join(str(POISONS[name]) for name in ("mark-up", "emoji", "template", "query"))
LONGEST = 200
# Right by its form, and longer than any column.
ADDRESS = f"{'a' * 64}@{('b' * 63 + '.') * 3}{'c' * 59}.test"
VERSIONS = ("", "-1", "0", str(2**31), str(2**63), "9" * 5000, "x")
# Values that a form needs before its service is called; what is not named here stands in the page already.
VALID = {
    "given_name": "Ana",
    "family_name": "Peña",
    "birth_date_day": "26",
    "birth_date_month": "nov",
    "birth_date_year": "1990",
    "phone": "+34 612 345 678",
    "email": "ana@example.test",
    "on": "2026-11-26",
    "at": "10:00",
    "start": "2026-11-26",
    "number": "L77",
    "expires_on": "31 10 2027",
    "quantity_ml": "5",
    "capacity": "on",
    "manufacturer": "Maker",
    "strength": "5",
    "container_ml": "2",
    "counted_ml": "1",
    "text": "product;lot;expires;ml\r\nBiotin;L77;10/2027;5\r\n",
}
# Where the form of an address without a page of its own stands, and with which of the other objects.
FOUND_ON = {
    "mesoclinic:add_holidays": "mesoclinic:site_settings",
    "mesoclinic:set_theme": "sessions:today",
    "sessions:booking_state": "sessions:booking",
    "sessions:send_message": "sessions:messages",
    "sessions:tell_message": "sessions:messages",
    "sessions:print_message": "sessions:messages",
    "sessions:settle_message": "sessions:messages",
    "patients:start_consultation": "sessions:patient",
    "patients:consultation_addendum": "patients:consultation",
    "patients:draft_plan": "patients:consultation",
    "patients:revise_plan": "patients:plan",
    "patients:offer_consent": "patients:plan",
    "patients:link": "patients:new",
    "protocols:count_lot": "protocols:lot",
    "protocols:open_vial": "protocols:lot",
    "protocols:discard_vial": "protocols:lot",
}
# What the pages read out of their addresses.
QUERIES = {
    "sessions:calendar": ("on", "view", "by", "site"),
    "sessions:calendar_events": ("on", "view", "by", "site"),
    "sessions:board": ("site",),
    "sessions:messages": ("state", "patient", "page"),
    "sessions:new_booking": ("site", "patient"),
    "sessions:absence": ("on", "clinician", "first_on", "last_on", "earliest", "latest", "reason"),
    "sessions:book_series": ("start", "weekdays", "earliest", "latest", "clinician", "pick", "picks"),
    "patients:search": ("q",),
    "protocols:products": ("scan",),
    "patients:new": ("name",),
    "account_login": ("next",),
}
# These answer with a PDF that takes its time and read nothing but their path.
PAPERS = {"sessions:message_paper", "patients:document"}


@dataclass(frozen=True)
class Scene:
    """A clinic with one of everything in each of its states, another clinic, and somebody of each role signed in."""

    ours: World
    theirs: World
    states: Mapping[str, Sequence[Keys]]
    clients: Mapping[str, Client]
    over: Mapping[str, str]
    foreign: Mapping[str, int]

    def client_for(self, name: str) -> Client:
        """Somebody who may call this address."""
        who = MATRIX[name].who
        if who in (PUBLIC, ACCOUNT):
            return self.clients["nobody" if who == PUBLIC or "reset" in name or "login" in name else DESK]
        if who in (LINK, USED_LINK, UNHELD, TOKEN):
            return self.clients[who]
        wanted = (DIRECTOR,) if name == "protocols:release" else (DESK, DOCTOR, DIRECTOR, NURSE)
        return self.clients[next(role for role in wanted if role in who)]

    def places(self, route: Route) -> list[str]:
        """The address once for each state that its object may be in."""
        states = [{}, *self.states.get(route.name, ())]
        return [reverse(route.name, kwargs=self.keys_of(route, state)) for state in states]

    def keys_of(self, route: Route, state: Keys = NOTHING) -> dict[str, int | str]:
        known = {"uidb36": "1", "key": "a-b", **self.ours.keys, **state}
        return {name: known[name] for name in route.parameters}


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Scene]:
    """One clinic for all tests here: whatever they write is rolled back at once."""
    file = tmp_path_factory.mktemp("bad") / "clock"
    with django_db_blocker.unblock(), override_settings(CLOCK_FILE=str(file)), transaction.atomic():
        lead_to(file, datetime(2026, 11, 24, 8, tzinfo=UTC))
        yield _scene()
        transaction.set_rollback(True)


def _scene() -> Scene:
    ours, theirs = world(), world()
    # The shipped release takes half a second to draw.
    ours.keys["version"] = "few"
    doctor, site = ours.staff["dermatologist"], ours.staff["dermatologist"].sites.get()
    patient = people.patient(site=site)
    waiting = plans.signed_plan(patient, doctor)
    draft = plans.signed_plan(patient, doctor, state=PlanVersion.State.DRAFT, signed_at=None, signed_by=None)
    shown = consents.shown(doctor, waiting)
    few = CatalogueRelease.objects.create(version="few", sha256="f" * 64, origin="own", loaded_at=waiting.made_at)
    CatalogueRow.objects.create(release=few, kind="zone", code="vertex", row_version=1, body={}, sha256="e" * 64)
    signed = {"consultation_id": waiting.plan.consultation_id}
    states: dict[str, list[Keys]] = {
        "patients:plan": [{"plan_id": draft.plan_id}],
        "patients:consent": [{"consent_id": shown.pk}],
        "patients:consultation": [signed],
        "patients:consultation_addendum": [signed],
        "patients:draft_plan": [signed],
        "sessions:book_series": [{"plan_id": waiting.plan_id}],
    }
    clients = {name: Client(raise_request_exception=False) for name in ("nobody", *ours.staff)}
    for role, user in ours.staff.items():
        clients[role].force_login(user)
    clients |= {LINK: _holder(str(ours.keys["token"])), USED_LINK: _holder(str(ours.keys["token"]))}
    clients[UNHELD] = clients[LINK]
    clients[TOKEN] = Client(raise_request_exception=False)
    there = theirs.staff["dermatologist"].sites.get()
    foreign = {
        "site": there.pk,
        "patient": int(theirs.keys["patient_id"]),
        "patient_id": int(theirs.keys["patient_id"]),
        "clinician": theirs.staff["dermatologist"].pk,
        "room": Room.objects.get(site=there).pk,
        "visit_type": VisitType.objects.get(site=there, kind="consultation").pk,
    }
    over = {"patient": str(ours.keys["patient_id"])}
    return Scene(ours, theirs, states, clients, over, foreign)


def _holder(token: str) -> Client:
    """A phone on which the link was opened and the birth date given."""
    phone = Client(raise_request_exception=False)
    phone.get(reverse("patients:link_door", args=[token]))
    link = PatientLink.objects.get(token_sha256=digest_of(token))
    born = link.patient.birth_date
    typed = {"born_day": born.day, "born_month": born.month, "born_year": born.year}
    phone.post(reverse("patients:intake_start"), typed)
    if not IntakeDraft.objects.filter(link=link).exists():
        save_answers(intake.holder(link), version=0, answers={"notes__complaint": ["Thinner."]})
    return phone


def called(
    client: Client, method: str, address: str, body: bytes = b"", *, kind: str = URLENCODED, follow: bool = False,
    **headers: str,
) -> HttpResponse:  # fmt: skip
    """The answer, on request with the page that it leads to; what was written is checked and rolled back."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        answer = client.generic(method, address, body, content_type=kind, headers=headers)
        answer.after = None
        if answer.status_code == HTTPStatus.FOUND and method == "POST":
            connection.check_constraints()
            answer.after = client.get(answer.url) if follow else None
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def failure(answer: HttpResponse) -> str:
    """The error of ours that an answer is, or the page that it leads to; empty when there is none."""
    for each in (answer, answer.after):
        if each is not None and each.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"{each.status_code} {each.exc_info[1]!r}"
    return ""


def forms_of(scene: Scene, route: Route) -> Iterator[tuple[str, Form]]:
    """Every address of the route with each form that a page shows for it, or with one that sends nothing."""
    client, by_name = scene.client_for(route.name), {each.name: each for each in ROUTES}
    pages = scene.places(by_name[FOUND_ON[route.name]]) if route.name in FOUND_ON else []
    for place in scene.places(route):
        found: dict[tuple[str, ...], Form] = {}
        for page in reversed(pages or [place]):
            answer = client.get(page) if "GET" in MATRIX[resolve(page).view_name].methods else None
            shown = Page(answer.content).posting() if answer and answer.status_code == HTTPStatus.OK else ()
            found |= {tuple(form.names): form for form in shown if (form.action or page).partition("?")[0] == place}
            if found:
                break
        for form in found.values() or [Form(place, "post")]:
            yield place, form


def filled(form: Form, over: Mapping[str, str]) -> Sent:
    """What somebody would send who fills everything in and presses the last button."""
    sent: Sent = {}
    for each in form.controls:
        if each.kind == "submit" or each.name == "csrfmiddlewaretoken":
            continue
        values = [value for value in each.values if value] or [over.get(each.name) or VALID.get(each.name, "")]
        if values == [""] and each.kind == "select":
            values = each.options[-1:]
        if values == [""] and each.kind in ("radio", "checkbox"):
            values = each.options if each.kind == "radio" and each.name not in sent else []
        known = sent.get(each.name, [])
        sent[each.name] = [*known, *values] if each.kind == "checkbox" else known or [*values]
    pressed = [each for each in form.controls if each.kind == "submit"][-1:]
    return sent | {each.name: [*each.options] for each in pressed}


def rotations(names: Sequence[str]) -> Iterator[Sent]:
    """Every field gets another poison each time, until this form has met each poison."""
    poisons, fields = list(POISONS.values()), max(1, len(names))
    rounds = min(len(poisons), max(2, ceil(len(poisons) / fields))) if names else 0
    for turn in range(rounds):
        shift = turn * len(poisons) // rounds
        yield {name: [poisons[(shift + place) % len(poisons)]] for place, name in enumerate(names)}


def written(form: Form) -> Iterator[Sent]:
    """What people may write wherever anything may be written: it gets past the form, down to the database."""
    boxes = {each.name: int(each.attributes.get("maxlength", LONGEST)) for each in form.controls if free(each)}
    yield {name: [WRITTEN[:length]] for name, length in boxes.items()}
    long: Sent = {name: ["\ufdfa" * min(length, 2_000)] for name, length in boxes.items()}
    long |= {each.name: [ADDRESS] for each in form.controls if "email" in (each.kind, each.attributes.get("inputmode"))}
    if long:
        yield long


def free(control: Control) -> bool:
    """Whether anything may be written here: no number, no date, no address."""
    length = int(control.attributes.get("maxlength", LONGEST))
    narrow = length < len(WRITTEN) or "inputmode" in control.attributes or control.name in VALID
    return control.kind == "textarea" or (control.kind == "text" and not narrow)


def bodies(valid: Sent) -> Iterator[tuple[str, bytes, str]]:
    """Bodies that are no form of ours, each with its kind."""
    first = next(iter(valid), "reason")
    part = b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    yield "nothing", b"", URLENCODED
    yield "every field twice", encoded({name: [*values, *values] for name, values in valid.items()}), URLENCODED
    yield "100 kB", encoded(valid | {first: [LONG]}), URLENCODED
    yield "too many fields", b"&".join(b"a=%d" % number for number in range(1_600)), URLENCODED
    yield "deep JSON", b"[" * 200_000, "application/json"
    yield "JSON in a field", encoded(valid | {first: ['{"__proto__": {"a": NaN}}' + "[" * 20_000]}), URLENCODED
    yield "multipart cut off", part % (first.encode(), b"x"), MULTIPART
    yield "multipart without a boundary", b"x", "multipart/form-data"
    yield "another charset", encoded(valid), f"{URLENCODED}; charset=utf-7"
    yield "no charset of text", part % (first.encode(), b"x") + b"--cut--", f"{MULTIPART}; charset=hex"


def nul_bodies(valid: Sent) -> Iterator[tuple[str, bytes, str]]:
    """NUL, which PostgreSQL does not hold, at every place of a body."""
    name = min(valid, default="reason", key=lambda each: (each in ("version", "action"), each))
    yield "NUL in a value", encoded(valid | {name: [b"a\x00b"]}), URLENCODED
    yield "NUL in a name", encoded(valid | {"a\x00b": ["x"]}), URLENCODED
    yield "NUL in a part", b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x00\r\n--cut--\r\n', MULTIPART


@dataclass
class Attack:
    """One form of one address, and what went wrong with it."""

    scene: Scene
    route: Route
    place: str
    form: Form
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client, self.valid = self.scene.client_for(self.route.name), filled(self.form, self.scene.over)

    def send(self, what: str, body: bytes, kind: str = URLENCODED, **options: bool) -> HttpResponse:
        answer = called(self.client, "POST", self.place, body, kind=kind, **options)
        if failure(answer):
            self.blame(what, failure(answer))
        return answer

    def blame(self, what: str, problem: str) -> None:
        self.problems.append(f"{self.place} {what}: {problem}")

    def refused(self, what: str, sent: Sent) -> None:
        """A clear 4xx, and nothing else."""
        answer = self.send(what, encoded(self.valid | sent))
        if not HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.blame(what, f"{answer.status_code}, and should be refused")
        self.keeps(what, answer, self.valid | sent)

    def keeps(self, what: str, answer: HttpResponse, sent: Sent) -> None:
        """A page that refuses what was typed shows it, with each message beside its field."""
        if answer.status_code not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY) or not self.form.controls:
            return
        page = Page(answer.content)
        shown = {name: text for each in page.posting() for name, text in each.typed().items()}
        hidden = {each.attributes.get("id") for form in page.forms for each in form.controls if each.kind == "hidden"}
        for name in self.form.typed():
            # Blanks alone are nothing typed; crispy draws them as one.
            said = text_of(sent[name][-1]) if sent.get(name) else ""
            if said.strip() and "password" not in name and shown.get(name) != said:
                self.blame(what, f"{answer.status_code} forgets {name}")
        for target, message in page.summary:
            if target in hidden or target not in page.texts:
                self.blame(what, f"the summary leads to {target}, which nobody sees")
            elif message not in page.described(target):
                self.blame(what, f"{target} is not described by “{message}”")


def attacks_on(scene: Scene, route: Route) -> list[Attack]:
    return [Attack(scene, route, place, form) for place, form in forms_of(scene, route)]


POSTED = [each for each in DECLARED if "POST" in MATRIX[each.name].methods]


@pytest.mark.parametrize("route", POSTED, ids=str)
def test_no_form_breaks_or_forgets(scene, route):
    problems: list[str] = []
    for attack in attacks_on(scene, route):
        for turn, sent in enumerate(rotations(list(attack.valid))):
            attack.keeps(f"turn {turn}", attack.send(f"turn {turn}", encoded(sent)), sent)
        for turn, sent in enumerate(written(attack.form)):
            answer = attack.send(f"text {turn}", encoded(attack.valid | sent), follow=True)
            attack.keeps(f"text {turn}", answer, attack.valid | sent)
        for what, body, kind in bodies(attack.valid):
            attack.send(what, body, kind)
        for what, body, kind in nul_bodies(attack.valid):
            answer = attack.send(what, body, kind)
            if answer.status_code != HTTPStatus.BAD_REQUEST and route.name != "mesoclinic:csp_report":
                attack.blame(what, f"{answer.status_code}, and should be 400")
        for version in VERSIONS if "version" in attack.valid else ():
            attack.refused(f"version {version[:12]!r}", {"version": [version]})
        for name in sorted(attack.valid.keys() & scene.foreign.keys()):
            attack.refused(f"{name} of another site", {name: [str(scene.foreign[name])]})
        problems += attack.problems
    assert not problems, "\n".join(problems)


def text_of(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def encoded(sent: Sent) -> bytes:
    return urlencode([(name, value) for name, values in sent.items() for value in values]).encode()


@pytest.mark.parametrize("route", [each for each in DECLARED if "GET" in MATRIX[each.name].methods], ids=str)
def test_no_query_breaks_a_page(scene, route):
    if route.name in PAPERS or route.name == "mesoclinic:readyz":
        return
    client, problems, names = scene.client_for(route.name), [], QUERIES.get(route.name, ("q", "page"))
    for place in scene.places(route)[:1] if route.name not in QUERIES else scene.places(route):
        for sent in rotations(names) if route.name in QUERIES else [{name: [POISONS["2**63"]] for name in names}]:
            answer = called(client, "GET", f"{place}?{encoded(sent).decode()}")
            problems += [f"{place}?{sent}: {failure(answer)}"] if failure(answer) else []
        answer = called(client, "GET", f"{place}?{names[0]}=a%00b")
        problems += [f"{place}: {answer.status_code} for NUL"] if answer.status_code != HTTPStatus.BAD_REQUEST else []
        for query in ("a=1&" * 1_600, f"{names[0]}={LONG[:60_000]}", f"{names[0]}[$ne]=1&_connector=x", "&&=;%", "%"):
            answer = called(client, "GET", f"{place}?{query}")
            problems += [f"{place}?{query[:20]}: {failure(answer)}"] if failure(answer) else []
    assert not problems, "\n".join(problems)


IDS = ("0", str(2**31), str(2**63), "9" * 40, "9" * 5_000, "-1", "1e5", "%D9%A1", "%00", "%ED%A0%80", "1%20", "None")


@pytest.mark.parametrize("route", [each for each in DECLARED if each.parameters], ids=str)
def test_no_number_in_an_address_breaks_a_page(scene, route):
    client, problems, ours = scene.client_for(route.name), [], scene.keys_of(route)
    for name in route.parameters:
        for value in IDS:
            address = reverse(route.name, kwargs=ours | {name: 7_007_007}).replace("7007007", value)
            for method in MATRIX[route.name].methods:
                answer = called(client, method, address)
                wanted = {200, 302, 422} if MATRIX[route.name].who == ACCOUNT else SOFT.get(name, set())
                if answer.status_code not in {400, 404} | wanted:
                    problems.append(f"{method} {address[:60]}: {answer.status_code}")
    assert not problems, "\n".join(problems)


HEADERS = [
    {"Cookie": 'session="\\000\\000\\000\\000\\000\\000\\000\\000"'},
    {"Cookie": "session=" + "x" * 8_000},
    {"Cookie": "session=\xff\xfe\xed\xa0\x80aaaaaaaa; csrf=\xff; messages=\x80"},
    {"Cookie": 'csrf="\\000"; messages="\\000"; =x; ;;'},
    {"HX-Request": "true", "HX-Current-URL": "http://[x", "HX-Target": "\xff", "HX-Trigger": "x" * 8_000},
    {"Host": "evil.example"},
    {"Host": "\xff\xfe"},
    {"X-Forwarded-For": "1.1.1.1, not an address, \xff"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript"},
    {"Accept-Language": "x" * 5_000 + ";q=NaN"},
    {"Accept": "*/*;q=1e400,;;=,"},
    {"Referer": "http://[x", "Origin": "null"},
    {"Range": "bytes=9-1", "If-Modified-Since": "31 Feb 99999", "If-None-Match": '"'},
    {"X-Requested-With": "XMLHttpRequest", "Authorization": "Basic \xff"},
    {"User-Agent": "'; DROP TABLE x;--\xff"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=lambda each: ", ".join(each))
def test_no_header_breaks_a_page(scene, headers):
    problems = []
    for name, place in ((DESK, "/"), (DESK, "/patients/?q=a"), ("nobody", "/accounts/login/"), (DOCTOR, "/messages/")):
        strict = Client(raise_request_exception=False, enforce_csrf_checks=True)
        strict.cookies = deepcopy(scene.clients[name].cookies)
        for method in ("GET", "POST"):
            answer = called(strict, method, place, b"csrfmiddlewaretoken=%FF", **headers)
            problems += [f"{method} {place}: {failure(answer)}"] if failure(answer) else []
    assert not problems, "\n".join(problems)
