"""Every address × principal × method × object answers as declared; an undeclared address fails (G1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.builders import clinic
from tests.builders.world import World, world
from tests.web.matrix import ACCOUNT, LINK, MATRIX, PUBLIC, TOKEN, UNHELD, USED_LINK, Declared

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
STRANGERS = ("anonymous", "link of the patient", "link of another patient", "expired link", "deactivated")
HOLDERS = ("link of the patient", "link of another patient")
STAFF = ("front_desk", "nurse", "dermatologist", "director")
NO_SITE = 10**9
# What an action may answer once it was let in: done, or refused in words beside the form.
LET_IN = {200, 204, 302, 409, 422}


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the resolver."""

    name: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "", namespace: str = "") -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            name = f"{namespace}:{pattern.name}" if namespace else str(pattern.name)
            yield Route(name, tuple(re.findall(r"<(?:\w+:)?(\w+)>", path)))
        else:
            yield from routes(pattern.url_patterns, path, pattern.namespace or namespace)


ROUTES = list(routes(get_resolver().url_patterns))


@pytest.fixture(scope="module")
def worlds(django_db_setup, django_db_blocker) -> Iterator[tuple[World, World]]:
    """Our clinic and another one for all tests here: what a call writes is rolled back at once."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield world(), world()
        transaction.set_rollback(True)


def test_every_address_is_declared():
    assert {route.name for route in ROUTES} == set(MATRIX)


@pytest.mark.sweep
@pytest.mark.parametrize("route", [r for r in ROUTES if r.name in MATRIX and MATRIX[r.name].who != ACCOUNT], ids=str)
def test_answers_as_declared(route, worlds):
    declared, (ours, theirs) = MATRIX[route.name], worlds
    problems = []
    for principal in (*STRANGERS, *STAFF):
        client = entered(principal, ours, theirs)
        for method in METHODS:
            answers = {
                place: called(client, method, address) for place, address in addresses(route, ours, theirs).items()
            }
            for place, answer in answers.items():
                wanted = expected(declared, principal, method, place, bool(route.parameters))
                if answer.status_code not in wanted:
                    problems.append(f"{principal} {method} {place}: {answer.status_code}, declared {sorted(wanted)}")
            if "out of scope" in answers and body(answers["out of scope"]) != body(answers["absent"]):
                problems.append(f"{principal} {method}: out of scope and absent differ")
    assert problems == []


@pytest.mark.parametrize("route", [r for r in ROUTES if MATRIX.get(r.name, Declared(frozenset(), "")).who == ACCOUNT])
def test_account_doors_never_fail(route):
    """Allauth decides who passes; whoever knocks gets a page or a way, never an error."""
    client = Client()
    address = reverse(route.name, kwargs=dict.fromkeys(route.parameters, "x-y"))
    for method in METHODS:
        assert client.generic(method, address).status_code < HTTPStatus.INTERNAL_SERVER_ERROR


def expected(declared: Declared, principal: str, method: str, place: str, has_object: bool) -> set[int]:
    if declared.who == PUBLIC:
        return {200, 204, 503} if method in declared.methods else {200, 204, 405, 503}
    if declared.who in (LINK, USED_LINK, UNHELD, TOKEN):
        return by_link(declared, principal, method, place)
    if principal in STRANGERS:
        return {302}
    if method not in declared.methods:
        return {405}
    if principal not in declared.who:
        return {403}
    return LET_IN if place == "in scope" or not has_object else {404}


def by_link(declared: Declared, principal: str, method: str, place: str) -> set[int]:
    """A token opens whoever brings it; pages open to the holder of a link, whose used one nobody here has."""
    if method not in declared.methods:
        return {405}
    if declared.who == TOKEN:
        return {302} if place == "in scope" else {404}
    return LET_IN if declared.who == LINK and principal in HOLDERS else {404}


def addresses(route: Route, ours: World, theirs: World) -> dict[str, str]:
    here = reverse(route.name, kwargs={name: ours.keys[name] for name in route.parameters})
    if not route.parameters:
        return {"in scope": here}
    shared = {"version", "run_id", "year", "product_id", "draft_id", "kind", "code", "token", "topic"}
    numbered = {"product_id", "draft_id"}
    theirs_too = {name: theirs.keys[name] for name in shared - numbered} | {"version": "none", "token": "none"}
    absent = {name: theirs_too.get(name, NO_SITE) for name in route.parameters}
    places = {"in scope": here, "absent": reverse(route.name, kwargs=absent)}
    if set(route.parameters) - shared:
        places["out of scope"] = reverse(route.name, kwargs={name: theirs.keys[name] for name in route.parameters})
    return places


def called(client: Client, method: str, address: str) -> HttpResponse:
    """The answer; what the call wrote is rolled back, so that calls do not meet each other."""
    with transaction.atomic():
        answer = client.generic(method, address, b"", content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return answer


def body(answer: HttpResponse) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)


def entered(principal: str, ours: World, theirs: World) -> Client:
    client = Client()
    if principal in STAFF:
        client.force_login(ours.staff[principal])
    elif principal == "deactivated":
        client.force_login(ours.staff["dermatologist_who_left"])
    elif principal != "anonymous":
        tokens = dict(zip(HOLDERS, (ours.keys["token"], theirs.keys["token"]), strict=True))
        client.cookies["link"] = str(tokens.get(principal, ours.keys["token_that_ended"]))
    return client


def test_finds_an_address_that_is_wrongly_open():
    """The matrix itself must be able to fail."""
    assert 200 not in expected(MATRIX["patients:consultations"], "front_desk", "GET", "in scope", False)
    assert clinic.desk().roles == ["front_desk"]
