"""A slip of the hand is taken back from the keyboard; a patient moves a visit on a phone, and the desk sees it."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from patients.queries.links import token_of
from sessions.models import Booking
from sessions.queries.own_visit import open_link_of

pytestmark = pytest.mark.usefixtures("rows")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "bypass_csp": True}


def test_a_slip_is_undone_by_keyboard_after_a_reload(signed_in_as: Callable[..., Page]):
    booking = to_come()[0]
    desk = signed_in_as("desk")
    desk.goto(f"/bookings/{booking.pk}/cancel/")
    desk.get_by_role("button", name="Cancel visit").click()
    expect(desk.get_by_text("1 visit cancelled.")).to_be_visible()
    desk.reload()
    desk.goto(f"/calendar/?on={booking.starts_at:%Y-%m-%d}")
    offer = desk.get_by_role("button", name=re.compile(r"Undo 2:\d\d"))
    expect(offer).to_be_visible()
    offer.focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Undone. All is as it was before.")).to_be_visible()
    booking.refresh_from_db()
    assert booking.state == "booked"
    # What the same desk did before it may be offered next.
    expect(desk.get_by_text("1 visit cancelled.")).to_have_count(0)


def test_a_patient_moves_a_visit_on_a_phone(new_page: Callable[..., Page], signed_in_as: Callable[..., Page]):
    booking = to_come()[4]
    phone = new_page(**PHONE)
    phone.goto(f"/l/{token_of(open_link_of(booking).seed)}/")
    accessible(phone)
    phone.get_by_role("button", name="Yes, I come").click()
    expect(phone.get_by_text("We know that you come")).to_be_visible()
    phone.get_by_role("link", name="Cancel the visit").click()
    accessible(phone)
    phone.get_by_role("link", name="Keep the visit").click()
    phone.get_by_role("link", name="Choose another time").click()
    accessible(phone)
    phone.get_by_role("radio").last.check()
    phone.get_by_role("button", name="Take this time").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your visit has moved.")
    accessible(phone)

    desk = signed_in_as("desk")
    desk.goto(f"/bookings/{booking.pk}/")
    expect(desk.get_by_text("by the patient")).to_be_visible()
    desk.goto("/calendar/address/")
    desk.get_by_role("button", name="Make an address").click()


def to_come() -> list[Booking]:
    coming = Booking.objects.filter(state="booked", patient__isnull=False, site__country="ES", kind="treatment")
    return list(coming.order_by("starts_at")[8:])


def accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]] == []
