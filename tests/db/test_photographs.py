"""Photographs: only with consent, drawn anew, kept once, the first one the baseline, never erased (D01 to D15)."""

import io

import pytest
from PIL import Image

from mesoclinic import documents
from mesoclinic.audit import AuditEvent
from mesoclinic.documents import Document
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope
from patients.models import Photo, PhotoView, SkippedView
from patients.queries.photographs import address_of, album_for, checklist_of, next_open, photo_at
from patients.services.consents import withdraw_consent
from patients.services.merging import merge_patients, undo_merge
from patients.services.photographs import SMALL_SIDE, set_photo_aside, skip_view, take_photo
from tests.builders import catalogue, clinic, papers, people, photographs
from tests.db.test_attachments import REFUSED, hiding, with_zip

# What each step refuses: how it begins, its size, its header, its end. The rest is tried with letters.
NO_PICTURES = {name: REFUSED[name] for name in ("svg", "empty", "moving png", "144 megapixels", "cut picture")}
NO_PICTURES |= {"a paper": (papers.PDF, "Only JPEG and PNG")}


@pytest.fixture
def site():
    catalogue.release()
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site)


@pytest.fixture
def nurse(site):
    return clinic.staff("nurse", at=site)


@pytest.fixture
def patient(site, doctor):
    patient = people.patient(site=site)
    photographs.consent(patient, by=doctor)
    return patient


def album_of(patient, actor):
    return album_for(actor, patient, zone=patient.sites.first().zone)


def test_keeps_the_whole_and_a_small_picture_by_the_consent_that_allows_it(nurse, patient):
    made = photographs.photo(patient, by=nurse, content=papers.picture(size=(2000, 1000)), subject="session:7")
    assert (made.view, made.baseline, made.subject, made.by) == ("vertex", True, "session:7", nurse)
    assert made.consent == patient.consents.get()
    sizes = []
    for kept in (made.document, made.small):
        with Image.open(io.BytesIO(documents.content_of(kept))) as picture:
            sizes.append(picture.size)
    assert sizes == [(2000, 1000), (SMALL_SIDE, SMALL_SIDE // 2)]
    event = AuditEvent.objects.get(action="photograph.taken")
    assert (event.patient_id, event.object_id) == (patient.pk, str(made.pk))


def test_nothing_hidden_is_left_in_either_picture_and_both_stand_upright(nurse, patient):
    made = photographs.photo(patient, by=nurse, content=with_zip(hiding()))
    for kept in (made.document, made.small):
        content = documents.content_of(kept)
        assert b"SECRET" not in content
        assert b"evil" not in content
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.size, dict(picture.getexif()), picture.info.get("icc_profile")) == ((16, 24), {}, None)


@pytest.mark.parametrize("name", NO_PICTURES)
def test_refuses_what_is_no_picture_and_writes_nothing(nurse, patient, name):
    content, words = NO_PICTURES[name]
    with pytest.raises(ClinicError, match=words.replace("PDF, ", "")) as refusal:
        photographs.photo(patient, by=nurse, content=content)
    assert refusal.value.field == "photograph"
    assert not Photo.objects.exists()
    assert not Document.objects.exists()


@pytest.mark.parametrize("choices", [None, (), ("teaching",)])
def test_without_consent_for_the_record_nothing_is_kept(site, doctor, nurse, choices):
    patient = people.patient(site=site)
    if choices is not None:
        photographs.consent(patient, by=doctor, choices=choices)
    with pytest.raises(ClinicError, match="No photograph was kept"):
        photographs.photo(patient, by=nurse)
    assert not Document.objects.exists()


def test_a_consent_of_more_than_a_year_ago_keeps_nothing_new_and_shows_the_old(doctor, nurse, patient, clock):
    made = photographs.photo(patient, by=nurse)
    clock.advance(days=366)
    with pytest.raises(ClinicError, match="older than 12 months"):
        photographs.photo(patient, by=nurse)
    assert [shot.photo for shot in album_of(patient, doctor).shots] == [made]


def test_a_withdrawal_hides_every_photograph_and_keeps_it_in_the_record(doctor, nurse, patient):
    made = photographs.photo(patient, by=nurse)
    address = address_of(made)
    withdraw_consent(doctor, consent_id=made.consent_id)
    with pytest.raises(OutOfScope):
        photo_at(doctor, address)
    with pytest.raises(ClinicError, match="withdrew"):
        photographs.photo(patient, by=nurse)
    album = album_of(patient, doctor)
    assert (list(album.shots), list(album.photos)) == ([], [made])
    assert [cell.hidden for line in album.lines for cell in line.cells if line.view == "vertex"] == [True]
    assert documents.content_of(made.document)
    photographs.consent(patient, by=doctor)
    assert photo_at(doctor, address) == made


def test_the_first_of_each_view_is_the_baseline_until_it_is_set_aside(nurse, patient):
    first, second, third = (photographs.photo(patient, by=nurse) for _number in range(3))
    other = photographs.photo(patient, by=nurse, view="left")
    assert [each.baseline for each in (first, second, third, other)] == [True, False, False, True]
    set_photo_aside(nurse, photo_id=first.pk, reason="Of another patient.")
    second.refresh_from_db()
    third.refresh_from_db()
    assert (second.baseline, third.baseline) == (True, False)
    assert album_of(patient, nurse).baseline_of("vertex").photo == second


def test_what_is_set_aside_stays_with_its_reason_and_is_at_no_address(nurse, patient):
    made = photographs.photo(patient, by=nurse)
    with pytest.raises(ClinicError, match="Enter why"):
        set_photo_aside(nurse, photo_id=made.pk, reason=" ")
    set_photo_aside(nurse, photo_id=made.pk, reason="Of another patient.")
    with pytest.raises(OutOfScope):
        photo_at(nurse, address_of(made))
    with pytest.raises(Conflict):
        set_photo_aside(nurse, photo_id=made.pk, reason="Again.")
    assert [each.set_aside_reason for each in album_of(patient, nurse).aside] == ["Of another patient."]
    assert AuditEvent.objects.get(action="photograph.set_aside").reason == "Of another patient."


def test_the_same_picture_sent_again_is_kept_once_and_is_of_one_view(nurse, patient):
    content = papers.picture()
    first = photographs.photo(patient, by=nurse, content=content)
    assert photographs.photo(patient, by=nurse, content=content) == first
    with pytest.raises(ClinicError, match="already kept as “Vertex”"):
        photographs.photo(patient, by=nurse, content=content, view="left")
    assert Photo.objects.count() == 1


def test_an_address_ends_and_none_can_be_made_up(nurse, patient, clock):
    made = photographs.photo(patient, by=nurse)
    address = address_of(made)
    assert photo_at(nurse, address) == made
    for wrong in (str(made.pk), address[:-1], f"{address[:-1]}x", "", "x:y"):
        with pytest.raises(OutOfScope):
            photo_at(nurse, wrong)
    clock.advance(hours=12, minutes=1)
    with pytest.raises(OutOfScope):
        photo_at(nurse, address)


def test_refuses_other_roles_and_other_sites_without_writing(site, doctor, patient):
    made = photographs.photo(patient, by=doctor)
    for deed in (
        lambda by: photographs.photo(patient, by=by),
        lambda by: skip_view(by, patient_id=patient.pk, view="left", reason="Hat."),
        lambda by: set_photo_aside(by, photo_id=made.pk, reason="Wrong."),
    ):
        with pytest.raises(NotAllowed):
            deed(clinic.desk(at=site))
        with pytest.raises(OutOfScope):
            deed(clinic.dermatologist())
    for stranger in (clinic.desk(at=site), clinic.dermatologist()):
        with pytest.raises(OutOfScope):
            photo_at(stranger, address_of(made))
    assert (Photo.objects.count(), SkippedView.objects.count()) == (1, 0)
    made.refresh_from_db()
    assert made.set_aside_at is None


def test_the_checklist_of_an_occasion_knows_taken_skipped_and_open(nurse, patient):
    photographs.photo(patient, by=nurse, view="frontal_hairline", subject="session:7")
    skip_view(nurse, patient_id=patient.pk, view="midline_part", reason="No parting.", subject="session:7")
    with pytest.raises(ClinicError, match="Enter why"):
        skip_view(nurse, patient_id=patient.pk, view="vertex", reason=" ", subject="session:7")
    album = album_of(patient, nurse)
    items = {item.view: item for item in checklist_of(album, subject="session:7")}
    assert [item.open for item in items.values()] == [False, False, True, True, True, True, False]
    assert items["midline_part"].skipped.reason == "No parting."
    assert next_open(items.values()) == "vertex"
    assert next_open(checklist_of(album, subject="")) == "frontal_hairline"


def test_every_view_has_a_name_of_the_design():
    assert list(PhotoView.values) == [
        "frontal_hairline",
        "midline_part",
        "vertex",
        "left",
        "right",
        "occiput",
        "trichoscopy",
    ]


def test_refuses_a_view_that_is_none(nurse, patient):
    with pytest.raises(ClinicError, match="standard views"):
        take_photo(nurse, patient_id=patient.pk, view="chin", content=photographs.another())


def test_two_records_of_a_person_are_one_album_and_no_photograph_changes_its_owner(site, doctor, patient):
    made = photographs.photo(patient, by=doctor)
    kept = people.patient(site=site)
    seen = {kept.pk: kept.version, patient.pk: patient.version}
    merge = merge_patients(doctor, kept_id=kept.pk, merged_id=patient.pk, seen=seen, taken=())
    assert [shot.photo for shot in album_of(kept, doctor).shots] == [made]
    later = photographs.photo(patient, by=doctor)
    assert (later.patient, later.baseline) == (kept, False)
    with pytest.raises(Conflict, match="A photograph was taken since"):
        undo_merge(doctor, merge_id=merge.pk, reason="Two people.")
