"""What keeps each of several sessions from starting, as its start would say it, in a fixed number of statements."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch

from mesoclinic.rules.finding import Finding
from mesoclinic.sites import Site
from patients.models import FactSheet, PlanVersion
from patients.queries.consents import Standing, standings_on
from protocols.models import Lot
from sessions.models import Booking, LotUse, TreatmentRecord, TreatmentSession
from sessions.queries.readiness import STOPPING, consent_stops, rescreen_stops, short_stop, withheld_stops
from sessions.queries.stops import stops_of_plans
from sessions.queries.treatment import needs_of_version, stock_for, today_at

BEFORE_THE_START = (Booking.State.BOOKED, Booking.State.CONFIRMED, Booking.State.ARRIVED, Booking.State.NUMBING)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the sessions of one day go by, read once for all of them."""

    site: Site
    consents: dict[int, Standing]
    stops: dict[int, list[Finding]]
    stock: dict[int, Sequence[Lot]]
    newest: dict[int, int]
    uses: dict[int, list[LotUse]]


def blocks_of(site: Site, bookings: Iterable[Booking]) -> dict[int, list[Finding]]:
    """By booking of a session that has not started: consent, re-screen, adverse events and lots that stand against it.

    The same checks as at the start (`readiness_of`); what the re-screen itself will find nobody can say before it.
    """
    coming = [each for each in bookings if each.treatment_session_id and each.state in BEFORE_THE_START]
    sessions = _sessions([each.treatment_session_id for each in coming])
    read = _read(site, list(sessions.values()))
    found = {}
    for booking in coming:
        session = sessions[booking.treatment_session_id or 0]
        found[booking.pk] = list(_stops(session, read))
    return found


def _sessions(numbers: Iterable[int | None]) -> dict[int, TreatmentSession]:
    related = ("series__plan_version__plan__site", "series__plan_version__release")
    records = TreatmentRecord.objects.exclude(state=TreatmentRecord.State.VOIDED).select_related("site")
    found = TreatmentSession.objects.filter(pk__in=list(numbers)).select_related(*related)
    parts = ("series__plan_version__components__product", "series__plan_version__plan__versions")
    return {each.pk: each for each in found.prefetch_related(*parts, Prefetch("records", records, to_attr="counted"))}


def _read(site: Site, sessions: Sequence[TreatmentSession]) -> _Read:
    versions = [_version(each) for each in sessions]
    patients = {each.series.patient_id for each in sessions}
    records = [record for each in sessions if (record := _record(each))]
    sheets = FactSheet.objects.filter(patient__in=patients).order_by("number").values_list("patient", "pk")
    uses: dict[int, list[LotUse]] = {}
    for use in LotUse.objects.filter(record__in=records).select_related("lot").order_by("pk"):
        uses.setdefault(use.record_id, []).append(use)
    return _Read(
        site=site,
        consents=standings_on(today_at(site), versions),
        stops=stops_of_plans(versions),
        stock=dict(stock_for(versions, site)),
        newest=dict(sheets),
        uses=uses,
    )


def _stops(session: TreatmentSession, read: _Read) -> Iterator[Finding]:
    version, record = _version(session), _record(session)
    uses = read.uses.get(record.pk, []) if record else []
    yield from (found for found in read.stops[version.pk] if found.level in STOPPING)
    yield from consent_stops(read.consents[version.pk])
    yield from rescreen_stops(record, read.site, read.newest.get(session.series.patient_id))
    yield from (short_stop(need) for need in needs_of_version(version, uses, read.stock) if need.short)
    if record is not None:
        yield from withheld_stops(record, uses)


def _version(session: TreatmentSession) -> PlanVersion:
    return session.series.plan_version


def _record(session: TreatmentSession) -> TreatmentRecord | None:
    """The record that counts, as it was read beforehand."""
    counted: list[TreatmentRecord] = session.counted  # type: ignore[attr-defined]  # prefetched
    return counted[0] if counted else None
