"""What Django costs by itself: views of raw SQL without middleware, permissions, audit, rules or templates."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

_numbers = count()
SLOT = 300
WEEK = (
    "SELECT b.id, b.starts_at, b.ends_at, b.kind, b.state, p.given_name, p.family_name, u.name, s.ordinal "
    "FROM clinic_sessions_booking b LEFT JOIN patients_patient p ON p.id = b.patient_id "
    "LEFT JOIN mesoclinic_user u ON u.id = b.clinician_id "
    "LEFT JOIN clinic_sessions_treatmentsession s ON s.id = b.treatment_session_id "
    "WHERE b.site_id = %s AND b.starts_at >= %s AND b.starts_at < %s AND b.state NOT IN ('cancelled', 'no_show') "
    "ORDER BY b.starts_at"
)
SEARCH = (
    "SELECT id, given_name, family_name, birth_date, phone FROM patients_patient "
    "WHERE search_name LIKE %s ORDER BY search_name LIMIT 21"
)
BOOK = (
    "INSERT INTO clinic_sessions_booking (site_id, kind, visit_type_name, patient_id, clinician_id, starts_at, "
    "ends_at, state, note, calendar_uid, calendar_sequence, version, booked_by_id, booked_at) VALUES "
    "(%s, 'other', '', %s, %s, %s, %s, 'booked', '', %s, 0, 1, %s, %s) RETURNING id"
)


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing but one indexed SELECT."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM mesoclinic_user WHERE id = %s", [request.GET["id"]])
        return HttpResponse(str(cursor.fetchone()))


def week(request: HttpRequest) -> HttpResponse:
    """The visits of a site between two moments."""
    first = datetime.fromisoformat(request.GET["first"]).replace(tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(WEEK, [request.GET["site"], first, first + timedelta(days=7)])
        return HttpResponse(json.dumps(cursor.fetchall(), default=str))


def search(request: HttpRequest) -> HttpResponse:
    """Patients by a part of their name."""
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, [f"%{request.GET['q']}%"])
        return HttpResponse(json.dumps(cursor.fetchall(), default=str))


def book(request: HttpRequest) -> HttpResponse:
    """So many visits of one person, each with its guarded slots, in one transaction."""
    start = datetime.fromisoformat(request.POST["start"]).replace(tzinfo=UTC)
    who = [int(request.POST[name]) for name in ("site", "patient", "clinician", "room", "desk")]
    with transaction.atomic(), connection.cursor() as cursor:
        for number in range(int(request.POST["count"])):
            _insert(cursor, start + timedelta(days=7 * number), who)
    return HttpResponse("ok")


def _insert(cursor: object, starts: datetime, who: list[int]) -> None:
    site, patient, clinician, room, desk = who
    ends = starts + timedelta(minutes=30)
    uid = f"floor{next(_numbers)}@{starts.isoformat()}"
    cursor.execute(BOOK, [site, patient, clinician, starts, ends, uid, desk, starts])  # type: ignore[attr-defined]
    (booking,) = cursor.fetchone()  # type: ignore[attr-defined]
    uses = (("clinician", clinician), ("patient", patient), ("room", room))
    _rows(
        cursor,
        "bookinguse (booking_id, resource_kind, resource_id, starts_at, ends_at)",
        [(booking, kind, number, starts, ends) for kind, number in uses],
    )
    slots = range(int(starts.timestamp()) // SLOT, int(ends.timestamp()) // SLOT)
    _rows(
        cursor,
        "occupancy (booking_id, resource_kind, resource_id, slot)",
        [(booking, kind, number, slot) for kind, number in uses for slot in slots],
    )


def _rows(cursor: object, table: str, rows: list[tuple[object, ...]]) -> None:
    marks = ", ".join(f"({', '.join(['%s'] * len(row))})" for row in rows)
    words = [value for row in rows for value in row]
    cursor.execute(f"INSERT INTO clinic_sessions_{table} VALUES {marks}", words)  # type: ignore[attr-defined]


urlpatterns = [path("floor/", empty), path("week/", week), path("search/", search), path("book/", book)]


def bare() -> WSGIHandler:
    """A WSGI application of these views alone."""
    with override_settings(MIDDLEWARE=["benchmarks.floor.own_addresses"]):
        return WSGIHandler()


def own_addresses(get_response: object) -> object:
    """Leads requests to the views above."""

    def lead(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        return get_response(request)  # type: ignore[operator,no-any-return]

    return lead
