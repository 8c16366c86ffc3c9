"""Typed readers of the environment that fail loudly; every setting can also come from a file by NAME_FILE."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit


class BadSetting(Exception):
    """A setting of the environment cannot be understood."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What one setting is for; the registry of readers writes .env.example."""

    name: str
    default: str
    help: str

    @property
    def example(self) -> str:
        """The default, without paths of the machine on which it was read."""
        return "" if self.default.startswith("/") else self.default


READERS: dict[str, Reader] = {}


def text(name: str, default: str = "", *, help: str) -> str:
    """The setting as text: NAME, else the content of the file named by NAME_FILE, else the default."""
    READERS[name] = Reader(name, default, help)
    if name in os.environ:
        return os.environ[name]
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return default
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise BadSetting(f"{name}_FILE names {file}, which cannot be read: {problem.strerror}.") from problem


def boolean(name: str, default: bool, *, help: str) -> bool:
    """The setting as a boolean: 1, true, yes, on or 0, false, no, off."""
    value = text(name, "1" if default else "0", help=help).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise BadSetting(f"{name} must be 1 or 0, not {value!r}.")


def integer(name: str, default: int, *, help: str) -> int:
    """The setting as a whole number."""
    value = text(name, str(default), help=help)
    try:
        return int(value)
    except ValueError as problem:
        raise BadSetting(f"{name} must be a whole number, not {value!r}.") from problem


def words(name: str, default: str, *, help: str) -> list[str]:
    """The setting as a list separated by commas."""
    return [word.strip() for word in text(name, default, help=help).split(",") if word.strip()]


def database(name: str, sqlite_file: Path, *, help: str) -> dict[str, object]:
    """Django's database settings from a postgresql:// address, or SQLite at the given file when it is empty."""
    address = text(name, "", help=help)
    if not address:
        return _sqlite(sqlite_file)
    parts = urlsplit(address)
    if parts.scheme == "sqlite":
        return _sqlite(Path(parts.path))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadSetting(f"{name} must begin with postgresql:// or sqlite://.")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or (parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c lock_timeout=20s -c statement_timeout=60s", **query},
    }


def _sqlite(file: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        # Opening costs a request more than what it reads; the last to close writes the whole log back as well.
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: an acknowledged row must survive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


def example() -> str:
    """The text of .env.example: every setting with what it is for and its default; call it once settings are read."""
    lines = ["# Every setting of mesoclinic. NAME_FILE may name a file that holds the value instead.", ""]
    for reader in sorted(READERS.values(), key=lambda each: each.name):
        lines += [f"# {reader.help}", f"#{reader.name}={reader.example}", ""]
    return "\n".join(lines)
