"""A whole series booked while the patient is on the phone: interactions counted, other wishes, by keyboard alone."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from patients.models import PlanVersion
from sessions.models import Booking, Series
from tests.browser.conftest import OPENED

pytestmark = pytest.mark.usefixtures("rows")

BY_DEFAULT, WITH_WISHES = 4, 6
IN_TWO_WEEKS = timedelta(days=14)
MOST_TABS = 80


class Desk:
    """Somebody at the desk whose interactions are counted: one click, or one typed field, is one."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def type(self, field: Locator, text: str) -> None:
        field.fill(text)
        field.press("Enter")
        self.count += 1

    def asks(self, wish: Locator, text: str) -> None:
        """A changed wish is answered by new dates at once, without a button."""
        wish.fill(text)
        with self.page.expect_response("**/book/"):
            wish.press("Tab")
        self.count += 1


@pytest.fixture
def to_book(signed_in_as: Callable[..., Page]) -> tuple[Page, PlanVersion]:
    """The desk, and a signed plan that nobody has booked yet."""
    page = signed_in_as("desk")
    booked = Series.objects.values("plan_version")
    plans = PlanVersion.objects.filter(state="signed", plan__site__country="ES").exclude(pk__in=booked)
    ready = (
        each for each in plans.order_by("pk") if "data-books" in page.request.get(f"/plans/{each.plan_id}/book/").text()
    )
    return page, next(ready)


def test_a_series_with_its_defaults_takes_four_interactions(to_book):
    page, version = to_book
    desk = found(page, version)
    desk.click(page.get_by_role("button", name=f"Book {version.session_count} sessions"))
    is_booked(page, version)
    assert desk.count <= BY_DEFAULT


def test_a_series_with_another_start_week_and_time_takes_six_interactions(to_book):
    page, version = to_book
    desk = found(page, version)
    start = (OPENED + IN_TWO_WEEKS).date()
    desk.asks(page.get_by_label("First session from"), start.isoformat())
    desk.asks(page.get_by_label("Not before"), "11:00")
    desk.click(page.get_by_role("button", name=f"Book {version.session_count} sessions"))
    is_booked(page, version)
    assert desk.count <= WITH_WISHES
    zone = version.plan.site.zone
    visits = Booking.objects.filter(treatment_session__series__plan_version=version).order_by("starts_at")
    times = [visit.starts_at.astimezone(zone) for visit in visits]
    assert start <= times[0].date() < start + timedelta(days=7)
    assert all(each.time() >= time(11) for each in times)


def test_a_series_is_booked_by_keyboard_alone(to_book):
    page, version = to_book
    page.goto("/")
    reaches(page, page.get_by_role("searchbox").first)
    page.keyboard.type(version.plan.patient.record_number)
    page.keyboard.press("Enter")
    presses(page, page.get_by_role("link", name=version.plan.patient.full_name).first)
    presses(page, page.get_by_role("link", name=f"Book {version.session_count} sessions"))
    presses(page, page.get_by_role("button", name=f"Book {version.session_count} sessions"))
    is_booked(page, version)


def found(page: Page, version: PlanVersion) -> Desk:
    """The patient is found by name, then the plan's dates are proposed."""
    desk = Desk(page)
    page.goto("/")
    desk.type(page.get_by_role("searchbox").first, version.plan.patient.record_number)
    desk.click(page.get_by_role("link", name=version.plan.patient.full_name).first)
    desk.click(page.get_by_role("link", name=f"Book {version.session_count} sessions"))
    return desk


def presses(page: Page, target: Locator) -> None:
    """Tab to it and press Enter."""
    reaches(page, target)
    page.keyboard.press("Enter")


def reaches(page: Page, target: Locator) -> None:
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not reach it")


def is_booked(page: Page, version: PlanVersion) -> None:
    expect(page.get_by_text(f"{version.session_count} sessions booked.")).to_be_visible()
    sessions = Series.objects.get(plan_version=version).sessions
    assert sessions.filter(state="booked").count() == version.session_count
