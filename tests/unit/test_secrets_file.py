"""Secrets of an embedded clinic."""

from pathlib import Path

from mesoclinic.secrets_file import kept_secret


def test_a_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path):
    first = kept_secret(tmp_path, "audit_key")
    assert kept_secret(tmp_path, "audit_key") == first
    assert len(first) >= 64
    assert (tmp_path / "secrets" / "audit_key").stat().st_mode & 0o777 == 0o600
