"""`make screenshots`: the pictures of the documentation, one for each role, taken from a running demo clinic."""

import sys
from collections.abc import Callable, Iterator
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
SITE_ZONE = "Europe/Madrid"
# A Wednesday at ten past eleven, when the demo has somebody in each state.
MOMENT = datetime(2026, 11, 25, 11, 10, tzinfo=ZoneInfo(SITE_ZONE))
DESKTOP = ViewportSize(width=1440, height=900)
TABLET = ViewportSize(width=1024, height=768)
# What a doctor has asked by the time of the picture; the rest is what the verdict still misses.
ANSWERED = {
    "sex_at_birth": "female",
    "severity__ludwig": "I",
    "childbearing_potential": "no",
    "conception_plan_6mo": "no",
    "scarring_status": "none",
    "scalp_inflammation": "none",
    "scalp_wound": "no",
    "suspicious_lesion": "no",
    "herpes": "none",
    "fitzpatrick": "III",
    "allergies_reviewed": "yes",
    "prior_meso_reaction": "none",
    "bleeding_disorder": "no",
    "anticoagulant": "none",
    "antiplatelet": "single",
    "keloid": "none",
    "immunosuppression": "none",
    "cancer": "none",
    "diabetes": "none",
    "autoimmune": "none",
    "epilepsy": "no",
    "cardiac": "none",
    "isotretinoin": "never",
    "expectations": "realistic",
    "needle": "vasovagal",
}
MEASURED = {"weight_kg": "62", "bp_sys": "124", "bp_dia": "78"}
COURSE = {
    "session_count": "10",
    "technique": "T-PAP",
    "spacing_cm": "1.0",
    "ml_per_point": "0.05",
    "depth_mm": "1",
    "zone__mid_scalp": "40",
    "zone__vertex": "40",
}
MIXTURE = (
    ("Biotin 5 mg/mL (VIT_BIOTIN)", "1"),
    ("Dexpanthenol 250 mg/mL (DEXPANTHENOL)", "1"),
    ("Zinc gluconate 1 mg/mL (MIN_ZINC)", "0.5"),
    ("Arginine 100 mg/mL (AA_ARGININE)", "0.5"),
    ("Hyaluronic acid 10 mg/mL, not cross-linked (HA_NCL)", "1"),
)


def _consultation(page: Page) -> None:
    """A draft with its verdict: what may go on, and on which conditions."""
    page.goto("/consultations/")
    page.get_by_role("row").filter(has_text="Draft").get_by_role("link").first.click()
    page.locator("[name=dx][value=TE]").uncheck()
    page.locator("[name=dx][value=FPHL]").check()
    for name, value in ANSWERED.items():
        page.locator(f"[name='{name}'][value='{value}']").press("Space")
    for name, text in MEASURED.items():
        page.locator(f"[name='{name}']").fill(text)
    page.locator("#verdict").get_by_text("Suitable with conditions").first.wait_for()
    page.evaluate("window.scrollTo(0, 0)")


def _consultation_at_the_grade(page: Page) -> None:
    """The same draft where its mock stands: at the grade, one answer still missing."""
    _consultation(page)
    page.locator("[name=epilepsy]").evaluate_all("boxes => boxes.forEach((box) => { box.checked = false; })")
    page.locator("[name=epilepsy]").first.dispatch_event("change")
    page.locator("#verdict").get_by_text("Not enough information yet").first.wait_for()
    page.locator("[data-question=severity__ludwig]").evaluate("row => row.scrollIntoView({ block: 'start' })")
    page.evaluate("window.scrollBy(0, -260)")


def _builder(page: Page) -> None:
    """A nutrient course on two zones with its mixture, limits and findings."""
    page.goto("/consultations/")
    page.get_by_role("row").filter(has_text="Signed").get_by_role("link").first.click()
    page.get_by_role("button", name="Make a treatment plan").click()
    page.locator("[name=technique]").wait_for()
    page.locator("[name=protocol]").select_option("P5")
    for name, text in COURSE.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
    for number, (product, volume) in enumerate(MIXTURE):
        page.locator(f"[name=part__{number}__product]").select_option(label=product)
        page.locator(f"[name=part__{number}__volume]").fill(volume)
        page.locator(f"[name=part__{number}__volume]").press("Tab")
    page.get_by_text(f"{len(MIXTURE)} components").wait_for()
    page.evaluate("window.scrollTo(0, 0)")


def _treatment_room(page: Page) -> None:
    """The session of the patient whose scalp is being numbed."""
    page.goto("/board/")
    page.get_by_role("region", name="Numbing").get_by_role("link").first.click()
    page.get_by_role("link", name="Open session").click()


def _protocols(page: Page) -> None:
    """The protocols of the release, one of them open with its sources."""
    page.goto("/catalogue/2026.1/?kind=protocol")
    page.locator("main summary").filter(has_text="P1").first.click()


@dataclass(frozen=True)
class Picture:
    """A screen as one demo user sees it: an address, or how to get there."""

    name: str
    login: str
    to: str | Callable[[Page], None]
    size: ViewportSize


PICTURES = (
    Picture("front_desk", "desk", "/", DESKTOP),
    Picture("calendar", "desk", "/calendar/?view=day&by=clinician", DESKTOP),
    Picture("dermatologist", "derm", _consultation, DESKTOP),
    Picture("consultation", "derm", _consultation_at_the_grade, DESKTOP),
    Picture("formulation-builder", "derm", _builder, DESKTOP),
    Picture("catalogue-review", "director", "/catalogue/2026.1/", DESKTOP),
    Picture("nurse", "nurse", _treatment_room, TABLET),
    Picture("director", "director", _protocols, DESKTOP),
)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with services.clinic(at=MOMENT) as clinic, _chromium() as browser:
        for picture in PICTURES:
            _take(browser, clinic.base_url, picture)
            print(f"docs/screenshots/{picture.name}.png", flush=True)
    return 0


def _take(browser: Browser, base_url: str, picture: Picture) -> None:
    page = _signed_in(browser, base_url, picture)
    if isinstance(picture.to, str):
        page.goto(picture.to)
    else:
        picture.to(page)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    page.context.close()


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.CHROMIUM, args=services.CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def _signed_in(browser: Browser, base_url: str, picture: Picture) -> Page:
    page = browser.new_context(base_url=base_url, viewport=picture.size, timezone_id=SITE_ZONE).new_page()
    # The calendar marks the browser's own day and hour.
    page.clock.set_system_time(MOMENT)
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(f"{picture.login}@demo.test")
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    return page


if __name__ == "__main__":
    raise SystemExit(main())
