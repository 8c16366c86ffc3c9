"""Every staff page that can be read: 0 axe violations and a quiet console, with the demo's own data."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db.models import QuerySet
from django.urls import reverse
from playwright.sync_api import Page

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.actors import System
from mesoclinic.sites import Site
from patients.models import (
    Attachment,
    Candidacy,
    Consent,
    Consultation,
    PatientDocument,
    Photo,
    PlanVersion,
    SignOff,
)
from patients.services.merging import merge_patients
from protocols.models import Activation, CatalogueRelease, DraftRow, Lot, ReleaseDraft, VignetteRun
from protocols.queries.catalogue import current_release
from protocols.rules.catalogue import Entry, build
from protocols.services.catalogue import load_release
from sessions.models import (
    AdverseEvent,
    AssessmentPoint,
    AssessmentRecord,
    Booking,
    Series,
    TreatmentSession,
    Triage,
    WaitingEntry,
)
from tests.builders import people
from tests.builders.rows import row
from tests.web.matrix import DESK, DIRECTOR, DOCTOR, EVERYBODY, MATRIX, NURSE
from tests.web.test_route_matrix import ROUTES

LOGIN = {DESK: "desk", NURSE: "nurse", DOCTOR: "derm", DIRECTOR: "director"}
NOT_VISITED = {
    "sessions:calendar_events": "data for the calendar's script, no page",
    "sessions:calendar_version": "data for a script, no page",
    "sessions:barred_times": "data for the calendar's script, no page",
    "sessions:open_adverse_events": "a fragment of the patient's banner, no page",
    "patients:document": "a PDF, shown by the browser's own viewer",
    "patients:photograph": "a picture",
    "patients:small_photograph": "a picture",
    "patients:consultation_paper": "a PDF, shown by the browser's own viewer",
    "sessions:message_paper": "a PDF, shown by the browser's own viewer",
    "protocols:delivery_template": "a file to download",
}
VISITED = [
    route
    for route in ROUTES
    if route.name not in NOT_VISITED
    and "GET" in MATRIX[route.name].methods
    and not isinstance(MATRIX[route.name].who, str)
]


def test_what_is_not_visited_is_known_by_name():
    assert set(NOT_VISITED) <= {route.name for route in ROUTES}


@pytest.fixture
def shipped_again(rows: None) -> Iterator[None]:
    """The other tests of this clinic find the shipped release in force, whatever a page needed."""
    yield
    if current_release() != _shipped():
        row(Activation, release=_shipped(), at=clock.now())


@pytest.mark.parametrize("route", VISITED, ids=str)
def test_page_has_no_accessibility_violation(route, signed_in_as: Callable[..., Page], shipped_again: None):
    role = next(role for role in (DOCTOR, DESK, DIRECTOR, NURSE) if role in MATRIX[route.name].who & EVERYBODY)
    address = reverse(route.name, kwargs={name: key_of(name, route.name) for name in route.parameters})
    # axe injects a script, so the policy is lifted here alone; the journey runs under it.
    page = signed_in_as(LOGIN[role], bypass_csp=True)
    answer = page.goto(address)
    assert answer is not None
    assert answer.ok, f"{address} answered {answer.status}"
    assert "/accounts/login/" not in page.url, "the sign-in did not hold"
    found = Axe().run(page).response["violations"]
    assert [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]] == []


def key_of(name: str, route: str) -> int | str:
    """An object of the demo clinic for this parameter."""
    here = User.objects.get(email="derm@demo.test").sites.order_by("pk")[0]
    # Drafts belong to their clinician; the pages of a draft differ from those of what is signed.
    state = "signed" if route in ("patients:correct_answer", "patients:void_consultation") else "draft"
    mine = Consultation.objects.filter(clinician__email="derm@demo.test", state=state)
    signed = PlanVersion.objects.filter(plan__site=here, state="signed")
    found = {
        "patient_id": lambda: Series.objects.filter(site=here).values_list("patient_id", flat=True),
        "consultation_id": lambda: mine.values_list("pk", flat=True),
        "answer": lambda: ["scalp_infection"],
        "candidacy_id": lambda: [_finding(here)[0]],
        "rule": lambda: [_finding(here)[1]],
        "other_id": lambda: [people.patient(site=here).pk],
        "entry_id": lambda: [_waiting(here).pk],
        "freed_id": lambda: [_freed(here)],
        "merge_id": lambda: [_merge(here)],
        "attachment_id": lambda: [_attachment(here)],
        "photo_id": lambda: [_photo(here)],
        "sign_off_id": lambda: [_sign_off(signed)],
        "event_id": lambda: AdverseEvent.objects.filter(site=here).values_list("pk", flat=True),
        "point_id": lambda: AssessmentPoint.objects.filter(series__site=here, state="planned").values_list(
            "pk", flat=True
        ),
        "record_id": lambda: [_measured(here)],
        "triage_id": lambda: [_call(here)],
        "run_id": lambda: [_run()],
        "plan_id": lambda: (signed.filter(series=None) if route == "sessions:book_series" else signed).values_list(
            "plan_id", flat=True
        ),
        "series_id": lambda: Series.objects.filter(site=here).values_list("pk", flat=True),
        "session_id": lambda: TreatmentSession.objects.filter(series__site=here, state="booked").values_list(
            "pk", flat=True
        ),
        "booking_id": lambda: Booking.objects.filter(
            site=here, state="booked", treatment_session__isnull=False
        ).values_list("pk", flat=True),
        "consent_id": lambda: Consent.objects.filter(site=here, state__in=["offered", "shown"]).values_list(
            "pk", flat=True
        ),
        "lot_id": lambda: Lot.objects.filter(site=here).values_list("pk", flat=True),
        "product_id": lambda: Lot.objects.filter(site=here).values_list("product_id", flat=True),
        "site_id": lambda: [here.pk],
        "room_id": lambda: here.rooms.values_list("pk", flat=True),
        "device_id": lambda: here.devices.values_list("pk", flat=True),
        "visit_type_id": lambda: here.visit_types.values_list("pk", flat=True),
        "user_id": lambda: here.staff.values_list("pk", flat=True),
        "version": lambda: [_newer() if route == "protocols:carry_over" else _shipped().version],
        "draft_id": lambda: [_draft()],
        "kind": lambda: ["zone"],
        "code": lambda: ["vertex"],
        "year": lambda: [2027],
    }[name]()
    assert found, f"the demo clinic has no {name} to show"
    return found[0]


def _measured(here: Site) -> int:
    """A baseline of a patient of the demo."""
    doctor = User.objects.get(email="derm@demo.test")
    patient = people.patient(site=here)
    made = row(AssessmentRecord, patient=patient, site=here, stage="baseline", told={}, by=doctor)
    return int(made.pk)


def _finding(here: Site) -> tuple[int, str]:
    """A verdict of the demo with one of its findings that may be set aside."""
    return next(
        (verdict.pk, found["rule"])
        for verdict in Candidacy.objects.filter(patient__patient_sites__site=here).order_by("-pk")
        for found in verdict.findings
        if found["level"] in ("caution", "defer", "refer")
    )


def _freed(here: Site) -> int:
    """A treatment that was cancelled, with somebody who waits for one."""
    _waiting(here)
    coming = Booking.objects.filter(site=here, kind="treatment", starts_at__gt=clock.now(), state="booked")
    at = {"starts_at": coming[0].starts_at, "ends_at": coming[0].ends_at, "visit_type_name": coming[0].visit_type_name}
    return row(Booking, site=here, kind="treatment", state="cancelled", booked_by=_staff("desk"), **at).pk


def _waiting(here: Site) -> WaitingEntry:
    sessions = TreatmentSession.objects.filter(series__site=here, state="booked")
    entry, _new = WaitingEntry.objects.get_or_create(
        session=sessions[0], ended_at=None, defaults={"since": clock.now(), "by": _staff("desk")}
    )
    return entry


def _merge(here: Site) -> int:
    """Nobody is twice in the demo, so two records that are one person's are laid into it."""
    kept, merged = people.patient(site=here), people.patient(site=here)
    seen = {kept.pk: kept.version, merged.pk: merged.version}
    return merge_patients(_staff("derm"), kept_id=kept.pk, merged_id=merged.pk, seen=seen, taken=()).pk


def _attachment(here: Site) -> int:
    """The demo has no letter from outside, so one is laid into it; its page shows the file's name alone."""
    paper = row(PatientDocument, patient=Series.objects.filter(site=here)[0].patient, kind="letter")
    return row(Attachment, paper=paper, kind="letter", author="Dr Vega", by=_staff("derm")).pk


def _photo(here: Site) -> int:
    """The demo has no photograph, so one is laid into it; its page shows its view and time alone."""
    return row(Photo, patient=Series.objects.filter(site=here)[0].patient, view="vertex", by=_staff("derm")).pk


def _sign_off(plans: QuerySet[PlanVersion]) -> int:
    asked = {"ingredient": "DRG_FINASTERIDE", "asked_by": _staff("derm"), "asked_reason": "Topical was not tolerated."}
    return row(SignOff, plan_version=plans[0], **asked).pk


def _call(here: Site) -> int:
    """Nobody has called in the demo, so a call is laid into it."""
    patient = Series.objects.filter(site=here)[0].patient
    signs = {"pus": "yes", "airway_sign": "no"}
    return row(Triage, patient=patient, site=here, signs=signs, answer="TRIAGE-2", by=_staff("desk")).pk


def _run() -> int:
    return row(VignetteRun, release=_shipped(), by=_staff("director"), results=[], cases=45, agreeing=45).pk


def _shipped() -> CatalogueRelease:
    return CatalogueRelease.objects.earliest("pk")


def _draft() -> int:
    """A release of the clinic in the making, with a row that two releases changed."""
    zone = _shipped().rows.get(kind="zone", code="vertex").body
    clash = {"name": "area_cm2", "before": "70", "clinic": "71", "shipped": "72"}
    draft = row(ReleaseDraft, parent=_shipped(), started_by=_staff("director"), lost=[["zone", "crown"]])
    row(DraftRow, draft=draft, kind="zone", code="vertex", body=zone | {"name": "Top"}, clashes=[clash])
    return draft.pk


def _newer() -> str:
    """In the demo no release of the clinic is in force: here one is, and a newer one has been shipped since."""
    shipped = _shipped()
    for version, area in (("clinic-9", "71"), ("2026.9", "72")):
        rows = [each.body | {"area_cm2": area} if each.code == "vertex" else each.body for each in shipped.rows.all()]
        entries = [Entry(each.kind, body) for each, body in zip(shipped.rows.all(), rows, strict=True)]
        origin = {"origin": "clinic", "parent": shipped} if version == "clinic-9" else {}
        made = load_release(System("test"), catalogue=build(version, entries), **origin)
        if origin:
            row(Activation, release=made, at=clock.now())
    return made.version


def _staff(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.test")
