"""Chromium against a whole clinic: real web processes, worker, beat, broker and mail sink."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, sync_playwright

from mesoclinic.demo import DEMO_PASSWORD
from tests import services
from tests.conftest import Clock

OPENED = datetime(2027, 10, 27, 9, 30, tzinfo=ZoneInfo("Europe/Madrid"))
EXPECTED = ("409", "422", "403", "404")


@pytest.fixture(scope="session")
def clinic() -> Iterator[services.Clinic]:
    """The running demo clinic; `make run` on a folder of its own, a few days before the clocks change."""
    with services.clinic(at=OPENED) as running:
        yield running


@pytest.fixture(scope="session")
def base_url(clinic: services.Clinic) -> str:
    return clinic.base_url


@pytest.fixture
def rows(clinic: services.Clinic, django_db_blocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets a test read the running clinic's own database through the models."""
    from mesoclinic import env

    # Playwright's loop runs in this thread, but nothing here is called from within it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    connection = connections["default"]
    kept = dict(connection.settings_dict)
    address = clinic.environment["DATABASE_URL"] or f"sqlite://{clinic.folder}/clinic.sqlite3"
    monkeypatch.setenv("CLINIC_UNDER_TEST", address)
    fresh = env.database("CLINIC_UNDER_TEST", clinic.folder / "clinic.sqlite3", help="tests")
    connection.close()
    connection.settings_dict.update({**fresh, "CONN_MAX_AGE": 0})
    with django_db_blocker.unblock():
        yield
        connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(kept)


@pytest.fixture
def mail_folder(clinic: services.Clinic) -> Path:
    return clinic.folder / "mail"


@pytest.fixture
def clinic_clock(clinic: services.Clinic) -> Iterator[Clock]:
    """Moves the running clinic's one clock; the next test finds it where it was."""
    offset = clinic.clock_file.read_text()
    yield Clock(clinic.clock_file)
    clinic.clock_file.write_text(offset)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    assert services.CHROMIUM, "Chromium is not installed: apt-get install chromium, or name it in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.CHROMIUM, args=services.CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser, base_url: str) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own; every script, console or policy error on any of them fails the test."""
    contexts: list[BrowserContext] = []
    noise: list[str] = []

    def open_page(**options) -> Page:
        context = chromium.new_context(base_url=base_url, **{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("console", lambda line: _listen(line, noise))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert noise == []


@pytest.fixture
def quiet_page(new_page: Callable[..., Page]) -> Page:
    """A page that fails the test on any script error, console error or CSP violation."""
    return new_page()


@pytest.fixture
def sign_in_as(new_page: Callable[..., Page]) -> Callable[..., Page]:
    """`sign_in_as("desk")` gives a page of that demo user, signed in through the real form."""

    def enter(role: str, **options) -> Page:
        page = new_page(**options)
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill(f"{role}@demo.test")
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    return enter


@pytest.fixture(scope="session")
def passes() -> dict[str, StorageState]:
    """The cookies of each demo user who has signed in once."""
    return {}


@pytest.fixture
def signed_in_as(sign_in_as: Callable[..., Page], new_page: Callable[..., Page], passes) -> Callable[..., Page]:
    """`signed_in_as("desk")` gives a page in a new context with the cookies of that user's one real sign-in."""

    def enter(role: str, **options) -> Page:
        if role not in passes:
            passes[role] = sign_in_as(role).context.storage_state()
        return new_page(storage_state=passes[role], **options)

    return enter


def _listen(line: ConsoleMessage, noise: list[str]) -> None:
    if line.type == "error" and not expected_status(line):
        noise.append(f"{line.text} ({line.location.get('url', '')})")


def expected_status(line: ConsoleMessage) -> bool:
    """The browser itself writes a line for each refusal that a test provokes on purpose."""
    return "Failed to load resource" in line.text and any(f"status of {code}" in line.text for code in EXPECTED)
