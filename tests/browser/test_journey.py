"""The whole path: from a new patient to the aftercare sheet in their mailbox, through the real processes."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from mesoclinic import audit
from mesoclinic.audit import AuditEvent
from mesoclinic.demo import sink
from mesoclinic.documents import Document
from mesoclinic.outbox import Message
from patients.models import Candidacy, Consent, Consultation, FormulationCheck, Notice, Patient, PlanVersion
from protocols.models import Movement
from sessions.models import Booking, Occupancy, Series, TreatmentRecord, TreatmentSession
from tests import services

MADRID = ZoneInfo("Europe/Madrid")
WASHING_HOURS = 48  # AC-01a after T-PAP
SESSIONS = 10
MIXTURE = (
    ("Biotin 5 mg/mL (VIT_BIOTIN)", "1"),
    ("Dexpanthenol 250 mg/mL (DEXPANTHENOL)", "1"),
    ("Zinc gluconate 1 mg/mL (MIN_ZINC)", "0,5"),
    ("Arginine 100 mg/mL (AA_ARGININE)", "0.5"),
    ("Hyaluronic acid 10 mg/mL, not cross-linked (HA_NCL)", "1"),
)
DRAWN_UL = 4000
ANSWERS = {
    "childbearing_potential": "yes",
    "pregnancy_status": "not_pregnant",
    "breastfeeding": "no",
    "conception_plan_6mo": "no",
    "scarring_status": "none",
    "scalp_infection": "none",
    "scalp_inflammation": "none",
    "scalp_wound": "no",
    "suspicious_lesion": "no",
    "herpes": "none",
    "fitzpatrick": "III",
    "allergies_reviewed": "yes",
    "prior_meso_reaction": "none",
    "bleeding_disorder": "no",
    "anticoagulant": "none",
    "antiplatelet": "none",
    "keloid": "none",
    "immunosuppression": "none",
    "cancer": "none",
    "diabetes": "none",
    "autoimmune": "none",
    "epilepsy": "no",
    "isotretinoin": "never",
    "expectations": "realistic",
    "needle": "vasovagal",
}
MEASURED_TODAY = {
    "temperature_c": "36,6",
    "bp_sys": "120",
    "bp_dia": "76",
    "hours_since_meal": "2",
    "adrenaline_expiry": "31 12 2028",
}
ASKED_TODAY = {
    "acute_systemic_infection": "no",
    "impaired": "no",
    "trained_person_present": "yes",
    "adrenaline_present": "yes",
}


@dataclass(frozen=True, slots=True)
class Week:
    """When the patient first comes, from which day she wants her sessions, and how she signs."""

    comes_at: datetime
    first_from: date
    family_name: str
    phone: str
    draws: bool


ORDINARY = Week(
    datetime(2027, 11, 15, 9, 30, tzinfo=MADRID), date(2027, 11, 18), "Öztürk", "+34 612 345 679", draws=False
)
CLOCK_CHANGE = Week(
    datetime(2027, 10, 27, 9, 30, tzinfo=MADRID), date(2027, 10, 29), "Ağaoğlu", "+34 612 345 678", draws=True
)


@pytest.mark.both_stacks
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("week", [CLOCK_CHANGE, ORDINARY], ids=["clock change", "ordinary"])
def test_from_a_new_patient_to_the_aftercare_sheet(week, clinic, clinic_clock, sign_in_as):
    clinic_clock.set(week.comes_at)
    patient = registers(sign_in_as("desk"), week)
    doctor = sign_in_as("derm", locale="en-GB")
    consultation = logs_consultation(doctor, patient)
    version = plans(doctor, consultation)
    series = books(sign_in_as("desk"), patient, version, week)

    first = Booking.objects.get(treatment_session__series=series, treatment_session__ordinal=1)
    clinic_clock.set(first.starts_at - timedelta(minutes=12))
    doctor = sign_in_as("derm", viewport={"width": 1024, "height": 768}, has_touch=True)
    prepares(doctor, first)
    is_refused_without_consent(doctor, first)
    signs_consent(doctor, clinic, version, draws=week.draws)
    injects(doctor, first)
    # A quarter of an hour without a tap signs out, so the doctor signs in again to finish.
    clinic_clock.set(first.starts_at + timedelta(minutes=25))
    record = finishes(sign_in_as("derm"), first)

    washing_until = record.ended_at + timedelta(hours=WASHING_HOURS)
    clock_changes = record.ended_at.astimezone(MADRID).utcoffset() != washing_until.astimezone(MADRID).utcoffset()
    assert clock_changes is (week is CLOCK_CHANGE)
    clinic_clock.set(record.ended_at + timedelta(hours=2, minutes=1))
    receives_aftercare(clinic, patient, record, washing_until)
    notices = {each.rule: each for each in Notice.objects.filter(subject=f"treatment:{record.pk}")}
    assert {"MSG-03", "MSG-04", "MSG-05", "MSG-06"} <= set(notices)
    sends_now(sign_in_as("desk"), clinic, patient, record, notices)
    clinic_clock.set(notices["MSG-05"].due_at + timedelta(seconds=1))
    arrived(clinic, patient, record, "MSG-05")
    sends_again(sign_in_as("desk"), clinic, patient, record, notices["MSG-06"])
    assert audit.verify() is None
    assert "content security report" not in clinic.log.read_text()


def registers(page: Page, week: Week) -> Patient:
    """Step 1: the front desk finds nobody and adds a new patient."""
    page.goto("/patients/")
    page.get_by_role("searchbox").first.fill(week.family_name)
    page.get_by_role("searchbox").first.press("Enter")
    page.goto("/patients/new/")
    page.get_by_role("button", name="Add patient").last.click()
    expect(page.get_by_text("One of the two is enough.").first).to_be_visible()
    page.get_by_label("Given name").fill("Gülşen Nur")
    page.get_by_label("Family name").fill(week.family_name)
    page.get_by_label("Day", exact=True).fill("14")
    page.get_by_label("Month", exact=True).fill("3")
    page.get_by_label("Year", exact=True).fill("1992")
    page.get_by_label("Sex at birth").select_option(label="Female")
    page.get_by_label("Phone", exact=True).fill(week.phone)
    page.get_by_label("E-mail", exact=True).fill(f"{week.first_from}@example.test")
    page.get_by_label("The clinic may write e-mails").check()
    page.get_by_role("button", name="Add patient").last.click()
    page.wait_for_url(re.compile(r"/patients/\d+/$"))
    patient = Patient.objects.get(email=f"{week.first_from}@example.test")
    assert patient.full_name == f"Gülşen Nur {week.family_name}"
    assert patient.birth_date == date(1992, 3, 14)
    assert patient.contact_by_email
    assert [site.name for site in patient.sites.all()] == ["Castellana, Madrid"]
    assert was_logged("patient.registered", patient)
    return patient


def logs_consultation(page: Page, patient: Patient) -> Consultation:
    """Step 2: the dermatologist logs a consultation, sees what is missing, acknowledges each caution and signs."""
    page.goto(f"/patients/{patient.pk}/")
    page.get_by_role("button", name="Start consultation").click()
    page.wait_for_url(re.compile(r"/consultations/\d+/$"))
    verdict = page.locator("#verdict")
    expect(verdict.get_by_role("heading").first).to_have_text("Not enough information yet")
    page.locator("[name=notes__complaint]").fill("Thinning along the parting for two years.")
    page.locator("[name=notes__examination]").fill("Miniaturised hairs, no scarring.")
    page.locator("[name=weight_kg]").fill("62,5")
    for name, value in (("dx", "FPHL"), ("severity__ludwig", "I"), ("cardiac", "none"), *ANSWERS.items()):
        choose(page, name, value)
    page.locator("[name=bp_sys]").fill("124")
    page.locator("[name=bp_dia]").fill("78")
    expect(verdict.get_by_role("heading").first).to_have_text("Suitable with conditions")
    page.get_by_role("button", name="Review and sign").click()
    page.wait_for_url(re.compile(r"/review/$"))
    page.get_by_role("button", name="Sign consultation").click()
    expect(page.get_by_text("Acknowledge each caution first").first).to_be_visible()
    for box in page.locator("[name=acknowledged]").all():
        box.check()
    page.get_by_role("button", name="Sign consultation").click()
    expect(page.get_by_text("Consultation signed and locked.")).to_be_visible()
    consultation = Consultation.objects.get(patient=patient)
    sheet = patient.fact_sheets.get()
    assert consultation.state == Consultation.State.SIGNED
    assert sheet.facts["pregnancy_status"]["value"] == "not_pregnant"
    assert sheet.facts["weight_kg"]["value"] == "62.5"
    candidacy = Candidacy.objects.get(fact_sheet=sheet, cause="consultation")
    assert candidacy.verdict == "caution"
    fired = {finding["rule"] for finding in candidacy.findings if finding["level"] == "caution"}
    assert fired
    assert set(candidacy.acknowledgements.values_list("rule", flat=True)) == fired
    assert_frozen(Consultation.objects.filter(pk=consultation.pk), narrative={})
    return consultation


def choose(page: Page, name: str, value: str) -> None:
    """One option of a group, by keyboard."""
    box = page.locator(f"[name='{name}'][value='{value}']")
    box.press("Space")
    expect(box).to_be_checked()


def plans(page: Page, consultation: Consultation) -> PlanVersion:
    """Step 3: protocol, technique, zones and formulation with their safety check, signed."""
    page.goto(f"/consultations/{consultation.pk}/")
    page.get_by_role("button", name=re.compile("plan", re.IGNORECASE)).first.click()
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    page.locator("[name=protocol]").select_option("P5")
    page.locator("[name=session_count]").fill(str(SESSIONS))
    page.locator("[name=technique]").select_option("T-PAP")
    page.locator("[name=spacing_cm]").fill("1,0")
    page.locator("[name=ml_per_point]").fill("0.05")
    page.locator("[name=depth_mm]").fill("1")
    page.locator("[name=zone__mid_scalp]").fill("40")
    page.locator("[name=zone__vertex]").fill("40")
    for number, (product, volume) in enumerate(MIXTURE):
        page.locator(f"[name=part__{number}__product]").select_option(label=product)
        page.locator(f"[name=part__{number}__volume]").fill(volume)
        page.locator(f"[name=part__{number}__volume]").press("Tab")
    expect(page.locator("#check").get_by_role("heading").first).to_have_text(re.compile("^Safe"))
    page.get_by_role("button", name="Sign plan").click()
    expect(page.get_by_text("Plan signed. It can be booked now.")).to_be_visible()
    version = PlanVersion.objects.get(plan__consultation=consultation)
    assert (version.state, version.protocol, version.session_count) == ("signed", "P5", SESSIONS)
    assert version.release.version == "2026.1"
    check = FormulationCheck.objects.filter(plan_version=version).first()
    assert check.result in ("ok", "ok_with_warnings")
    assert_frozen(PlanVersion.objects.filter(pk=version.pk), session_count=1)
    return version


def books(page: Page, patient: Patient, version: PlanVersion, week: Week) -> Series:
    """Step 4: the front desk books the whole series in one go."""
    page.goto(f"/patients/{patient.pk}/")
    page.get_by_role("link", name=f"Book {SESSIONS} sessions").click()
    with page.expect_response(re.compile("/book/")):
        page.get_by_label("First session from").fill(week.first_from.isoformat())
        page.get_by_label("First session from").press("Tab")
    expect(page.get_by_text(f"{SESSIONS} of {SESSIONS} found")).to_be_visible()
    page.get_by_role("button", name=f"Book {SESSIONS} sessions").click()
    expect(page.get_by_text(f"{SESSIONS} sessions booked.")).to_be_visible()
    series = Series.objects.get(plan_version=version)
    booked = Booking.objects.filter(treatment_session__series=series).order_by("starts_at")
    assert series.sessions.filter(state=TreatmentSession.State.BOOKED).count() == SESSIONS
    assert [each.treatment_session.ordinal for each in booked] == list(range(1, SESSIONS + 1))
    assert booked[0].starts_at.astimezone(MADRID).date() == week.first_from
    assert all(Occupancy.objects.filter(booking=each, resource_kind="patient").exists() for each in booked)
    reminders = Notice.objects.filter(patient=patient, rule__in=("MSG-01", "MSG-02"), message__isnull=False)
    assert reminders.count() >= 2 * SESSIONS - 2
    return series


def signs_consent(page: Page, clinic: services.Clinic, version: PlanVersion, *, draws: bool) -> Consent:
    """Step 5: the patient reads and signs on the tablet; the paper with exactly that text is stored and frozen."""
    page.goto(f"/plans/{version.plan_id}/")
    page.get_by_role("button", name="Ask for consent").click()
    page.get_by_label("The patient is an adult, understands, and decides freely").check()
    page.get_by_role("button", name="Show to the patient").click()
    expect(page.get_by_role("button", name="Sign consent")).to_be_visible()
    consent = Consent.objects.get(plan_version=version)
    assert consent.state == Consent.State.SHOWN
    for box in page.get_by_label("I have read this section").all():
        box.check()
    for question in consent.text["questions"]:
        choose(page, f"answer_{question['id']}", question["right"])
    if draws:
        draw(page)
    else:
        page.get_by_label("Or type your full name").fill(version.plan.patient.full_name)
    shown = page.locator("main").inner_text()
    page.get_by_role("button", name="Sign consent").click()
    expect(page.get_by_role("button", name="Sign consent")).to_have_count(0)
    consent.refresh_from_db()
    assert (consent.state, consent.method) == (Consent.State.SIGNED, "drawn" if draws else "typed")
    paper = squeezed(text_of((clinic.folder / "private" / consent.document.file).read_bytes()))
    for section in consent.text["sections"]:
        for line in (section["title"], *section["paragraphs"], *section.get("points", [])):
            assert squeezed(line) in squeezed(shown), line
            assert squeezed(line) in paper, line
    assert_frozen(Consent.objects.filter(pk=consent.pk), text={})
    assert_frozen(Document.objects.filter(pk=consent.document_id), sha256="")
    return consent


def prepares(page: Page, first: Booking) -> None:
    """Step 6, before the needle: re-screen of the day, cautions, checklist, lots."""
    page.goto(f"/treatments/{first.treatment_session_id}/")
    page.get_by_role("button", name="Start preparation").click()
    form = page.locator("#form-rescreen")
    for name, value in MEASURED_TODAY.items():
        form.locator(f"[name={name}]").fill(value)
    for name, value in ASKED_TODAY.items():
        choose(page, name, value)
    form.get_by_label("I asked every question").check()
    form.get_by_role("button", name="Save re-screen").click()
    expect(page.get_by_text("Re-screen saved.")).to_be_visible()
    for box in page.locator("#form-cautions [name=rules]").all():
        box.check()
    page.get_by_role("button", name="Acknowledge cautions").click()
    expect(page.get_by_text("Cautions acknowledged.")).to_be_visible()
    for lot in range(len(MIXTURE)):
        draw_up = page.get_by_role("button", name="Draw up").first
        lots = draw_up.locator("xpath=ancestor::form").locator("[name=lot_id]")
        usable = next(each for each in lots.locator("option").all_inner_texts() if each.endswith("mL)"))
        lots.select_option(label=usable)
        draw_up.click()
        expect(page.get_by_role("button", name="Draw up")).to_have_count(len(MIXTURE) - lot - 1)
    answers_checklists(page)
    record = TreatmentRecord.objects.get(session=first.treatment_session_id)
    assert record.rescreened_on == first.starts_at.astimezone(MADRID).date()
    assert record.candidacy.verdict == "caution"
    assert record.fact_sheet.source == "rescreen"
    assert sum(use.volume_ml for use in record.lot_uses.all()) * 1000 == DRAWN_UL
    for use in record.lot_uses.select_related("lot", "movement"):
        moved = Movement.objects.filter(lot=use.lot).aggregate(total=Sum("quantity_ml"))["total"]
        assert use.movement.quantity_ml == -use.volume_ml
        assert use.lot.on_hand_ml == moved


def answers_checklists(page: Page) -> None:
    for step in page.locator("#checklist details").all():
        number = step.get_attribute("id")
        details = page.locator(f"#{number}")
        if not details.get_by_role("button", name="All others done").is_visible():
            details.locator("summary").click()
        details.get_by_role("button", name="All others done").click()
        # The words of the save before may still stand there, so this step must say it of itself.
        expect(details.locator("summary")).to_contain_text(re.compile(r"(\d+) of \1"))


def is_refused_without_consent(page: Page, first: Booking) -> None:
    """Step 6 is refused while the consent is unsigned, and that writes nothing."""
    expect(page.get_by_role("heading", name="No valid consent. The treatment cannot start.")).to_be_visible()
    with page.expect_response(re.compile("/treatments/")) as answer:
        page.get_by_role("button", name="Start treatment").click()
    assert answer.value.status == 422
    record = TreatmentRecord.objects.get(session=first.treatment_session_id)
    assert record.started_at is None
    assert TreatmentSession.objects.get(pk=first.treatment_session_id).state == TreatmentSession.State.BOOKED


def injects(page: Page, first: Booking) -> None:
    """Step 6: start, record what was injected where, what is left, pain and reactions."""
    page.goto(f"/treatments/{first.treatment_session_id}/")
    page.get_by_role("button", name="Start treatment").click()
    expect(page.get_by_text("Treatment started.")).to_be_visible()
    form = page.locator("#form-delivery")
    form.locator("[name=zone_mid_scalp_1]").fill("2")
    form.locator("[name=zone_vertex_1]").fill("1,8")
    choose(page, "pain", "3")
    choose(page, "bleeding", "little")
    form.locator("[name=none_observed]").check()
    form.get_by_role("button", name="Save injection").click()
    expect(page.get_by_text("0.2 mL were not injected").first).to_be_visible()
    form.locator("[name=discarded_1]").fill("0.2")
    form.get_by_role("button", name="Save injection").click()
    expect(page.get_by_text("Injection recorded.")).to_be_visible()


def finishes(page: Page, first: Booking) -> TreatmentRecord:
    """Step 6: finish and sign; the record locks and the session counts as performed."""
    page.goto(f"/treatments/{first.treatment_session_id}/")
    page.get_by_role("button", name="Finish session").click()
    expect(page.get_by_text("Session finished.")).to_be_visible()
    page.get_by_role("button", name="Sign record").click()
    expect(page.get_by_text("Record signed and locked.")).to_be_visible()
    record = TreatmentRecord.objects.get(session=first.treatment_session_id)
    assert (record.state, record.pain, record.none_observed) == (TreatmentRecord.State.SIGNED, 3, True)
    assert record.volumes["injected_ul"] == DRAWN_UL - 200
    assert record.consent is not None
    assert record.consent.state == Consent.State.SIGNED
    first.refresh_from_db()
    assert first.state == Booking.State.DONE
    assert first.treatment_session.state == TreatmentSession.State.PERFORMED
    assert_frozen(TreatmentRecord.objects.filter(pk=record.pk), pain=0)
    return record


def draw(page: Page) -> None:
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + 20 + 12 * step, box["y"] + box["height"] / 2 + (-1) ** step * 18, steps=3)
    page.mouse.up()


def receives_aftercare(
    clinic: services.Clinic, patient: Patient, record: TreatmentRecord, washing_until: datetime
) -> None:
    """Step 7: the sheet arrives; its clock times count from the recorded end in the site's time zone."""
    (mail,) = arrived(clinic, patient, record, "MSG-03")
    assert mail["To"] == patient.email
    (attached,) = [part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]
    local = washing_until.astimezone(MADRID)
    words = f"{local:%A} {local.day} {local:%B}"
    paper = " ".join(text_of(attached.get_payload(decode=True)).split())
    assert re.search(rf"{words}( {local.year})?, {local:%H:%M}", paper), paper
    body = mail.get_body(("plain",)).get_content()
    assert re.search(rf"until {words}( {local.year})?, {local:%H:%M}", body), body


def sends_now(
    page: Page, clinic: services.Clinic, patient: Patient, record: TreatmentRecord, notices: dict[str, Notice]
) -> None:
    """Step 8: the desk sees what was sent and what waits, and brings one forward; that is recorded."""
    page.goto(f"/messages/?patient={patient.pk}")
    expect(page.locator(f"#message-{notices['MSG-03'].pk}")).to_contain_text("Sent")
    day_one = page.locator(f"#message-{notices['MSG-04'].pk}")
    expect(day_one).to_contain_text("It goes out at its time.")
    day_one.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("The message goes out now.")).to_be_visible()
    arrived(clinic, patient, record, "MSG-04")
    assert was_logged("notice.hurried", patient)


def sends_again(page: Page, clinic: services.Clinic, patient: Patient, record: TreatmentRecord, notice: Notice) -> None:
    """Step 8: what failed says so and what to do about it, and is sent again."""
    clinic.fault_file.write_text("550")
    page.goto(f"/messages/?patient={patient.pk}")
    row = page.locator(f"#message-{notice.pk}")
    row.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("The message goes out now.")).to_be_visible()
    eventually(lambda: Notice.objects.get(pk=notice.pk).state == Notice.State.FAILED)
    clinic.fault_file.write_text("")
    page.reload()
    expect(row).to_contain_text("Check the address and send it again")
    row.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("The message goes out now.")).to_be_visible()
    arrived(clinic, patient, record, notice.rule)
    page.reload()
    expect(row).to_contain_text("Sent")


def arrived(clinic: services.Clinic, patient: Patient, record: TreatmentRecord, rule: str) -> list[EmailMessage]:
    """The mails of this rule about this record in the sink, once it was sent; exactly one."""
    notice = Notice.objects.get(patient=patient, subject=f"treatment:{record.pk}", rule=rule)
    eventually(lambda: Notice.objects.get(pk=notice.pk).state == Notice.State.SENT)
    message = Message.objects.get(notice=notice)
    kept = [sink.read(file) for file in sink.find(message.message_id, clinic.folder / "mail")]
    assert len(kept) == 1
    return kept


def eventually(holds: Callable[[], bool]) -> None:
    services.wait_for(holds, seconds=60, what="what the worker does")


def assert_frozen(rows, **change: object) -> None:
    """The database itself refuses to change what is signed."""
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(**change)


def was_logged(action: str, patient: Patient) -> bool:
    return AuditEvent.objects.filter(action=action, patient_id=patient.pk).exists()


def squeezed(text: str) -> str:
    """Text without breaks: a page and a paper break lines in different places."""
    return re.sub(r"\s+", "", text.replace("\N{SOFT HYPHEN}", "")).casefold()


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
