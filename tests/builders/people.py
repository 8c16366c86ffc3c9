"""Patients and what is known of them."""

from datetime import date
from itertools import count
from typing import Any

from mesoclinic import clock
from mesoclinic.accounts import Role, User
from mesoclinic.search import digits, normalise
from mesoclinic.sites import Site
from patients.models import Candidacy, Consultation, FactSheet, Patient, PatientSite
from tests.builders import catalogue, clinic

_numbers = count(1)


def patient(*, site: Site | None = None, **over: Any) -> Patient:
    """A woman born on 14 March 1992 with an e-mail address, known at one site."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "given_name": "Selin",
        "family_name": f"Ağaoğlu {number}",
        "birth_date": date(1992, 3, 14),
        "sex_at_birth": "female",
        "email": f"patient{number}@example.test",
        "phone": "",
        "contact_by_email": True,
        "record_number": f"M-T{number:05d}",
        "registered_at": clock.now(),
    } | over
    fields.setdefault("search_name", normalise(f"{fields['given_name']} {fields['family_name']}"))
    fields.setdefault("phone_digits", digits(fields["phone"]))
    made = Patient.objects.create(**fields)
    PatientSite.objects.create(patient=made, site=site or clinic.site(), linked_at=clock.now())
    return made


def fact_sheet(of: Patient, *, by: User | None = None, facts: dict[str, Any] | None = None, **over: Any) -> FactSheet:
    """The next fact sheet of a patient; `facts` are plain {field: value}, observed today."""
    today = clock.now().date().isoformat()
    fields: dict[str, Any] = {
        "patient": of,
        "number": of.fact_sheets.count() + 1,
        "facts": {name: {"value": value, "observed_on": today} for name, value in (facts or {}).items()},
        "source": FactSheet.Source.CORRECTION,
        "by": by or clinic.staff(Role.DERMATOLOGIST),
        "at": clock.now(),
    }
    return FactSheet.objects.create(**(fields | over))


def draft_consultation(of: Patient, *, by: User, **over: Any) -> Consultation:
    """An open consultation of a patient at their first site."""
    fields: dict[str, Any] = {
        "patient": of,
        "site": of.sites.first(),
        "clinician": by,
        "started_at": clock.now(),
        "saved_at": clock.now(),
    }
    return Consultation.objects.create(**(fields | over))


def signed_consultation(of: Patient, *, by: User, facts: dict[str, Any] | None = None, **over: Any) -> Consultation:
    """A signed consultation with the fact sheet that it left."""
    signed = {"state": Consultation.State.SIGNED, "signed_at": clock.now(), "signed_by": by}
    made = draft_consultation(of, by=by, **(signed | over))
    fact_sheet(of, by=by, facts=facts, consultation=made, source=FactSheet.Source.CONSULTATION)
    return made


def verdict(of: Patient, *, by: User, rule: str = "SC-01", level: str = "defer") -> Candidacy:
    """A verdict on the patient's next fact sheet with one finding."""
    finding = {"rule": rule, "level": level, "reason": "An infection.", "sources": [], "strength": "C", "inputs": []}
    return Candidacy.objects.create(
        patient=of,
        fact_sheet=fact_sheet(of, by=by),
        release=catalogue.release(),
        evaluated_on=clock.now().date(),
        cause="consultation",
        verdict=level,
        provisional=level,
        findings=[finding],
        missing=[],
        made_at=clock.now(),
    )
