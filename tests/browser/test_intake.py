"""A patient answers on a phone, closes it, goes on, sends; the dermatologist compares and takes over."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from mesoclinic.demo import sink
from mesoclinic.outbox import Message
from patients.models import Consultation, IntakeDraft, Patient, Proposal
from tests import services
from tests.services import Clinic

pytestmark = pytest.mark.usefixtures("rows")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
# These answers are not the last of their list; everything else the patient does not know.
SAYS = {"allergies": "yes", "classes": "fish", "reaction__fish": "urticaria", "isotretinoin": "stopped"}
WORDS = "Thinner at the parting"
SMALLEST_TARGET = 44


def test_a_patient_answers_on_the_phone_and_the_doctor_takes_over(
    clinic: Clinic, new_page: Callable[..., Page], signed_in_as: Callable[..., Page]
):
    desk = signed_in_as("desk")
    patient = at_hand()
    desk.goto(f"/patients/{patient.pk}/")
    desk.get_by_role("link", name="Send a link").click()
    desk.get_by_role("button", name="Send a new link by e-mail").click()
    expect(desk.get_by_text("The link is on its way")).to_be_visible()
    address = mailed(clinic, patient)

    phone = new_page(**PHONE)
    begins(phone, address, patient)
    answers(phone, "about")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your hair")
    phone.get_by_label("What have you noticed").press_sequentially(WORDS)
    kept = IntakeDraft.objects.filter(link__patient=patient)
    services.wait_for(lambda: WORDS in str(kept.get().answers), seconds=30, what="what is typed to be saved")
    phone.context.close()

    # axe injects a script, so the policy is lifted on this phone alone.
    phone = new_page(**PHONE, bypass_csp=True)
    phone.goto("/my/intake/")
    accessible(phone)
    begins(phone, address, patient)
    expect(phone.get_by_label("What have you noticed")).to_have_value(WORDS)
    while not phone.url.endswith("/check/"):
        accessible(phone)
        answers(phone, phone.url.rstrip("/").rpartition("/")[2])
    accessible(phone)
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Your answers have arrived")
    accessible(phone)
    assert phone.goto(address).url.endswith("/sent/")

    doctor = signed_in_as("derm")
    doctor.goto("/")
    doctor.get_by_role("listitem").filter(has_text="has answered the questions").get_by_role("link").last.click()
    doctor.get_by_role("button", name=re.compile("^Take over \\d+ that")).click()
    expect(doctor.get_by_text(re.compile(r"\d+ answers? taken over\."))).to_be_visible()
    said = Proposal.objects.get(link__patient=patient, field="notes__complaint")
    draft = Consultation.objects.get(patient=patient, clinician__email="derm@demo.test", state="draft")
    assert (said.accepted, said.consultation) == (True, draft)
    doctor.goto(f"/consultations/{draft.pk}/")
    expect(doctor.locator("[name=notes__complaint]")).to_have_value(f"The patient writes: {WORDS}")


def at_hand() -> Patient:
    """Somebody of the demo whom the doctor sees, who may be mailed and has no consultation open."""
    seen = Patient.objects.filter(sites__staff__email="derm@demo.test", contact_by_email=True, sex_at_birth="female")
    return (
        seen.filter(email__endswith="@madrid.example.test")
        .exclude(consultations__state="draft")
        .filter(links=None)
        .order_by("pk")[0]
    )


def mailed(clinic: Clinic, patient: Patient) -> str:
    """The address in the mail that the clinic's own worker has sent."""
    sent = Message.objects.filter(kind="intake_link", notice__patient=patient)
    services.wait_for(lambda: sent.get().state == "sent", seconds=60, what="the mail")
    (file,) = sink.find(sent.get().message_id, clinic.folder / "mail")
    text = sink.read(file).get_body(("plain",)).get_content()
    return re.search(r"http\S+(/l/\S+)", text)[1]


def begins(phone: Page, address: str, patient: Patient) -> None:
    phone.goto(address)
    assert "/l/" not in phone.url
    born: date = patient.birth_date
    for box, number in (("Day", born.day), ("Month", born.month), ("Year", born.year)):
        phone.get_by_label(box, exact=True).fill(str(number))
    phone.get_by_role("button", name="Begin").click()
    phone.wait_for_url(re.compile(r"/my/intake/[\w-]+/$"))


def answers(phone: Page, topic: str) -> None:
    """Tap an answer to every question in sight, the last one of each list unless another is said, and go on."""
    for name in dict.fromkeys(row.get_attribute("name") for row in phone.locator("#answers .picks input").all()):
        options = phone.locator(f"#answers input[name='{name}']")
        chosen = options.and_(phone.locator(f"[value='{SAYS[name]}']")) if name in SAYS else options.last
        if chosen.is_visible():
            big_enough(chosen)
            chosen.check()
    phone.get_by_role("button", name="Save and go on").click()
    phone.wait_for_url(lambda url: f"/{topic}/" not in url)


def big_enough(control: Locator) -> None:
    box = control.locator("xpath=..").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= SMALLEST_TARGET


def accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]] == []
