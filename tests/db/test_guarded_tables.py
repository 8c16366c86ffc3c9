"""Each table that is insert-only, or frozen once it is signed: no column changes, no row goes, whoever asks."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import JSONField

from mesoclinic import guards
from tests.builders.rows import other_value, row

# Table -> the columns that may still change.
INSERT_ONLY: dict[str, set[str]] = {
    "mesoclinic_auditevent": set(),
    "mesoclinic_document": {"sealed_at"},
    "protocols_cataloguerelease": set(),
    "protocols_cataloguerow": set(),
    "protocols_rowdecision": set(),
    "protocols_rowauthor": set(),
    "protocols_activation": set(),
    "protocols_vignetterun": set(),
    "protocols_movement": set(),
    "patients_factsheet": set(),
    "patients_addendum": set(),
    "patients_candidacy": set(),
    "patients_acknowledgement": set(),
    "patients_override": set(),
    "patients_formulationcheck": set(),
    "patients_patientdocument": set(),
    "clinic_sessions_injection": {"taken_out_at"},
    "patients_correction": set(),
    "patients_measurement": {"patient_id"},
    "clinic_sessions_assessmentrecord": set(),
    "clinic_sessions_outcome": set(),
    "patients_mergedrow": set(),
    "patients_twopeople": set(),
    "patients_patientmerge": {"undone_at", "undone_by_id", "undone_reason"},
    "patients_attachment": {"set_aside_at", "set_aside_by_id", "set_aside_reason"},
    "patients_photo": {"baseline", "set_aside_at", "set_aside_by_id", "set_aside_reason"},
    "patients_skippedview": set(),
    "clinic_sessions_lotuse": set(),
    "clinic_sessions_checklistentry": set(),
    "clinic_sessions_adverseevententry": set(),
    "clinic_sessions_triage": set(),
    "clinic_sessions_windowoverride": set(),
    "clinic_sessions_adverseevent": {
        "code",
        "grade",
        "worst_grade",
        "causality",
        "seriousness",
        "action",
        "outcome",
        "state",
        "resolved_at",
        "version",
    },
}
# Table -> the states in which a row is frozen, in the order in which it passes them, and what may still change then.
FROZEN: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "patients_consultation": (("signed", "voided"), {"state"}),
    "patients_planversion": (("signed", "superseded", "stopped"), {"state", "stop_reason"}),
    "patients_signoff": (("granted", "refused"), set()),
    "patients_consent": (("signed", "withdrawn", "expired", "superseded"), {"state", "withdrawn_at"}),
    "clinic_sessions_treatmentrecord": (("signed", "voided"), {"state"}),
    "protocols_releasedraft": (("finished", "discarded"), set()),
}
FREE = {
    "patients_consultation": "draft",
    "patients_planversion": "draft",
    "patients_signoff": "asked",
    "patients_consent": "shown",
    "clinic_sessions_treatmentrecord": "open",
    "protocols_releasedraft": "open",
}
# A value that a constraint of the column allows.
ALLOWED = {("clinic_sessions_adverseevent", "grade"): 3}
MODELS = {model._meta.db_table: model for model in apps.get_models()}
LOCKED = [(table, "") for table in INSERT_ONLY] + [(table, state) for table in FROZEN for state in FROZEN[table][0]]
EVENTS = ("update", "delete", "truncate") if connection.vendor == "postgresql" else ("update", "delete")


def kept(table: str, state: str):
    """A row that is guarded; its record number and its like are of no matter."""
    return row(MODELS[table], **({"state": state} if state else {}))


def refused(table: str, event: str):
    return pytest.raises(IntegrityError, match=f"{table} is guarded: {event.upper()} refused")


def may_change(table: str) -> set[str]:
    return INSERT_ONLY[table] if table in INSERT_ONLY else FROZEN[table][1]


def change(one, field) -> None:
    with transaction.atomic():
        new = ALLOWED.get((one._meta.db_table, field.column)) or other_value(field, getattr(one, field.attname))
        type(one)._base_manager.filter(pk=one.pk).update(**{field.attname: new})


def delete(one) -> None:
    with transaction.atomic():
        type(one)._base_manager.filter(pk=one.pk)._raw_delete(using="default")


def truncate(table: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # A table whose deferred checks still wait cannot be truncated at all, guard or none.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'TRUNCATE "{table}" CASCADE')


def test_every_guarded_table_is_tried_here():
    assert set(guards._guards) == {*INSERT_ONLY, *FROZEN}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(("table", "state"), LOCKED, ids=lambda part: part)
def test_what_is_kept_stays_as_it_is(table, state, event):
    one = kept(table, state)
    if event == "update":
        for field in one._meta.concrete_fields:
            if field.column not in may_change(table) | {"id"}:
                with refused(table, event):
                    change(one, field)
    else:
        with refused(table, event):
            delete(one) if event == "delete" else truncate(table)
    one.refresh_from_db()


@pytest.mark.parametrize(("table", "state"), LOCKED, ids=lambda part: part)
def test_what_may_change_changes(table, state):
    one = kept(table, state)
    for field in one._meta.concrete_fields:
        if field.column in may_change(table) - {"state"}:
            change(one, field)


@pytest.mark.parametrize("table", FROZEN)
def test_a_state_goes_onward_and_never_back(table):
    states, changing = FROZEN[table]
    rows = MODELS[table]._base_manager
    for place, state in enumerate(states):
        onward = states[place:] if "state" in changing else (state,)
        for later in onward:
            assert rows.filter(pk=kept(table, state).pk).update(state=later) == 1
        for other in (FREE[table], *(each for each in states if each not in onward)):
            with refused(table, "update"), transaction.atomic():
                rows.filter(pk=kept(table, state).pk).update(state=other)


@pytest.mark.parametrize("table", FROZEN)
def test_what_is_not_signed_yet_is_free(table):
    one = kept(table, FREE[table])
    for field in one._meta.concrete_fields:
        if isinstance(field, JSONField):
            change(one, field)
    delete(one)
