"""Migrations lead from nothing to the models, on the database under test."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests import services

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
def test_an_empty_database_becomes_a_clinic_and_nothing_is_missing(tmp_path: Path):
    server = os.environ.get("DATABASE_URL", "")
    with services.private_database(server) if server else nullcontext("") as database:
        environment = {**os.environ, "DATABASE_URL": database, "MESOCLINIC_VAR": str(tmp_path)}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        for words in (["migrate"], ["makemigrations", "--check", "--dry-run"], ["migrate", "--check"]):
            command = [sys.executable, "manage.py", *words, "--verbosity", "0"]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
