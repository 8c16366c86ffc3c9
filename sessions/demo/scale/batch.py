"""Rows that are written together: made without their numbers, saved table after table in one transaction.

The audit chain gets an event for each signature and each series, and one for all else of a batch, which says how many
rows it was: an event for each of a million rows would be most of the work, and nobody did these deeds.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Model

from mesoclinic import audit
from mesoclinic.actors import Actor, System
from mesoclinic.transactions import atomic
from patients.models import (
    Acknowledgement,
    Candidacy,
    Component,
    Consent,
    Consultation,
    FactSheet,
    FormulationCheck,
    Notice,
    Patient,
    PatientSite,
    PlanVersion,
    TreatmentPlan,
)
from protocols.models import Movement
from sessions.models import (
    AssessmentPoint,
    Booking,
    BookingUse,
    LotUse,
    Occupancy,
    Series,
    TreatmentRecord,
    TreatmentSession,
)

# Each after what it refers to.
TABLES: tuple[type[Model], ...] = (
    Patient, PatientSite, Consultation, FactSheet, Candidacy, Acknowledgement, TreatmentPlan, PlanVersion, Component,
    FormulationCheck, Consent, Series, TreatmentSession, AssessmentPoint, Booking, BookingUse, Occupancy,
    TreatmentRecord, Movement, LotUse, Notice,
)  # fmt: skip
AT_ONCE = 500
# SQLite takes no more values in one statement.
VALUES = 900
SEED = System("seed")
Values = tuple[object, ...]


@dataclass(slots=True)
class Batch:
    """Rows by table, what has to wait for the number of a row, and the audit events of all that."""

    rows: defaultdict[type[Model], list[Model]] = field(default_factory=lambda: defaultdict(list))
    plain: defaultdict[type[Model], list[Callable[[], Values]]] = field(default_factory=lambda: defaultdict(list))
    after: defaultdict[type[Model], list[Callable[[], None]]] = field(default_factory=lambda: defaultdict(list))
    events: list[tuple[Actor, str, Model, int | None]] = field(default_factory=list)

    def add(self, *rows: Model) -> None:
        """Save these with the batch."""
        for row in rows:
            self.rows[type(row)].append(row)

    def add_plain(self, table: type[Model], values: Callable[[], Values]) -> None:
        """Save a row that nobody needs as an object: all columns but its number, asked for after earlier tables."""
        self.plain[table].append(values)

    def then(self, table: type[Model], call: Callable[[], None]) -> None:
        """Call it once the rows of that table have their numbers; it may add rows to later tables."""
        self.after[table].append(call)

    def record(self, actor: Actor, action: str, row: Model, *, patient: Patient | int | None = None) -> None:
        """An audit event about a row, appended once all of them have their numbers."""
        self.events.append((actor, action, row, patient.pk if isinstance(patient, Patient) else patient))

    def save(self) -> None:
        """Write everything and its audit events in one transaction."""
        with atomic():
            counted = []
            for table in TABLES:
                rows, plain = self.rows.pop(table, []), self.plain.pop(table, [])
                table._default_manager.bulk_create(rows, batch_size=AT_ONCE)
                _insert(table, [values() for values in plain])
                counted += [f"{len(rows) + len(plain)} {table._meta.model_name}"] if rows or plain else []
                for call in self.after.pop(table, []):
                    call()
            for actor, action, row, patient in self.events:
                audit.record(actor, action, row, patient_id=patient)
            if counted:
                audit.record(SEED, "clinic.seeded", reason=", ".join(counted))
        assert not self.rows
        self.events.clear()


def _insert(table: type[Model], rows: list[Values]) -> None:
    columns = [each for each in table._meta.concrete_fields if not each.primary_key]
    names = ", ".join(connection.ops.quote_name(str(each.column)) for each in columns)
    mark = f"({', '.join(['%s'] * len(columns))})"
    prepare = [each.get_db_prep_save for each in columns]
    step = VALUES // len(columns)
    with connection.cursor() as cursor:
        for first in range(0, len(rows), step):
            some = rows[first : first + step]
            values = [put(value, connection) for row in some for put, value in zip(prepare, row, strict=True)]
            marks = ", ".join([mark] * len(some))
            cursor.execute(f"INSERT INTO {table._meta.db_table} ({names}) VALUES {marks}", values)
