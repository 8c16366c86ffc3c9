"""A real SMTP server that keeps every mail on disk before it says 250, and can be asked whether it has one.

Run: `python -m mesoclinic.demo.sink PORT FOLDER`. Faults for tests come from the file named by MAIL_SINK_FAULT,
read for each mail: `hang` (in DATA, nothing kept), `mute` (kept, but 250 never comes), `421`, `450` or `550`.
"""

import asyncio
import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_HANG_SECONDS = 3600
_REFUSALS = {
    "421": "421 4.3.2 The service closes",
    "450": "450 4.2.0 The mailbox is busy, try later",
    "550": "550 5.1.1 No such mailbox",
}


def keep(content: bytes, folder: Path) -> Path:
    """Stores one mail durably; its file name carries the time and the digest of its Message-ID, so it is the index."""
    folder.mkdir(parents=True, exist_ok=True)
    message_id = str(message_from_bytes(content, policy=policy.default).get("Message-ID", ""))
    file = folder / f"{time.time_ns():020d}-{_digest(message_id)}.eml"
    growing = file.with_suffix(".part")
    with growing.open("wb") as writer:
        writer.write(content)
        writer.flush()
        os.fsync(writer.fileno())
    growing.rename(file)
    _sync_folder(folder)
    return file


def find(message_id: str, folder: Path | None = None) -> list[Path]:
    """Every kept mail with this Message-ID, oldest first; more than one is a mail sent twice."""
    return sorted((folder or mail_folder()).glob(f"*-{_digest(message_id)}.eml"))


def newest(count: int, folder: Path | None = None) -> Iterator[tuple[str, EmailMessage]]:
    """The newest mails with their names."""
    for file in sorted((folder or mail_folder()).glob("*.eml"), reverse=True)[:count]:
        yield file.stem, read(file)


def read(file: Path) -> EmailMessage:
    """A kept mail."""
    return message_from_bytes(file.read_bytes(), policy=policy.default)


def mail_folder() -> Path:
    """Where the demo's mail is kept."""
    from django.conf import settings

    return Path(settings.VAR_DIR) / "mail"


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.strip().encode()).hexdigest()[:32]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Mailbox:
    """Accepts every mail, unless a fault is ordered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        fault = _fault()
        if fault in _REFUSALS:
            return _REFUSALS[fault]
        if fault == "hang":
            await asyncio.sleep(_HANG_SECONDS)
        await asyncio.to_thread(keep, envelope.original_content, self.folder)
        if fault == "mute":
            await asyncio.sleep(_HANG_SECONDS)
        return "250 2.0.0 Kept"


def _fault() -> str:
    file = os.environ.get("MAIL_SINK_FAULT")
    try:
        return Path(file).read_text().strip() if file else ""
    except FileNotFoundError:
        return ""


async def serve(port: int, folder: Path) -> None:
    """Serves until SIGTERM or SIGINT."""
    from aiosmtpd.smtp import SMTP

    folder.mkdir(parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    mailbox = Mailbox(folder)
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="localhost", ident="mesoclinic demo sink", enable_SMTPUTF8=True),
        host="127.0.0.1",
        port=port,
    )
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
