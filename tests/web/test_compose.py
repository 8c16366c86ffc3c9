"""docker-compose.yml: valid, and its commands and health checks work as they are written there."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import check_jsonschema
import jsonschema
import pytest
import yaml

from tests import services

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("prepare", "web", "worker", "beat")
SCHEMA = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor" / "compose-spec.json"


def test_it_is_valid_by_the_compose_specification():
    jsonschema.validate(COMPOSE, json.loads(SCHEMA.read_text()))


def test_the_specification_would_notice_a_wrong_word():
    wrong = {**COMPOSE, "services": {"web": {**COMPOSE["services"]["web"], "helthcheck": {}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("name", OURS[1:])
def test_every_lasting_part_of_ours_waits_for_its_servers_and_checks_its_health(name: str):
    part = COMPOSE["services"][name]
    assert set(part["depends_on"]) == {"prepare", "postgres", "redis"}
    assert part["healthcheck"]["test"][0] == "CMD"
    assert part["read_only"] is True


def test_nothing_runs_as_root_and_data_outlives_the_containers():
    image = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER clinic" in image
    for name in ("postgres", "redis"):
        assert COMPOSE["services"][name]["user"] != "root"
    for part in COMPOSE["services"].values():
        assert part["volumes"][0].split(":")[0] in COMPOSE["volumes"]


@pytest.mark.processes
@pytest.mark.once
def test_commands_and_health_checks_work_as_written(tmp_path: Path):
    with ExitStack() as running:
        database = running.enter_context(services.postgres())
        broker = running.enter_context(services.redis())
        environment = _environment(tmp_path, database, broker)
        _call(COMPOSE["services"]["prepare"]["command"], environment)
        parts = {name: COMPOSE["services"][name] for name in OURS[1:]}
        assert not any(_is_healthy(part, environment) for part in parts.values())
        for name, part in parts.items():
            log = running.enter_context((tmp_path / f"{name}.log").open("wb"))
            running.enter_context(
                services.running(part["command"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
            )
        for name, part in parts.items():
            healthy = partial(_is_healthy, part, environment)
            services.wait_for(healthy, seconds=60, what=f"{name} in health")


def _environment(folder: Path, database: str, broker: str) -> dict[str, str]:
    """What the containers are told, as far as it can be told without containers."""
    told = dict(COMPOSE["services"]["web"]["environment"])
    told |= {"DATABASE_URL": database, "REDIS_URL": broker, "PUBLIC_URL": "https://clinic.example"}
    told |= {"ALLOWED_HOSTS": "clinic.example,127.0.0.1", "BEHIND_PROXY": "1", "EMAIL_HOST": "localhost"}
    told |= {name: "" for name, value in told.items() if value.startswith("${")}
    told |= {"EMAIL_PORT": "25", "EMAIL_USE_TLS": "0", "PORT": str(services.free_port())}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    home = {"HOME": str(folder), "MESOCLINIC_VAR": str(folder), "DEFAULT_FROM_EMAIL": "clinic@localhost"}
    return {"PATH": path, **told, **home}


def _is_healthy(part: dict, environment: dict[str, str]) -> bool:
    return _call(part["healthcheck"]["test"][1:], environment, may_fail=True) == 0


def _call(command: list[str], environment: dict[str, str], *, may_fail: bool = False) -> int:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert may_fail or done.returncode == 0, done.stdout + done.stderr
    return done.returncode
