"""The shipped catalogue: loaded once a database by its service, from then on copied row by row."""

from django.db import connection, transaction

from mesoclinic import audit, clock
from mesoclinic.actors import System
from mesoclinic.transactions import atomic
from protocols.models import Activation, CatalogueRelease, CatalogueRow
from protocols.services.catalogue import load_release
from tests.builders.facts import shipped

# Beside the tables of the models, so that no rollback and no flush empties it.
KEPT = "tests_kept_catalogue"
ROWS = CatalogueRow._meta.db_table
COLUMNS = "kind, code, row_version, body, sha256"
# The same in every test and beyond what sequences reach: what a process has built of it holds for the next test.
NUMBER = 2_026_001


def keep() -> None:
    """Keep what the service stores of the shipped release; the release itself is not there until a test asks for it."""
    with connection.cursor() as cursor:
        with atomic():
            load_release(System("test"), catalogue=shipped())
            cursor.execute(f"SELECT {COLUMNS} FROM {ROWS} ORDER BY id")
            rows = cursor.fetchall()
            transaction.set_rollback(True)
        cursor.execute(f"CREATE TABLE {KEPT} AS SELECT id, {COLUMNS} FROM {ROWS}")
        given = [(place, *row) for place, row in enumerate(rows)]
        cursor.executemany(f"INSERT INTO {KEPT} VALUES (%s, %s, %s, %s, %s, %s)", given)


def release() -> CatalogueRelease:
    """The shipped release, active; its rows are drafts until a director approves them."""
    loaded = CatalogueRelease.objects.filter(version=shipped().release).first()
    if loaded is None:
        loaded = _copied()
        Activation.objects.create(release=loaded, by=None, at=clock.now())
    return loaded


def _copied() -> CatalogueRelease:
    with atomic(), connection.cursor() as cursor:
        made = CatalogueRelease.objects.create(
            pk=NUMBER,
            version=shipped().release,
            sha256=shipped().sha256,
            origin=CatalogueRelease.Origin.SHIPPED,
            loaded_at=clock.now(),
        )
        copy = f"INSERT INTO {ROWS} (release_id, {COLUMNS}) SELECT {NUMBER}, {COLUMNS} FROM {KEPT} ORDER BY id"
        cursor.execute(copy)
        audit.record(System("test"), "catalogue.loaded", made)
    return made
