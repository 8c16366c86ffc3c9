"""A photograph on a tablet: from the browser's camera under the ghost of the baseline into each way to compare."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mesoclinic.accounts import User
from patients.models import Consent, Patient, Photo
from sessions.models import Series
from tests.builders import photographs

pytestmark = pytest.mark.usefixtures("rows")
TABLET = {"viewport": {"width": 1024, "height": 768}, "has_touch": True, "bypass_csp": True}
ALLOWED = "document.featurePolicy.allowsFeature('camera')"


def test_takes_two_photographs_of_a_view_and_compares_them(signed_in_as: Callable[..., Page]):
    patient = who_consented()
    nurse = signed_in_as("nurse", **TABLET)
    taking = f"/patients/{patient.pk}/photographs/new/"
    for number in range(2):
        nurse.goto(f"{taking}?view=vertex")
        expect(nurse.locator("[data-ghost]")).to_have_count(number)
        take_one(nurse)
        expect(nurse.get_by_role("heading", name="Frontal hairline")).to_be_visible()
    accessible(nurse)
    first, second = Photo.objects.filter(patient=patient, view="vertex")
    assert (first.baseline, second.baseline) == (True, False)

    nurse.goto(f"/patients/{patient.pk}/photographs/")
    accessible(nurse)
    nurse.locator("[data-tile]").first.focus()
    nurse.keyboard.press("v")
    nurse.wait_for_url("**/compare/**")
    seen(nurse, 2)
    slider = nurse.get_by_role("slider")
    slider.focus()
    nurse.keyboard.press("ArrowRight")
    expect(nurse.locator(".photo-slider")).to_have_css("--cut", "51%")
    accessible(nurse)

    nurse.get_by_role("link", name="Side by side").click()
    seen(nurse, 2)
    nurse.get_by_role("group", name="Side by side").focus()
    for key in ("+", "ArrowRight"):
        nurse.keyboard.press(key)
    places = nurse.locator(".pane img").evaluate_all("all => all.map((each) => getComputedStyle(each).transform)")
    assert places[0] == places[1] != "none"
    expect(nurse.locator("[data-zoom]")).to_have_text("125 %")
    accessible(nurse)

    nurse.get_by_role("link", name="Time line").click()
    large = nurse.locator("[data-large]")
    newest = large.get_attribute("src")
    nurse.get_by_role("radio").last.focus()
    nurse.keyboard.press("ArrowLeft")
    expect(large).not_to_have_attribute("src", newest or "")
    seen(nurse, 1)
    accessible(nurse)


def test_no_other_page_may_open_the_camera(signed_in_as: Callable[..., Page]):
    patient = who_consented()
    nurse = signed_in_as("nurse")
    nurse.goto(f"/patients/{patient.pk}/photographs/new/")
    assert nurse.evaluate(ALLOWED) is True
    nurse.goto(f"/patients/{patient.pk}/photographs/")
    assert nurse.evaluate(ALLOWED) is False


def who_consented() -> Patient:
    """A patient of the demo who was never asked about photographs and now allows them for the record."""
    doctor = User.objects.get(email="derm@demo.test")
    asked = Consent.objects.filter(kind=Consent.Kind.PHOTO).values("patient")
    new = Series.objects.filter(site__in=doctor.sites.all(), patient__photos=None).exclude(patient__in=asked)
    patient = new.order_by("-pk")[0].patient
    photographs.consent(patient, by=doctor)
    return patient


def take_one(page: Page) -> None:
    """Take, look, take again, keep."""
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_role("img", name="The photograph just taken")).to_be_visible()
    page.get_by_role("button", name="Retake").click()
    page.get_by_role("button", name="Take", exact=True).click()
    page.get_by_role("button", name="Keep").click()


def seen(page: Page, count: int) -> None:
    """So many large photographs are there and drawn."""
    drawn = "all => all.length && all.every((each) => each.complete && each.naturalWidth > 0) ? all.length : 0"
    large = page.locator(".photo-pair img, [data-large]")
    page.wait_for_function("() => [...document.images].every((each) => each.complete)")
    assert large.evaluate_all(drawn) == count


def accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]] == []
