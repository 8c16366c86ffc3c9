"""`manage.py catalogue check|load|diff|lock|docs|export`: the shipped files, the database and the docs compared."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mesoclinic.actors import System
from protocols.documents.catalogue_page import catalogue_page
from protocols.documents.rules_page import rules_page
from protocols.documents.toml_files import toml_files
from protocols.models import CatalogueRelease
from protocols.queries.catalogue import loaded_catalogue, read_shipped, shipped_versions
from protocols.queries.review import bodies_of
from protocols.release_files import ReleaseLocked, lock_release, read_release, write_release
from protocols.rules.catalogue import Catalogue, CatalogueError
from protocols.rules.changes import changes
from protocols.services.catalogue import activate_release, load_release

WHAT = {
    "check": "name every problem of the shipped files",
    "load": "load them and make them current",
    "diff": "show which rows differ from the database, or from the release that a clinic's own rests on",
    "lock": "keep the release from being edited",
    "docs": "write docs/rules.md and docs/catalogue.md",
    "export": "write a loaded release as the files that load again",
}


class Command(BaseCommand):
    """Checks, loads, compares, locks or writes out a catalogue release, one sub-command each."""

    help = "Check the shipped catalogue files, load them, compare them with the database, or write them out to read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True, metavar="|".join(WHAT))
        for name, text in WHAT.items():
            command = commands.add_parser(name, help=text, description=text)
            command.add_argument("--release", default=shipped_versions()[-1])
            if name in ("check", "load", "diff"):
                command.add_argument("--from", type=Path, dest="root", metavar="FOLDER", help="where its folder is")
            if name == "load":
                command.add_argument(
                    "--parent", metavar="RELEASE", help="for a release of the clinic: what it rests on"
                )
            if name == "diff":
                command.add_argument("--against", metavar="RELEASE", help="a loaded release to compare it with")
            if name == "docs":
                command.add_argument("--into", type=Path, default=settings.BASE_DIR / "docs", metavar="FOLDER")
            if name == "export":
                command.add_argument("--to", type=Path, required=True, metavar="FOLDER")

    def handle(self, *args: object, what: str, release: str, **options: Any) -> None:
        if what == "export":
            self._export(self._loaded(release), options["to"])
        elif what == "diff":
            self._diff(release, options["root"], options["against"])
        elif what == "docs":
            self._docs(self._files(release), options["into"])
        elif what == "load":
            self._load(self._files(release, options["root"]), options["parent"])
        else:
            getattr(self, f"_{what}")(self._files(release, options.get("root")))

    def _files(self, release: str, root: Path | None = None) -> Catalogue:
        """The release as its files say, those that are shipped or those in a folder of its name below the root."""
        if root is None and release not in shipped_versions():
            raise CommandError(f"There is no shipped release {release}; there are {', '.join(shipped_versions())}.")
        try:
            return read_release(release, root) if root else read_shipped(release)
        except FileNotFoundError as error:
            raise CommandError(f"There is no folder {error}.") from error
        except CatalogueError as error:
            self.stderr.write(str(error))
            raise CommandError(f"{len(error.problems)} problems in release {release}.") from error

    def _loaded(self, release: str) -> Catalogue:
        found = loaded_catalogue(release)
        if found is None:
            raise CommandError(f"No release {release} is loaded.")
        return found

    def _stored(self, release: str) -> CatalogueRelease:
        found = CatalogueRelease.objects.filter(version=release).first()
        if found is None:
            raise CommandError(f"No release {release} is loaded.")
        return found

    def _check(self, catalogue: Catalogue) -> None:
        self.stdout.write(f"{catalogue.release}: {len(catalogue.entries)} rows, sha256 {catalogue.sha256}")

    def _load(self, catalogue: Catalogue, parent: str | None) -> None:
        origin = CatalogueRelease.Origin.CLINIC if parent else CatalogueRelease.Origin.SHIPPED
        rests_on = self._stored(parent) if parent else None
        loaded = load_release(System("catalogue"), catalogue=catalogue, origin=origin, parent=rests_on)
        activate_release(System("catalogue"), release=loaded)
        self.stdout.write(f"{loaded.version} is loaded and current.")

    def _lock(self, catalogue: Catalogue) -> None:
        try:
            lock_release(catalogue)
        except ReleaseLocked as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{catalogue.release} is locked as {catalogue.sha256}.")

    def _diff(self, release: str, root: Path | None, against: str | None) -> None:
        """The files against what is loaded of the same name; a release of the clinic against what it rests on."""
        loaded = CatalogueRelease.objects.filter(version=release).first()
        base = loaded
        if root is None and loaded is not None and loaded.parent is not None:
            rows, base = bodies_of(loaded), loaded.parent
        else:
            rows = {(each.kind, each.id): each.body for each in self._files(release, root).entries}
        if against:
            base = self._stored(against)
        found = changes(bodies_of(base) if base else {}, rows)
        for row in found:
            self.stdout.write(f"{row.kind} {row.code}")
        if found:
            sys.exit(1)

    def _docs(self, catalogue: Catalogue, folder: Path) -> None:
        for name, text in {"rules.md": rules_page(catalogue), "catalogue.md": catalogue_page(catalogue)}.items():
            (folder / name).write_text(text, encoding="utf-8")
            self.stdout.write(str(folder / name))

    def _export(self, catalogue: Catalogue, folder: Path) -> None:
        try:
            into = write_release(catalogue.release, toml_files(catalogue), folder)
        except FileExistsError as error:
            raise CommandError(f"{error} is there already; choose another folder.") from error
        if read_release(catalogue.release, folder).sha256 != catalogue.sha256:
            raise CommandError(f"{into} does not give {catalogue.sha256} when read again. Do not use it.")
        self.stdout.write(f"{into}: {len(catalogue.entries)} rows, sha256 {catalogue.sha256}")
