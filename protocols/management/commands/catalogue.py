"""`manage.py catalogue check|load|diff|lock`: the shipped files against the rules of their format and the database."""

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from mesoclinic.actors import System
from protocols.models import CatalogueRow
from protocols.queries.catalogue import read_shipped, shipped_versions
from protocols.release_files import ReleaseLocked, lock_release
from protocols.rules.catalogue import Catalogue, CatalogueError
from protocols.services.catalogue import activate_release, load_release


class Command(BaseCommand):
    """Checks, loads or compares catalogue releases."""

    help = "Check the shipped catalogue files, load them, or show what differs from the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["check", "load", "diff", "lock"])
        parser.add_argument("--release", default=shipped_versions()[-1])

    def handle(self, *args: object, what: str, release: str, **options: object) -> None:
        try:
            catalogue = read_shipped(release)
        except CatalogueError as error:
            self.stderr.write(str(error))
            raise CommandError(f"{len(error.problems)} problems in release {release}.") from error
        getattr(self, f"_{what}")(catalogue)

    def _check(self, catalogue: Catalogue) -> None:
        self.stdout.write(f"{catalogue.release}: {len(catalogue.entries)} rows, sha256 {catalogue.sha256}")

    def _load(self, catalogue: Catalogue) -> None:
        loaded = load_release(System("catalogue"), catalogue=catalogue)
        activate_release(System("catalogue"), release=loaded)
        self.stdout.write(f"{loaded.version} is loaded and current.")

    def _lock(self, catalogue: Catalogue) -> None:
        try:
            lock_release(catalogue)
        except ReleaseLocked as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{catalogue.release} is locked as {catalogue.sha256}.")

    def _diff(self, catalogue: Catalogue) -> None:
        stored = {
            (row.kind, row.code): row.sha256 for row in CatalogueRow.objects.filter(release__version=catalogue.release)
        }
        shipped = {(entry.kind, entry.id): entry.sha256 for entry in catalogue.entries}
        changed = sorted(key for key in stored.keys() | shipped.keys() if stored.get(key) != shipped.get(key))
        for kind, code in changed:
            self.stdout.write(f"{kind} {code}")
        if changed:
            sys.exit(1)
