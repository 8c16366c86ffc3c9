"""Every setting is in .env.example, with what it is for."""

from pathlib import Path

from mesoclinic import env

ROOT = Path(__file__).resolve().parents[2]


def test_example_names_every_setting():
    """Write it anew with `python tools/env_example.py` when this fails."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    missing = [reader.name for reader in env.READERS.values() if f"#{reader.name}=" not in text]
    assert missing == []


def test_every_setting_says_what_it_is_for():
    assert [reader.name for reader in env.READERS.values() if not reader.help.strip()] == []
