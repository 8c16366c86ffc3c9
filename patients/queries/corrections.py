"""What a signed consultation says once its corrections are read beside it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.audit import AuditEvent
from mesoclinic.errors import OutOfScope
from patients.models import Candidacy, Consultation, Correction, FactSheet
from patients.queries.consultations import BIRTH
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import Input


def signed_facts(consultation: Consultation) -> dict[str, Any]:
    """The answers as they were signed."""
    sheet = consultation.fact_sheets.filter(source=FactSheet.Source.CONSULTATION).first()
    return dict(sheet.facts) if sheet else {}


def corrections_of(consultation: Consultation) -> list[Correction]:
    """What was corrected since, oldest first."""
    return list(consultation.corrections.select_related("by"))


def facts_as_corrected(consultation: Consultation) -> dict[str, Any]:
    """The answers with every correction in place."""
    facts = signed_facts(consultation)
    for each in corrections_of(consultation):
        facts = with_entry(facts, each.field, each.new)
    return facts


def with_entry(facts: Mapping[str, Any], field: str, entry: Any) -> dict[str, Any]:
    """The facts with one of them replaced; without it when there is no answer."""
    others = {name: each for name, each in facts.items() if name != field}
    return others if entry is None else {**others, field: entry}


def verdict_since(consultation: Consultation) -> Candidacy | None:
    """The verdict on the facts after the last correction, None while nothing was corrected."""
    last = consultation.corrections.order_by("pk").last()
    given = Candidacy.objects.filter(fact_sheet=last.fact_sheet_id, cause="correction") if last else None
    found = given.select_related("release", "fact_sheet", "patient") if given is not None else None
    return found.prefetch_related("acknowledgements").first() if found is not None else None


def asked_as(name: str, catalogue: Catalogue) -> Input:
    """The question whose answer is stored under this name; raises OutOfScope."""
    for row in catalogue.of(Input):
        if name in (row.id, row.stored_as) and row.stored_as != BIRTH and row.section and not row.age_of:
            return row
    raise OutOfScope(_("There is no such question."))


def void_of(consultation: Consultation) -> AuditEvent | None:
    """Who voided the consultation, when and why; None while it stands."""
    deeds = AuditEvent.objects.filter(object_kind=Consultation._meta.label_lower, object_id=str(consultation.pk))
    return deeds.filter(action="consultation.voided").last()
