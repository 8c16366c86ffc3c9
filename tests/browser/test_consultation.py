"""A whole consultation by keyboard alone, and one by touch alone; and nothing typed is lost with the session."""

import re
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from mesoclinic.demo import DEMO_PASSWORD
from patients.models import Consultation, Patient

pytestmark = pytest.mark.usefixtures("rows")

MOST_INTERACTIONS = 60
TABLET = {"viewport": {"width": 1024, "height": 768}, "has_touch": True}
SMALLEST_TARGET = 44
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
    # A record that was merged opens the other one.
    return list(found.filter(merged_into=None).order_by("-pk"))


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


def test_a_consultation_by_touch_alone(signed_in_as: Callable[..., Page]):
    patient = new_patients()[0]
    page = signed_in_as("derm", **TABLET)
    page.goto(f"/patients/{patient.pk}/")
    tap(page.get_by_role("button", name="Start consultation"))
    page.wait_for_url(re.compile(r"/consultations/\d+/$"))
    for name, answer in WALK:
        if len(answer) > 1:
            field = page.locator(f"[name={name}]")
            tap(field)
            page.keyboard.insert_text(answer)
        else:
            choices = page.locator(f"[name={name}]")
            order = {"y": 0, "n": 1}
            tap(choices.nth(order[answer] if answer in order else int(answer) - 1))
    expect(verdict(page)).to_have_text("Suitable with conditions")
    tap(page.get_by_role("button", name="Review and sign"))
    page.wait_for_url(re.compile(r"/review/$"))
    for caution in page.locator(".caution").all():
        tap(caution.locator("label"))
    tap(page.get_by_role("button", name="Sign consultation"))
    expect(page.get_by_text("Consultation signed and locked.")).to_be_visible()
    assert Consultation.objects.get(patient=patient).state == Consultation.State.SIGNED


def test_what_is_typed_outlives_the_session_and_comes_to_a_second_device(
    sign_in_as: Callable[..., Page],
):
    patient = new_patients()[0]
    page = sign_in_as("derm")
    page.goto(f"/patients/{patient.pk}/")
    page.get_by_role("button", name="Start consultation").click()
    page.wait_for_url(re.compile(r"/consultations/\d+/$"))
    page.locator("[name=notes__complaint]").fill("Since the summer.")
    page.locator("[name=notes__complaint]").press("Tab")
    expect(page.locator("[data-saved-text]")).to_contain_text("Saved")
    page.context.clear_cookies(name="session")
    page.locator("[name=weight_kg]").fill("62,5")
    page.locator("[name=weight_kg]").press("Tab")
    page.locator("[name=notes__complaint]").fill("Since the summer, more in autumn.")
    page.locator("[name=notes__complaint]").press("Tab")
    back = page.get_by_role("link", name="Sign in again and go on")
    expect(back).to_be_visible()
    expect(page.locator("#verdict")).to_be_visible()
    back.click()
    page.locator("input[name=login]").fill("derm@demo.test")
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"/consultations/\d+/$"))
    expect(page.locator("[name=weight_kg]")).to_have_value("62,5")
    expect(page.locator("[data-saved-text]")).to_contain_text("Saved")
    elsewhere = sign_in_as("derm", **TABLET)
    elsewhere.goto(page.url)
    expect(elsewhere.locator("[name=notes__complaint]")).to_have_value("Since the summer, more in autumn.")
    expect(elsewhere.locator("[name=weight_kg]")).to_have_value("62,5")


def tap(control: Locator) -> None:
    """A finger on a control: what it meets is large enough for one."""
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= SMALLEST_TARGET, (control, box)
    control.tap()
