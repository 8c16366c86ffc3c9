"""With a demo password, DEBUG, a short key or a wildcard host the clinic does not start (H11)."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from mesoclinic.demo import DEMO_LOGINS
from tests.builders import clinic

SAFE = {
    "DEMO": False,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["clinic.example"],
    "SECRET_KEY": "s" * 64,
    "AUDIT_KEY": "a" * 64,
}


def problems() -> list[str]:
    return [str(each.id) for each in run_checks(tags=["startup"], include_deployment_checks=True)]


@pytest.fixture(autouse=True)
def safe(settings):
    for name, value in SAFE.items():
        setattr(settings, name, value)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DEBUG", True, "mesoclinic.E401"),
        ("ALLOWED_HOSTS", ["clinic.example", "*"], "mesoclinic.E402"),
        ("SECRET_KEY", "s" * 63, "mesoclinic.E403"),
        ("AUDIT_KEY", "a" * 63, "mesoclinic.E403"),
    ],
)
def test_one_thing_wrong_is_named(settings, name, value, problem):
    assert problems() == []
    setattr(settings, name, value)
    assert problems() == [problem]
    settings.DEMO = True
    assert problems() == []


def test_the_demo_clinic_does_not_become_a_real_one():
    demo = clinic.staff("front_desk", email=DEMO_LOGINS[0])
    assert problems() == ["mesoclinic.E404"]
    with pytest.raises(SystemCheckError, match="demo clinic"):
        call_command("prepare")
    demo.is_active = False
    demo.save()
    assert problems() == []
