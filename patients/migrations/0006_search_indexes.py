"""Where PostgreSQL can search by three letters, a part of a name or of a phone number finds its rows by an index."""

from django.db import migrations
from django.db.utils import DatabaseError

INDEXES = {"patient_name_parts": "search_name", "patient_phone_parts": "phone_digits"}


def add(apps, editor):
    if editor.connection.vendor == "postgresql" and _has_trigrams(editor.connection):
        for name, column in INDEXES.items():
            editor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON patients_patient USING gin ({column} gin_trgm_ops)")


def remove(apps, editor):
    if editor.connection.vendor == "postgresql":
        for name in INDEXES:
            editor.execute(f"DROP INDEX IF EXISTS {name}")


def _has_trigrams(connection):
    """Whether pg_trgm is there now; where it is not shipped or may not be added, search reads every name."""
    from django.db import transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return False
    return True


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_intake")]
    operations = [migrations.RunPython(add, remove)]
