"""Run acceptance cases written as data against a release; without --release no database is needed."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from protocols.queries.catalogue import loaded_catalogue, read_shipped, shipped_versions
from protocols.rules.catalogue import Catalogue, CatalogueError
from sessions.rules.vignette_inputs import Unreadable
from sessions.rules.vignettes import CaseResult, run_file


class Command(BaseCommand):
    help = "Run the cases of a vignette file, print each disagreement, and exit 1 when there is one."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print {id: result} instead")
        parser.add_argument(
            "--release", metavar="NAME", help="a loaded release, or a shipped one; else the last shipped"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = run_file(_read(options["file"]), _catalogue(options["release"]))
        except Unreadable as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({each.id: _answer(each) for each in results}, indent=1, ensure_ascii=False))
        else:
            self._report(results)
        if not all(each.agrees for each in results):
            raise SystemExit(1)

    def _report(self, results: tuple[CaseResult, ...]) -> None:
        for each in results:
            if each.problem:
                self.stdout.write(f"{each.id}: cannot be read: {each.problem}")
            for difference in each.disagreements:
                self.stdout.write(f"{each.id} {difference.field}: expected {_said(difference.expected)}")
                self.stdout.write(f"{each.id} {difference.field}: actual   {_said(difference.actual)}")
        agreeing = sum(each.agrees for each in results)
        self.stdout.write(f"{agreeing} of {len(results)} cases agree.")


def _catalogue(release: str | None) -> Catalogue:
    try:
        return read_shipped(shipped_versions()[-1]) if release is None else _named(release)
    except CatalogueError as error:
        raise CommandError(f"Release {release or shipped_versions()[-1]} cannot be used:\n{error}") from error


def _named(release: str) -> Catalogue:
    """The release as it is loaded; one that is not loaded as it is shipped."""
    try:
        loaded, trouble = loaded_catalogue(release), ""
    except DatabaseError as error:
        loaded, trouble = None, f" The database cannot be read: {str(error).strip()}."
    if loaded is not None:
        return loaded
    if release in shipped_versions():
        return read_shipped(release)
    shipped = ", ".join(shipped_versions())
    raise CommandError(f"There is no release {release}, neither loaded nor shipped; shipped are {shipped}.{trouble}")


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be opened: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {error}") from error


def _answer(result: CaseResult) -> object:
    return {"problem": result.problem} if result.problem else dict(result.actual)


def _said(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
