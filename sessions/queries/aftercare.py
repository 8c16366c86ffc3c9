"""What the aftercare sheet of a session is made from."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from mesoclinic.rules.tri import Tri, known
from patients.queries.people import records_of_person
from protocols.queries.catalogue import catalogue_of
from sessions.models import Booking, TreatmentRecord
from sessions.queries.bookings import GONE
from sessions.queries.series import series_page
from sessions.rules.aftercare import Instruction, SessionDone, sheet

FAINT = "AE-16"
_ANSWERS = {"yes": Tri.YES, "no": Tri.NO, True: Tri.YES, False: Tri.NO}


def instructions_for(record: TreatmentRecord) -> tuple[Instruction, ...]:
    """The personal instructions after this session, those of earlier sessions that still hold among them."""
    catalogue = catalogue_of(record.session.series.plan_version.release)
    sessions = tuple(session_done(each, each.ended_at) for each in _so_far(record) if each.ended_at)
    return sheet(sessions, catalogue, next_assessment_on=next_assessment_on(record))


def session_done(record: TreatmentRecord, ended_at: datetime) -> SessionDone:
    """One session as the rules see it, in the site's time; what was not recorded is unknown."""
    events = list(record.adverse_events.all())
    return SessionDone(
        ended_at=ended_at.astimezone(record.site.zone),
        techniques=_techniques(record),
        ingredients=_ingredients(record),
        bl_rule_fired=_bleeding_rule(record),
        thin_or_bald_area=_answer(record, "thin_or_bald_area"),
        uses_topicals=_answer(record, "uses_topicals"),
        skin_broken=_answer(record, "skin_broken"),
        scalp_reaction_grade=max(
            (*_grades(record.reactions), *(each.grade for each in events if each.grade)), default=None
        ),
        fainted=known(FAINT in {*_codes(record.reactions), *(each.code for each in events)}),
    )


def next_assessment_on(record: TreatmentRecord) -> date | None:
    """The day of the next assessment of the series as it stands."""
    if record.ended_at is None:
        return None
    day = record.ended_at.astimezone(record.site.zone).date()
    found = series_page(record.session.series).assessments
    return min((each.on for each in found if each.on and each.on > day), default=None)


def next_session_after(record: TreatmentRecord) -> Booking | None:
    """The next booked session of the same series."""
    coming = Booking.objects.filter(treatment_session__series=record.session.series_id, starts_at__gt=record.ended_at)
    coming = coming.exclude(state__in=GONE).exclude(treatment_session=record.session_id)
    return coming.select_related("treatment_session", "site").order_by("starts_at").first()


def _so_far(record: TreatmentRecord) -> Iterable[TreatmentRecord]:
    signed = TreatmentRecord.objects.filter(patient__in=records_of_person(record.patient_id))
    signed = signed.filter(state=TreatmentRecord.State.SIGNED, ended_at__lte=record.ended_at).select_related(
        "site", "candidacy", "fact_sheet", "session__series__plan_version"
    )
    return signed.prefetch_related("adverse_events", "lot_uses").order_by("ended_at", "pk")


def _techniques(record: TreatmentRecord) -> frozenset[str]:
    zones = {zone.get("technique", "") for zone in record.zones if isinstance(zone, dict)}
    return frozenset({record.technique, *zones} - {""})


def _ingredients(record: TreatmentRecord) -> frozenset[str]:
    """What went into the syringes; as long as no lot is recorded, what the plan puts into them."""
    used = {use.ingredient for use in record.lot_uses.all()}
    return frozenset(used or record.session.series.plan_version.components.values_list("ingredient", flat=True))


def _bleeding_rule(record: TreatmentRecord) -> Tri:
    if record.candidacy is None:
        return Tri.UNKNOWN
    return known(any(str(finding.get("rule", "")).startswith("BL-") for finding in record.candidacy.findings))


def _answer(record: TreatmentRecord, name: str) -> Tri:
    """The answer of the day, or that of the fact sheet of the day."""
    sheet = record.fact_sheet.facts if record.fact_sheet else {}
    fact = record.day_inputs.get(name, sheet.get(name))
    value: Any = fact.get("value") if isinstance(fact, dict) else fact
    return _ANSWERS.get(value, Tri.UNKNOWN) if isinstance(value, str | bool) else Tri.UNKNOWN


def _grades(reactions: Iterable[Any]) -> list[int]:
    grades = [reaction.get("grade") for reaction in reactions if isinstance(reaction, dict)]
    return [grade for grade in grades if isinstance(grade, int)]


def _codes(reactions: Iterable[Any]) -> list[str]:
    return [str(reaction.get("code", "")) if isinstance(reaction, dict) else str(reaction) for reaction in reactions]
