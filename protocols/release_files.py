"""Read a release's TOML files from the disk, and the lock that keeps a published release from being edited.

`catalogue.lock` has a line `<release> <sha256>` for each locked release; `manage.py catalogue lock` adds one.
"""

from collections.abc import Mapping
from pathlib import Path

from protocols.rules.catalogue import Catalogue, parse

SHIPPED = Path(__file__).resolve().parent / "catalogue"
LOCK = "catalogue.lock"
SHIPPED_CASES = Path(__file__).resolve().parent / "vignettes" / "development.json"


class ReleaseLocked(Exception):
    """A locked release differs from its lock: make a new release instead of editing it."""


def shipped_cases() -> bytes:
    """The acceptance cases that are shipped beside the releases (clinical.md 12)."""
    return SHIPPED_CASES.read_bytes()


def release_texts(release: str, root: Path = SHIPPED) -> dict[str, str]:
    """File name -> text of every TOML file of the release; FileNotFoundError when there is no such release."""
    folder = root / release
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}


def read_release(release: str, root: Path = SHIPPED) -> Catalogue:
    """The parsed release; raises CatalogueError naming all problems."""
    return parse(release, release_texts(release, root))


def write_release(release: str, texts: Mapping[str, str], root: Path) -> Path:
    """Write the files of a release into a new folder of its name below the root; FileExistsError when there is one."""
    folder = root / release
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder


def locked(root: Path = SHIPPED) -> dict[str, str]:
    """Release -> sha256 of every locked release."""
    file = root / LOCK
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return dict(line.split(maxsplit=1) for line in lines if line.strip())


def check_lock(catalogue: Catalogue, root: Path = SHIPPED) -> None:
    """Raises ReleaseLocked when the release is locked with other content."""
    digest = locked(root).get(catalogue.release, catalogue.sha256)
    if digest != catalogue.sha256:
        raise ReleaseLocked(f"{catalogue.release} is locked as {digest}, its files now give {catalogue.sha256}")


def lock_release(catalogue: Catalogue, root: Path = SHIPPED) -> None:
    """Lock the release as it stands; locking it again unchanged does nothing."""
    check_lock(catalogue, root)
    digests = locked(root) | {catalogue.release: catalogue.sha256}
    lines = [f"{release} {digest}\n" for release, digest in sorted(digests.items())]
    (root / LOCK).write_text("".join(lines), encoding="utf-8")
