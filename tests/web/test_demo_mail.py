"""The demo's SMTP sink keeps what it accepts, and its mailbox shows it safely."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.urls import include, path

from mesoclinic.demo import sink
from tests import services

ABSENT = f"{'0' * 20}-{'a' * 32}"
urlpatterns = [path("demo/mail/", include("mesoclinic.demo.urls")), path("", include("mesoclinic.urls"))]


def mail(message_id: str = "<one@clinic>") -> EmailMessage:
    made = EmailMessage()
    made["Message-ID"], made["To"], made["From"] = message_id, "işıl@patient.test", "clinic@demo.test"
    made["Subject"], made["Date"] = "After your session", "Tue, 24 Nov 2026 09:00:00 +0000"
    made.set_content("No washing <b>until</b> Wednesday.\n.\nA line of one dot.")
    made.add_attachment(b"%PDF-1.7 paper", maintype="application", subtype="pdf", filename="aftercare.pdf")
    return made


@pytest.fixture
def fault(tmp_path: Path) -> Path:
    return tmp_path / "fault"


@pytest.fixture
def server(tmp_path: Path, fault: Path):
    with services.mail_sink(tmp_path / "mail", fault) as port:
        connection = smtplib.SMTP("127.0.0.1", port, timeout=2)
        yield connection
        connection.close()


@pytest.fixture
def mailbox(client, settings, tmp_path: Path):
    settings.VAR_DIR, settings.ROOT_URLCONF = tmp_path, __name__
    return client


def send(server: smtplib.SMTP, message: EmailMessage) -> None:
    server.send_message(message, "clinic@demo.test", ["isil@patient.test"])


def test_an_accepted_mail_is_found_by_its_message_id(server, tmp_path):
    send(server, mail())
    (kept,) = sink.find("<one@clinic>", tmp_path / "mail")
    assert "A line of one dot." in str(sink.read(kept).get_body(("plain",)).get_content())
    assert sink.find("<other@clinic>", tmp_path / "mail") == []


def test_a_mail_sent_twice_is_found_twice(server, tmp_path):
    send(server, mail())
    send(server, mail())
    assert len(sink.find("<one@clinic>", tmp_path / "mail")) == 2


@pytest.mark.parametrize("code", [421, 450, 550])
def test_a_refused_mail_is_not_kept(server, fault, tmp_path, code):
    fault.write_text(str(code))
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        send(server, mail())
    assert refused.value.smtp_code == code
    assert sink.find("<one@clinic>", tmp_path / "mail") == []


@pytest.mark.parametrize(("ordered", "kept"), [("hang", 0), ("mute", 1)])
def test_a_server_that_falls_silent_has_the_mail_or_not(server, fault, tmp_path, ordered, kept):
    fault.write_text(ordered)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server, mail())
    assert len(sink.find("<one@clinic>", tmp_path / "mail")) == kept


def test_the_mailbox_lists_and_shows_mail_as_text_and_gives_the_paper(server, mailbox):
    send(server, mail())
    assert "After your session" in mailbox.get("/demo/mail/").content.decode()
    ((name, _),) = sink.newest(9)
    page = mailbox.get(f"/demo/mail/{name}/").content.decode()
    assert "&lt;b&gt;until&lt;/b&gt;" in page
    paper = mailbox.get(f"/demo/mail/{name}/0/")
    assert paper.content == b"%PDF-1.7 paper"
    assert paper.headers["Content-Disposition"] == 'attachment; filename="aftercare.pdf"'


@pytest.mark.parametrize("address", [f"{ABSENT}/", f"{ABSENT}/0/", "..%2f..%2fsecrets/", "x/"])
def test_an_unknown_mail_is_not_found(mailbox, address):
    assert mailbox.get(f"/demo/mail/{address}").status_code == 404


def test_a_clinic_that_is_no_demo_has_no_mailbox(client):
    assert client.get("/demo/mail/").status_code == 404
