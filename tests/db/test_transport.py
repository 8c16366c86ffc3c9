"""Mail over real SMTP to the real sink."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from mesoclinic.demo import sink
from mesoclinic.transport import Attachment, BadMail, Found, Mail, NotSent, SinkTransport, SmtpTransport, Unsure
from tests import services

pytestmark = pytest.mark.processes
MAIL = Mail(
    to="ana@example.test", subject="Your visit on 3 March – 10:00", text="Hello.\n.\nGoodbye.", message_id="<a@x>"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sink")
    with services.mail_sink(folder / "mail", folder / "fault") as port:
        yield port, folder


@pytest.fixture
def fault(server, settings):
    port, folder = server
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT, settings.VAR_DIR = "127.0.0.1", port, 1, folder
    yield folder / "fault"
    (folder / "fault").unlink(missing_ok=True)


def test_a_mail_arrives_whole_under_its_own_id(fault):
    whole = replace(
        MAIL, html="<p>Hello.</p>", attachments=[Attachment("plan.pdf", "application/pdf", b"%PDF\r.\n")], language="es"
    )
    SinkTransport().send(whole)
    (kept,) = sink.find("<a@x>")
    got = message_from_bytes(kept.read_bytes(), policy=policy.default)
    assert (got["Message-ID"], got["To"], got["Subject"]) == ("<a@x>", "ana@example.test", MAIL.subject)
    assert got["Content-Language"] == "es"
    assert got.get_body(("plain",)).get_content().splitlines() == ["Hello.", ".", "Goodbye."]
    assert got.get_body(("html",)).get_content().strip() == "<p>Hello.</p>"
    (paper,) = got.iter_attachments()
    assert (paper.get_filename(), paper.get_content()) == ("plan.pdf", b"%PDF\r.\n")


def test_the_sink_is_asked_and_plain_smtp_cannot_tell(fault):
    SinkTransport().send(replace(MAIL, message_id="<b@x>"))
    assert SinkTransport().find("<b@x>") is Found.SENT
    assert SinkTransport().find("<never@x>") is Found.ABSENT
    assert SmtpTransport().find("<b@x>") is Found.CANNOT_TELL


def test_a_lone_line_end_cannot_smuggle_a_second_mail(fault):
    text = "Hello.\r.\rMAIL FROM:<x@y>\n.\nRCPT TO:<x@y>\r\n.\r\nend"
    SinkTransport().send(replace(MAIL, message_id="<c@x>", text=text))
    (kept,) = sink.find("<c@x>")
    assert kept.read_bytes().rstrip().endswith(b"end")


@pytest.mark.parametrize(("word", "final"), [("450", False), ("550", True)])
def test_a_refusal_says_whether_it_is_final(fault, word, final):
    fault.write_text(word)
    with pytest.raises(NotSent, match=f"SMTP {word}") as refusal:
        SmtpTransport().send(MAIL)
    assert refusal.value.final is final
    assert "ana" not in str(refusal.value)


@pytest.mark.parametrize("word", ["hang", "mute"])
def test_silence_after_the_text_is_unsure(fault, word):
    fault.write_text(word)
    with pytest.raises(Unsure):
        SmtpTransport().send(replace(MAIL, message_id=f"<{word}@x>"))


def test_no_server_is_a_passing_trouble(settings):
    settings.EMAIL_PORT = services.free_port()
    with pytest.raises(NotSent) as trouble:
        SmtpTransport().send(MAIL)
    assert not trouble.value.final


@pytest.mark.parametrize(
    "over",
    [
        {"to": "a@example.test, b@example.test"},
        {"to": "a@example.test\nBcc: b@example.test"},
        {"to": "nobody"},
        {"to": ""},
        {"subject": "Hello\r\nBcc: b@example.test"},
        {"subject": "Hello\x00"},
        {"language": "en\nX: y"},
        {"attachments": [Attachment("a\n.pdf", "application/pdf", b"")]},
    ],
)
def test_a_mail_to_many_or_with_headers_in_it_cannot_be_made(over):
    with pytest.raises(BadMail):
        replace(MAIL, **over)


def test_text_that_cannot_be_written_is_refused_for_good(fault):
    with pytest.raises(NotSent, match="writing failed") as refusal:
        SmtpTransport().send(replace(MAIL, text="\ud800"))
    assert refusal.value.final
