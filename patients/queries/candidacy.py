"""Verdicts as they were given, and the facts that the next one rests on."""

from datetime import date

from patients.models import Candidacy, FactSheet, Patient
from protocols.models import CatalogueRelease

# Verdicts of a session's day ask for more and are given again at each session.
WHOLE = ("consultation", "plan signed")


def newest_sheet(patient: Patient) -> FactSheet | None:
    """What is known of the patient now."""
    return FactSheet.objects.filter(patient=patient).order_by("-number").first()


def verdict_on(sheet: FactSheet, *, release: CatalogueRelease, on: date) -> Candidacy | None:
    """The verdict that was already given on these facts, by this release, for this day."""
    given = Candidacy.objects.filter(fact_sheet=sheet, release=release, evaluated_on=on, cause__in=WHOLE)
    return given.select_related("fact_sheet", "release").first()
