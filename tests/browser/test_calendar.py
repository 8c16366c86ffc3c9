"""Two people at one calendar: what one does, the other sees; a dragged visit goes to legal places only."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from sessions.models import Booking

HOUR_PX, GRAB_PX = 72, 8

pytestmark = pytest.mark.usefixtures("rows")


def test_a_visit_is_dragged_to_a_legal_time_and_a_colleague_sees_it(signed_in_as: Callable[..., Page]):
    booking = to_come()
    desk, colleague = signed_in_as("desk"), signed_in_as("nurse")
    for page in (desk, colleague):
        page.goto(f"/calendar/?on={local(booking).date()}")
    before = booking.starts_at

    closed, reason = next((at, reason) for at, reason in barred(desk, booking) if at.date() != local(booking).date())
    drag(desk, booking, closed)
    expect(desk.get_by_role("alert").filter(has_text=reason)).to_be_visible()
    booking.refresh_from_db()
    assert booking.starts_at == before

    free = first_free(desk, booking)
    drag(desk, booking, free)
    dialog = desk.get_by_role("dialog", name="Move this visit?")
    expect(dialog).to_contain_text(f"{free:%H:%M}")
    dialog.get_by_role("button", name="Move").click()
    desk.wait_for_url(f"**/bookings/{booking.pk}/")
    booking.refresh_from_db()
    assert local(booking).replace(tzinfo=None) == free

    expect(colleague.get_by_role("status").filter(has_text="1 visit moved.")).to_be_visible()
    x, y = place(colleague, free)
    box = event(colleague, booking).bounding_box()
    assert box
    assert (abs(box["y"] + GRAB_PX - y) < 1, box["x"] <= x) == (True, True)


def to_come() -> Booking:
    coming = Booking.objects.filter(state="booked", patient__isnull=False, site__country="ES").select_related("site")
    return coming.filter(kind="treatment").order_by("starts_at")[3]


def local(booking: Booking) -> datetime:
    return booking.starts_at.astimezone(booking.site.zone)


def barred(page: Page, booking: Booking) -> list[tuple[datetime, str]]:
    """Where the visit may not begin in the shown week, and why."""
    day = local(booking).date()
    told = page.request.get(f"/bookings/{booking.pk}/barred/?on={day}").json()["barred"]
    return [(datetime.fromisoformat(each["start"]), each["reason"]) for each in told]


def first_free(page: Page, booking: Booking) -> datetime:
    told = page.request.get(f"/bookings/{booking.pk}/barred/?on={local(booking).date()}").json()["barred"]
    shut = [(datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"])) for each in told]
    day = local(booking).replace(tzinfo=None, hour=9, minute=0)
    quarters = (day + timedelta(minutes=15 * number) for number in range(36))
    return next(
        at for at in quarters if at != local(booking).replace(tzinfo=None) and not any(a <= at < b for a, b in shut)
    )


def event(page: Page, booking: Booking) -> Locator:
    return page.locator(".ec-event", has=page.locator(f'a[href="/bookings/{booking.pk}/"]'))


def drag(page: Page, booking: Booking, to: datetime) -> None:
    """Holds the visit near its upper edge and lets it go where `to` would be."""
    held = event(page, booking)
    held.scroll_into_view_if_needed()
    box = held.bounding_box()
    assert box
    # Near its corner: another visit may lie over the rest.
    page.mouse.move(box["x"] + GRAB_PX, box["y"] + GRAB_PX)
    page.mouse.down()
    with page.expect_response("**/barred/**"):
        page.mouse.move(*place(page, to), steps=9)
    page.mouse.up()


def place(page: Page, at: datetime) -> tuple[float, float]:
    """The point of the grid a little below a time of its week."""
    column = page.locator(".ec-body .ec-day").nth(at.weekday()).bounding_box()
    first = page.locator(".ec-body .ec-sidebar time").first.get_attribute("datetime")
    assert column
    assert first
    begins = datetime.combine(at.date(), datetime.fromisoformat(first).time())
    hours = (at.replace(tzinfo=None) - begins) / timedelta(hours=1)
    return column["x"] + column["width"] / 2, column["y"] + hours * HOUR_PX + GRAB_PX
