"""Consents: what was shown is what is signed, once, whole, and by nobody else's hand."""

import io
import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from pypdf import PdfReader

from mesoclinic import clock as clinic_clock
from mesoclinic.audit import AuditEvent
from mesoclinic.documents import content_of
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope, StaleRecord
from mesoclinic.rules.tri import Tri
from patients.documents import digest_of
from patients.models import Consent, PatientDocument, PlanVersion, Todo
from patients.queries.consents import valid_consent_for
from patients.rules.consent import Lack
from patients.services import consents as services
from tests.builders import clinic, consents, people, plans


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site, name="Dr Elif Aydın")


@pytest.fixture
def version(site, doctor):
    patient = people.patient(site=site, given_name="Işıl Çağrı", family_name="Şengöğüş")
    made = plans.signed_plan(patient, doctor, site)
    consents.component(made)
    return made


def sign(doctor, consent, key="k1", **over):
    return services.sign_consent(doctor, consent_id=consent.pk, signature=consents.signature(consent, **over), key=key)


def squeezed(text):
    return re.sub(r"\s+", "", text.replace("\N{SOFT HYPHEN}", ""))


def test_the_paper_holds_the_exact_text_that_was_shown(doctor, version):
    consent = consents.shown(doctor, version)
    signed = sign(doctor, consent)
    pages = PdfReader(io.BytesIO(content_of(signed.document))).pages
    read = squeezed("".join(page.extract_text() for page in pages))
    for section in consent.text["sections"]:
        said = [section["title"], *section["paragraphs"], *section.get("points", [])]
        said += [cell for row in section.get("table", {}).get("rows", []) for cell in row]
        for line in said:
            assert squeezed(line) in read, line
    assert squeezed("Işıl Çağrı Şengöğüş") in read
    assert signed.text_sha256 in read
    assert "paragraphs" not in read
    assert f"1/{len(pages)}" in read
    assert PatientDocument.objects.get(document=signed.document).subject == f"consent:{signed.pk}"


def test_the_text_names_products_evidence_cost_and_all_required_elements(doctor, version):
    text = consents.shown(doctor, version).text
    by_id = {section["id"]: str(section) for section in text["sections"]}
    assert list(by_id) == [f"CE-{number:02d}" for number in (*range(1, 15), 17, 18)]
    assert "Vit_Biotin ampoule" in by_id["CE-02"]
    assert "€1,200.00" in by_id["CE-03"]
    assert "FDA" in by_id["CE-06"]
    assert "one part of a mixture" in by_id["CE-06"]
    assert "Do not wash hair or wet the scalp: 48 hours" in by_id["CE-10"]
    assert "mycobacteria" in by_id["CE-05"]


def test_a_site_without_a_price_can_show_no_consent(doctor, version, site):
    site.visit_types.update(price=None)
    with pytest.raises(ClinicError, match="price"):
        consents.shown(doctor, version)


def test_a_signed_consent_holds_and_its_separate_choices_are_consents_of_their_own(doctor, version):
    consent = consents.shown(doctor, version)
    signed = sign(doctor, consent, choices={"CE-15": {"record": True}})
    standing = valid_consent_for(version, signed.signed_on)
    assert (standing.holds, standing.consent) == (Tri.YES, signed)
    states = dict(Consent.objects.exclude(pk=signed.pk).values_list("kind", "state"))
    assert states == {"photo": "signed", "data": "refused"}


def test_refusing_every_separate_choice_does_not_touch_the_treatment(doctor, version):
    signed = consents.signed(doctor, version)
    assert valid_consent_for(version, signed.signed_on).holds is Tri.YES


def test_another_digest_than_the_shown_one_is_refused(doctor, version):
    consent = consents.shown(doctor, version)
    with pytest.raises(StaleRecord):
        sign(doctor, consent, text_sha256="0" * 64)


def test_a_stored_text_that_was_tampered_with_is_refused(doctor, version):
    consent = consents.shown(doctor, version)
    Consent.objects.filter(pk=consent.pk).update(text=consent.text | {"lead": "You must sign."})
    with pytest.raises(Conflict, match="damaged"):
        sign(doctor, consent)


def test_a_text_shown_again_meanwhile_makes_the_old_one_stale(doctor, version):
    first = consents.shown(doctor, version)
    consents.shown(doctor, version, present="Her sister")
    with pytest.raises(StaleRecord):
        sign(doctor, first)


@pytest.mark.parametrize(
    "over",
    [
        {"acknowledged": {"CE-01": ""}},
        {"answers": {"infection": "wait", "promise": "no"}},
        {"answers": {}},
        {"name": ""},
        {"name": "Somebody Else"},
        {"method": "drawn", "strokes": ""},
        {"method": "drawn", "strokes": '[{"points": [{"x": 1, "y": 1}]}]'},
        {"method": "drawn", "strokes": '[{"points": [{"x": 1e999, "y": 1}]}]'},
        {"method": "drawn", "strokes": "<svg onload=alert(1)>"},
        {"method": "stamped"},
    ],
)
def test_what_is_not_a_whole_consent_writes_nothing(doctor, version, over):
    consent = consents.shown(doctor, version)
    with pytest.raises(ClinicError):
        sign(doctor, consent, **over)
    assert Consent.objects.get().state == Consent.State.SHOWN
    assert not PatientDocument.objects.exists()


def test_a_name_typed_without_its_accents_is_the_same_name(doctor, version):
    assert sign(doctor, consents.shown(doctor, version), name="isil cagri sengogus").state == Consent.State.SIGNED


def test_a_drawn_signature_is_kept_as_our_own_drawing(doctor, version):
    signed = sign(doctor, consents.shown(doctor, version), method="drawn", name="", strokes=consents.STROKES)
    assert signed.signature_svg.startswith("<svg")
    assert "style" not in signed.signature_svg


def test_a_plan_that_was_superseded_meanwhile_cannot_be_consented(doctor, version):
    consent = consents.shown(doctor, version)
    PlanVersion.objects.filter(pk=version.pk).update(state=PlanVersion.State.SUPERSEDED)
    with pytest.raises(StaleRecord):
        sign(doctor, consent)


def test_the_same_request_twice_signs_once(doctor, version):
    consent = consents.shown(doctor, version)
    first, again = sign(doctor, consent), sign(doctor, consent)
    assert first.pk == again.pk
    assert PatientDocument.objects.count() == 1
    assert AuditEvent.objects.filter(action="consent.signed").count() == 1
    with pytest.raises(Conflict):
        sign(doctor, consent, key="k2")


def test_a_tick_outside_the_reading_gets_the_server_time(doctor, version):
    consent = consents.shown(doctor, version)
    times = dict.fromkeys((section["id"] for section in consent.text["sections"]), "1999-01-01T00:00:00Z")
    signed = sign(doctor, consent, acknowledged=times)
    assert all(each["at"] >= consent.shown_at.isoformat() for each in signed.elements)


def test_a_signed_consent_can_be_neither_changed_nor_deleted(doctor, version):
    signed = consents.signed(doctor, version)
    changed = {"text": digest_of({})}
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=signed.pk).update(**changed)
    with pytest.raises(DatabaseError), transaction.atomic():
        signed.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=signed.pk).update(state=Consent.State.SHOWN)


def test_only_a_doctor_of_the_site_seeks_consent(site, version):
    for other in (clinic.desk(at=site), clinic.staff("nurse", at=site), clinic.staff("director", at=site)):
        with pytest.raises(NotAllowed):
            services.offer_consent(other, plan_version=version, language="en")
    consent = consents.shown(clinic.dermatologist(at=site), version)
    with pytest.raises(OutOfScope):
        services.refuse_consent(clinic.dermatologist(at=clinic.site()), consent_id=consent.pk)


def test_a_refusal_and_a_question_decide_nothing_more(doctor, version):
    consent = consents.shown(doctor, version)
    assert services.ask_first(doctor, consent_id=consent.pk).state == Consent.State.SHOWN
    assert Todo.objects.get().user == doctor
    assert services.refuse_consent(doctor, consent_id=consent.pk).state == Consent.State.REFUSED
    with pytest.raises(ClinicError):
        sign(doctor, consent)


def test_a_withdrawn_consent_holds_no_longer(doctor, version, site):
    signed = consents.signed(doctor, version)
    services.withdraw_consent(clinic.desk(at=site), consent_id=signed.pk)
    standing = valid_consent_for(version, signed.signed_on)
    assert (standing.consent, standing.lacks) == (None, (Lack.WITHDRAWN,))
    with pytest.raises(StaleRecord):
        services.withdraw_consent(doctor, consent_id=signed.pk)


def test_offering_again_gives_the_open_or_valid_one_and_a_new_one_after_its_year(doctor, version, clock):
    signed = consents.signed(doctor, version)
    assert services.offer_consent(doctor, plan_version=version, language="en") == signed
    clock.set(clinic_clock.now() + timedelta(days=367))
    renewed = services.offer_consent(doctor, plan_version=version, language="en")
    assert renewed != signed
    assert services.offer_consent(doctor, plan_version=version, language="en") == renewed
