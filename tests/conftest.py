"""What every test gets: its kind and its database access by folder, and a clock that a test may move."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context
from django.template.base import Template
from hypothesis import settings as hypothesis_settings

from mesoclinic.clock import lead_to

HERE = Path(__file__).parent
KINDS = {"unit", "property", "db", "web", "browser", "architecture"}
NEED_DATABASE = {"db", "web"}

# A test says the same on whatever day it runs: Thursday in an ordinary week, between two clock changes.
ORDINARY_DAY = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)

# Reduced and seeded here; `make races` and `make fuzz` run the sweeps in full.
hypothesis_settings.register_profile("ordinary", max_examples=60, derandomize=True, deadline=None, database=None)
hypothesis_settings.register_profile("full", max_examples=2000, deadline=None, database=None)
hypothesis_settings.load_profile("ordinary")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind = item.path.relative_to(HERE).parts[0]
        if kind in KINDS:
            item.add_marker(getattr(pytest.mark, kind))
        if kind in NEED_DATABASE and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


class Clock:
    """The project's one clock, moved through the same file that other processes read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, moment: datetime) -> None:
        """From now on it is this moment, and time goes on from there."""
        lead_to(self.file, moment)

    def advance(self, **length: float) -> None:
        """Moves the clock on by a timedelta's arguments."""
        offset = timedelta(seconds=float(self.file.read_text())) + timedelta(**length)
        self.set(datetime.now(UTC) + offset)


@pytest.fixture
def clock(tmp_path_factory: pytest.TempPathFactory, settings, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Moves `mesoclinic.clock.now()`, an ordinary day at first: `clock.set(moment)`, `clock.advance(days=1)`."""
    moved = Clock(tmp_path_factory.mktemp("clock") / "clock")
    moved.set(ORDINARY_DAY)
    settings.CLOCK_FILE = str(moved.file)
    monkeypatch.setenv("MESOCLINIC_CLOCK_FILE", str(moved.file))
    return moved


@pytest.fixture(autouse=True)
def _an_ordinary_day(request: pytest.FixtureRequest) -> None:
    """No test with a database reads the real clock."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("clock")


@pytest.fixture
def sign_in(client) -> Callable[[object], object]:
    """Signs a member of staff in on the test client and returns the client."""

    def enter(user: object) -> object:
        client.force_login(user)
        return client

    return enter


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> None:
    """Every test finds an empty database; the shipped catalogue lies beside it, ready to be copied."""
    from tests.builders import catalogue

    with django_db_blocker.unblock():
        catalogue.keep()


@pytest.fixture(scope="session", autouse=True)
def _plain_rendering(django_test_environment: None) -> None:
    """Templates render as in the clinic: Django's runner keeps a copy of each context, and ours read HTML alone."""
    Template._render = _rendered


def _rendered(template: Template, context: Context) -> str:
    return template.nodelist.render(context)


@pytest.fixture(autouse=True)
def _guards_make_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """The flush after a test with real transactions deletes what guards keep; the flush itself brings them back."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")) and "transactional_db" not in request.fixturenames:
        yield
        return
    from mesoclinic import guards

    request.getfixturevalue("transactional_db")
    yield
    guards.remove()


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """What one test translates or activates does not leak into the next."""
    yield
    from django.utils import timezone, translation

    timezone.deactivate()
    translation.deactivate()
