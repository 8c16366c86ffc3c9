"""A locked release is never edited; a change of its content is a new release."""

import shutil

import pytest

from protocols.release_files import SHIPPED, ReleaseLocked, check_lock, lock_release, locked, read_release


@pytest.mark.parametrize("release", sorted(path.name for path in SHIPPED.iterdir() if path.is_dir()))
def test_the_shipped_files_are_those_that_were_locked(release):
    check_lock(read_release(release))


def test_every_locked_release_is_still_shipped():
    assert all((SHIPPED / release).is_dir() for release in locked())


def test_refuses_an_edited_release_once_it_is_locked(tmp_path):
    shutil.copytree(SHIPPED / "2026.1", tmp_path / "2026.1")
    lock_release(read_release("2026.1", tmp_path), tmp_path)
    lock_release(read_release("2026.1", tmp_path), tmp_path)
    file = tmp_path / "2026.1" / "candidacy_rules.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('value = "65"', 'value = "66"'), encoding="utf-8")
    with pytest.raises(ReleaseLocked, match=r"2026\.1"):
        lock_release(read_release("2026.1", tmp_path), tmp_path)


def test_a_comment_or_the_order_of_files_is_no_edit(tmp_path):
    shutil.copytree(SHIPPED / "2026.1", tmp_path / "2026.1")
    lock_release(read_release("2026.1", tmp_path), tmp_path)
    file = tmp_path / "2026.1" / "diagnoses.toml"
    file.write_text("# reviewed\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    file.rename(file.with_name("z.toml"))
    check_lock(read_release("2026.1", tmp_path), tmp_path)
