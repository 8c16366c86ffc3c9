"""Letters and results from outside: judged by content, drawn anew, kept once, set aside and never erased (D01-D15)."""

import io
import struct
import zipfile
import zlib
from datetime import timedelta

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mesoclinic import documents
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, OutOfScope
from mesoclinic.uploads import MOST_BYTES, judged, shown_name
from patients.models import Attachment, PatientDocument
from patients.queries.papers import letters_of, paper_for, papers_of
from patients.services.attachments import set_attachment_aside
from tests.builders import clinic, papers, people

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
HTML = b"<!doctype html><script>1</script>"
ORIENTATION = 0x0112


@pytest.fixture
def site():
    return clinic.site()


@pytest.fixture
def doctor(site):
    return clinic.dermatologist(at=site)


@pytest.fixture
def patient(site):
    return people.patient(site=site)


def header_only(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be this large."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:])
    return written.getvalue()


def with_zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("evil.html", HTML)
    return content + packed.getvalue()


def hiding() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "SECRET-MAKER"
    exif.get_ifd(0x8825)[1] = "SECRET-PLACE"
    return papers.picture(exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE", quality=95)


def test_keeps_a_letter_with_its_date_and_author(doctor, patient):
    made = papers.attachment(patient, by=doctor)
    assert (made.kind, made.dated_on, made.author) == ("letter", papers.yesterday(), "Dr Vega, haematology")
    assert documents.content_of(made.paper.document).startswith(b"%PDF-1.7")
    assert (made.paper.document.mime, made.paper.kind) == ("application/pdf", "letter")
    event = AuditEvent.objects.get(action="document.attached")
    assert (event.patient_id, event.object_id) == (patient.pk, str(made.pk))
    assert list(letters_of(patient)) == [made]


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_a_picture_is_kept_as_what_it_is_whatever_its_name(doctor, patient, kind, mime):
    made = papers.attachment(patient, by=doctor, content=papers.picture(kind), original_name="letter.pdf")
    assert made.paper.document.mime == mime
    with Image.open(io.BytesIO(documents.content_of(made.paper.document))) as kept:
        assert (kept.format, kept.size) == (kind, (24, 16))


def test_nothing_hidden_is_left_in_a_picture_and_it_stands_upright():
    kept = judged(hiding(), field="file").content
    assert b"SECRET" in hiding()
    assert b"SECRET" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.size, dict(picture.getexif()), picture.info.get("icc_profile")) == ((16, 24), {}, None)
        red, _green, blue = picture.convert("RGB").getpixel((8, 2))
        assert red > 200 > blue


def test_text_of_a_png_goes_and_what_is_behind_a_picture_too():
    told = PngInfo()
    told.add_text("Author", "SECRET-NAME")
    assert b"SECRET" not in judged(papers.picture("PNG", pnginfo=told), field="file").content
    for kind in ("JPEG", "PNG"):
        assert b"evil" not in judged(with_zip(papers.picture(kind)), field="file").content


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_kept(mode):
    kept = judged(papers.picture("PNG", mode=mode), field="file").content
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (24, 16)


def test_deep_grey_keeps_its_shades():
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((0, 0), 65535)
    deep.putpixel((1, 0), 32768)
    written = io.BytesIO()
    deep.save(written, "PNG")
    with Image.open(io.BytesIO(judged(written.getvalue(), field="file").content)) as kept:
        assert [kept.getpixel((x, 0)) for x in (0, 1)] == [255, 128]


REFUSED = {
    "svg": (SVG, "Only PDF, JPEG and PNG"),
    "html": (HTML, "Only PDF, JPEG and PNG"),
    "gif": (moving("GIF"), "Only PDF, JPEG and PNG"),
    "webp": (papers.picture("WEBP"), "Only PDF, JPEG and PNG"),
    "tiff": (papers.picture("TIFF"), "Only PDF, JPEG and PNG"),
    "ico": (papers.picture("ICO"), "Only PDF, JPEG and PNG"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%EOF\n", "Only PDF, JPEG and PNG"),
    "psd": (b"8BPS\0\1" + bytes(40), "Only PDF, JPEG and PNG"),
    "html before a pdf": (HTML + papers.PDF, "Only PDF, JPEG and PNG"),
    "moving png": (moving("PNG"), "moves"),
    "144 megapixels": (header_only(12_000, 12_000), "50 megapixels"),
    "1600 megapixels": (header_only(40_000, 40_000), "50 megapixels"),
    "empty": (b"", "empty"),
    "one byte": (b"\xff", "Only PDF, JPEG and PNG"),
    "cut picture": (papers.picture("JPEG", (400, 400))[:-200], "damaged"),
    "cut png": (papers.picture("PNG", (400, 400))[:-40], "damaged"),
    "wrong checksum": (papers.picture("PNG").replace(b"IHDR\0\0\0\x18", b"IHDR\0\0\0\x19"), "damaged"),
    "only a beginning": (b"\xff\xd8\xff" + SVG, "damaged"),
    "cut pdf": (papers.PDF[:-10], "cut off"),
    "too large": (papers.PDF + bytes(MOST_BYTES), "larger than 10 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_it_cannot_keep_and_writes_nothing(doctor, patient, name):
    content, words = REFUSED[name]
    with pytest.raises(ClinicError, match=words) as refusal:
        papers.attachment(patient, by=doctor, content=content, original_name="photo.jpg")
    assert refusal.value.field == "file"
    assert not PatientDocument.objects.exists()
    assert not documents.Document.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("x" * 300 + ".pdf", "x" * 200),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  a\r\nb\x00.pdf ", "ab.pdf"),
        ("CON", "CON"),
    ],
)
def test_the_name_of_a_file_is_only_text(typed, kept):
    assert shown_name(typed) == kept


def test_the_stored_file_has_a_name_of_our_own(doctor, patient):
    made = papers.attachment(patient, by=doctor, original_name="../../x.html")
    assert made.original_name == "../../x.html"
    assert "x.html" not in made.paper.document.file


@pytest.mark.parametrize("days", [1, 36_600])
def test_refuses_a_date_ahead_or_before_birth(doctor, patient, days):
    on = papers.yesterday() + timedelta(days=2) if days == 1 else patient.birth_date - timedelta(days=1)
    with pytest.raises(ClinicError) as refusal:
        papers.attachment(patient, by=doctor, dated_on=on)
    assert refusal.value.field == "dated_on"


def test_the_same_file_sent_again_is_kept_once(doctor, patient, site):
    first = papers.attachment(patient, by=doctor, content=papers.picture())
    assert papers.attachment(patient, by=doctor, content=papers.picture()).pk == first.pk
    other = people.patient(site=site)
    assert papers.attachment(other, by=doctor, content=papers.picture()).paper.patient == other
    assert Attachment.objects.count() == 2


def test_refuses_other_roles_and_other_sites_without_writing(doctor, patient, site):
    with pytest.raises(NotAllowed):
        papers.attachment(patient, by=clinic.desk(at=site))
    with pytest.raises(OutOfScope):
        papers.attachment(patient, by=clinic.dermatologist())
    assert not Attachment.objects.exists()


def test_the_desk_does_not_see_clinical_letters(doctor, patient, site):
    papers.attachment(patient, by=doctor)
    assert not papers_of(clinic.desk(at=site), patient).exists()


def test_a_letter_of_another_patient_is_set_aside_and_never_erased(doctor, patient):
    made = papers.attachment(patient, by=doctor)
    set_attachment_aside(doctor, attachment_id=made.pk, reason="Letter of another patient.")
    made.refresh_from_db()
    assert (made.set_aside_by, made.set_aside_reason) == (doctor, "Letter of another patient.")
    assert list(papers_of(doctor, patient)) == [made.paper]
    assert not letters_of(patient)
    with pytest.raises(OutOfScope):
        paper_for(doctor, made.paper.document_id)
    with pytest.raises(Conflict):
        set_attachment_aside(doctor, attachment_id=made.pk, reason="Again.")
    assert AuditEvent.objects.get(action="document.set_aside").reason == "Letter of another patient."
