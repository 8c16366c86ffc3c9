"""Papers of a plan: the summary for the patient and the preparation sheet, kept as they were made."""

from datetime import date, time
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from mesoclinic.accounts import Role
from mesoclinic.audit import AuditEvent
from mesoclinic.clock import now
from mesoclinic.documents import content_of
from patients.models import PatientDocument
from protocols.models import RowDecision
from tests.builders import bookings, clinic, consultations, people, treatments

DRAFT = "Not approved for clinical use"


@pytest.fixture
def site():
    return clinic.site(phone="+34 910 000 000")


@pytest.fixture
def doctor(site, client):
    doctor = clinic.dermatologist(at=site, name="Dr Elif Aydın")
    client.force_login(doctor)
    return doctor


@pytest.fixture
def patient(site):
    return people.patient(site=site)


@pytest.fixture
def version(doctor, patient):
    made = consultations.plan(doctor, consultations.signed(doctor, patient), goals="A fuller parting.")
    return consultations.signed_version(doctor, made)


def text_of(paper):
    pages = PdfReader(BytesIO(content_of(paper.document))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split()).replace("\N{NO-BREAK SPACE}", " ")


def printed(client, name, key):
    answer = client.post(reverse(name, args=[key]))
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    paper = PatientDocument.objects.latest("pk")
    assert answer.url == reverse("patients:document", args=[paper.document_id])
    return paper


def approve(version, director):
    """Every row of the release, by the director."""
    for row in version.release.rows.all():
        RowDecision.objects.create(row_sha256=row.sha256, decision=RowDecision.Decision.APPROVED, by=director, at=now())


class TestTheSummary:
    """What the patient takes home."""

    def test_says_what_is_done_with_what_and_when(self, client, version, patient):
        text = text_of(printed(client, "patients:plan_summary", version.plan_id))
        for words in (
            patient.full_name,
            patient.record_number,
            "10 sessions",
            "A fuller parting.",
            "Mid-scalp (40 cm²)",
            "About 80 points",
            "biotin (B7)",
            "6 to 10",
            "There is no guarantee",
            "signed by Dr Elif Aydın",
            "+34 910 000 000",
        ):
            assert words in text

    def test_carries_the_banner_while_a_row_it_uses_is_a_draft(self, client, site, version):
        first = printed(client, "patients:plan_summary", version.plan_id)
        assert DRAFT in text_of(first)
        approve(version, clinic.staff(Role.DIRECTOR, at=site))
        second = printed(client, "patients:plan_summary", version.plan_id)
        assert second.pk != first.pk
        assert DRAFT not in text_of(second)

    def test_is_kept_and_not_made_again(self, client, version):
        first = printed(client, "patients:plan_summary", version.plan_id)
        assert printed(client, "patients:plan_summary", version.plan_id).pk == first.pk
        assert AuditEvent.objects.filter(action="paper.made", patient_id=first.patient_id).count() == 1

    def test_there_is_none_of_a_draft(self, client, doctor, patient):
        made = consultations.plan(doctor, consultations.signed(doctor, patient))
        answer = client.post(reverse("patients:plan_summary", args=[made.pk]))
        assert answer.status_code == 409
        assert not PatientDocument.objects.exists()

    def test_the_front_desk_may_hand_it_out(self, client, site, version):
        paper = printed(client, "patients:plan_summary", version.plan_id)
        client.force_login(clinic.desk(at=site))
        assert client.get(reverse("patients:document", args=[paper.document_id])).status_code == 200


class TestThePreparationSheet:
    """What the treatment room draws up."""

    @pytest.fixture
    def session(self, site, version):
        series = bookings.series(clinic.desk(at=site), version, date(2099, 3, 2), earliest=time(10))
        return series.sessions.get(ordinal=1)

    def test_names_products_volumes_order_and_labels(self, client, session, patient):
        text = text_of(printed(client, "sessions:preparation_sheet", session.pk))
        for words in (
            "Prepare session 1",
            patient.full_name,
            "Allergies None known",
            "80, 4 mL",
            "Syringe 1, 4 mL: draw up in this order",
            "Checked by a second person",
            "Do not use after",
            "(60 minutes)",
            DRAFT,
        ):
            assert words in text
        names = [f"{ingredient.title()} ampoule" for ingredient in consultations.NUTRIENTS]
        places = [text.index(name) for name in names]
        assert places == sorted(places)

    def test_names_the_lots_once_they_are_drawn_up(self, client, clock):
        clock.set(treatments.TODAY)
        made = treatments.scene()
        client.force_login(made.nurse)
        before = printed(client, "sessions:preparation_sheet", made.session.pk)
        treatments.prepared(made)
        after = printed(client, "sessions:preparation_sheet", made.session.pk)
        assert after.pk != before.pk
        for lot in made.lots.values():
            assert lot.number in text_of(after)
            assert lot.number not in text_of(before)
        assert printed(client, "sessions:preparation_sheet", made.session.pk).pk == after.pk

    def test_is_not_for_the_front_desk(self, client, site, session):
        paper = printed(client, "sessions:preparation_sheet", session.pk)
        client.force_login(clinic.desk(at=site))
        assert client.get(reverse("patients:document", args=[paper.document_id])).status_code == 404
        assert client.post(reverse("sessions:preparation_sheet", args=[session.pk])).status_code == 403
