"""The rest of a course planned anew at the desk, in so many presses."""

from datetime import timedelta
from itertools import count

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, expect

from sessions.models import Booking, TreatmentSession
from sessions.queries.bookings import COMING

AT_MOST = 3


@pytest.mark.usefixtures("rows")
def test_a_missed_session_has_a_new_date_after_three_presses_from_the_board(clinic_clock, sign_in_as):
    missed = coming_with_more_ahead()
    session = missed.treatment_session
    clinic_clock.set(missed.starts_at + timedelta(minutes=20))
    desk = sign_in_as("desk")
    presses = count(1)

    def press(button: Locator) -> int:
        button.click()
        return next(presses)

    desk.goto(f"{reverse('sessions:board')}?site={missed.site_id}")
    card = desk.locator(".board-card").filter(has=desk.locator(f'a[href="/bookings/{missed.pk}/"]'))
    press(card.get_by_role("button", name="Did not come"))
    press(card.get_by_role("link", name="Re-plan"))
    expect(desk.get_by_role("table", name="Sessions before and after")).to_be_visible()
    expect(desk.get_by_role("row").filter(has_text="New date")).to_have_count(1)
    used = press(desk.locator("[data-books]"))
    expect(desk.get_by_text("The rest of the course is planned anew.")).to_be_visible()
    assert used <= AT_MOST
    missed.refresh_from_db()
    assert missed.state == Booking.State.NO_SHOW
    again = session.bookings.get(state=Booking.State.BOOKED)
    assert again.starts_at > missed.ends_at
    assert TreatmentSession.objects.get(pk=session.pk).state == TreatmentSession.State.BOOKED


def coming_with_more_ahead() -> Booking:
    """A visit of the demo clinic in the middle of an open course."""
    visits = Booking.objects.filter(
        state__in=COMING, treatment_session__series__state="open", treatment_session__state="booked"
    ).select_related("treatment_session__series")
    return next(
        visit
        for visit in visits.order_by("starts_at")
        if visit.treatment_session.series.sessions.filter(ordinal__gt=visit.treatment_session.ordinal).exists()
    )
