"""The first director of an empty clinic."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from mesoclinic.accounts import User
from mesoclinic.sites import Site

ANSWERS = ["Levent", "Europe/Istanbul", "tr", "112", "Director@Clinic.example", "Dr Deniz", "a long password of mine"]


def _create(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> str:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join([*answers, ""])))
    call_command("create_director", stdout=io.StringIO(), stderr=errors)
    return errors.getvalue()


def test_the_answers_make_a_site_and_its_director(monkeypatch):
    _create(monkeypatch, ANSWERS)
    director = User.objects.get()
    assert (director.email, director.roles) == ("director@clinic.example", ["director"])
    assert director.check_password("a long password of mine")
    assert list(director.sites.values_list("name", "country")) == [("Levent", "TR")]


def test_a_wrong_answer_is_asked_again(monkeypatch):
    errors = _create(monkeypatch, ["Levent", "Mars/Olympus", *ANSWERS[1:-1], "short", ANSWERS[-1]])
    assert "Mars/Olympus" in errors
    assert "too short" in errors
    assert User.objects.count() == 1


def test_no_answer_creates_nothing(monkeypatch):
    with pytest.raises(CommandError, match="Nobody answered"):
        _create(monkeypatch, ANSWERS[:3])
    assert not Site.objects.exists()


def test_a_clinic_with_users_is_left_alone(monkeypatch):
    _create(monkeypatch, ANSWERS)
    with pytest.raises(CommandError, match="users already"):
        _create(monkeypatch, ANSWERS)
