"""`make screenshots`: the pictures of the documentation, one for each role, taken from a running demo clinic."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mesoclinic.demo import DEMO_PASSWORD  # noqa: E402
from tests import services  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
# A Wednesday in the middle of the morning, so that the day is under way.
MOMENT = datetime(2026, 11, 25, 10, 40, tzinfo=ZoneInfo("Europe/Madrid"))
SIZE = ViewportSize(width=1440, height=900)


@dataclass(frozen=True)
class Picture:
    """A screen as one demo user sees it: `open_` leads from the address to what is shown."""

    name: str
    login: str
    address: str
    link: str = ""


PICTURES = (
    Picture("front_desk", "desk", "/"),
    Picture("calendar", "desk", "/calendar/"),
    Picture("dermatologist", "derm", "/consultations/", link="table a, main .rows a, main li a"),
    Picture("nurse", "nurse", "/"),
    Picture("director", "director", "/catalogue/2026.1/"),
)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with services.clinic(at=MOMENT) as clinic, _chromium() as browser:
        for picture in PICTURES:
            page = _signed_in(browser, clinic.base_url, picture.login)
            page.goto(picture.address)
            if picture.link:
                page.locator(picture.link).first.click()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{picture.name}.png")
            page.context.close()
            print(f"docs/screenshots/{picture.name}.png")
    return 0


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.CHROMIUM, args=services.CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def _signed_in(browser: Browser, base_url: str, login: str) -> Page:
    page = browser.new_context(base_url=base_url, viewport=SIZE).new_page()
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(f"{login}@demo.test")
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    return page


if __name__ == "__main__":
    raise SystemExit(main())
