"""A whole consultation by keyboard alone, in few interactions."""

import re
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from patients.models import Consultation, Patient

pytestmark = pytest.mark.usefixtures("rows")

MOST_INTERACTIONS = 60
# The questions in the order in which the focus comes to them, and the one key or typed field that answers each.
WALK = (
    ("dx", "2"),
    ("weight_kg", "62,5"),
    ("prior_meso_reaction", "1"),
    ("severity__ludwig", "1"),
    ("scarring_status", "1"),
    ("scalp_infection", "1"),
    ("scalp_inflammation", "1"),
    ("scalp_wound", "n"),
    ("suspicious_lesion", "n"),
    ("herpes", "1"),
    ("bp_sys", "124"),
    ("bp_dia", "78"),
    ("allergies_reviewed", "y"),
    ("bleeding_disorder", "n"),
    ("keloid", "1"),
    ("immunosuppression", "1"),
    ("cancer", "1"),
    ("diabetes", "1"),
    ("autoimmune", "1"),
    ("epilepsy", "n"),
    ("cardiac", "1"),
    ("anticoagulant", "1"),
    ("antiplatelet", "2"),
    ("isotretinoin", "1"),
    ("childbearing_potential", "y"),
    ("pregnancy_status", "1"),
    ("breastfeeding", "n"),
    ("conception_plan_6mo", "n"),
    ("expectations", "1"),
)
# Two of one kind of answer: the doctor says that this was all of it.
SEVERAL = ("dx", "cardiac")


class Counted:
    """A keyboard that counts: one key press, or one typed field, is one interaction."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += 1


def new_patients() -> list[Patient]:
    """Women of the demo clinic at the doctor's first site who were never seen, youngest record first."""
    found = Patient.objects.filter(consultations=None, fact_sheets=None, sex_at_birth="female", sites=1)
    return list(found.order_by("-pk"))


def verdict(page: Page) -> Locator:
    return page.locator("#verdict").get_by_role("heading").first


def test_a_consultation_by_keyboard_alone(signed_in_as: Callable[..., Page], capsys):
    patient = new_patients()[0]
    page = signed_in_as("derm")
    page.goto(f"/patients/{patient.pk}/")
    keys = Counted(page)
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/consultations/\d+/$"))
    keys.press("Alt+ArrowDown")
    for name, answer in WALK:
        expect(page.locator(f"[name={name}]:focus")).to_be_visible()
        if len(answer) > 1:
            keys.type(answer)
            keys.press("Enter")
        else:
            keys.press(answer)
            if name in SEVERAL:
                keys.press("Enter")
    expect(verdict(page)).to_have_text("Suitable with conditions")
    expect(page.locator("#verdict-said")).to_contain_text("Suitable with conditions. Everything needed is answered")
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/review/$"))
    cautions = page.locator("[name=acknowledged]")
    keys.press("Tab")
    while not page.evaluate("document.activeElement.name === 'acknowledged'"):
        keys.press("Enter" if page.evaluate("document.activeElement.matches('.skip')") else "Tab")
    for number in range(cautions.count()):
        expect(cautions.nth(number)).to_be_focused()
        keys.press("Space")
        keys.press("Tab")
    keys.press("Control+Enter")
    expect(page.get_by_text("Consultation signed and locked.")).to_be_visible()
    assert Consultation.objects.get(patient=patient).state == Consultation.State.SIGNED
    with capsys.disabled():
        sys.stdout.write(f"\na consultation by keyboard alone: {keys.count} interactions\n")
    assert keys.count < MOST_INTERACTIONS
