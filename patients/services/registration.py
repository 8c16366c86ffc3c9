"""Registering a patient, correcting who they are, and opening their record to another site."""

from datetime import date
from random import Random, SystemRandom
from typing import TypedDict, Unpack, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict, OutOfScope, StaleRecord
from mesoclinic.search import digits, normalise
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from mesoclinic.typed import PHONE_DIGITS, clean_name
from patients.models import Patient, PatientSite, Sex
from patients.queries.people import Duplicates, duplicates_of, patient_for, records_of_person

EARLIEST_BIRTH = date(1900, 1, 1)
SEARCH_NAME_LENGTH = 450
# No vowels, so that no word is spelt; no 0, 1 or L, so that a number read aloud is written down right.
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
_RECORD_NUMBER_LENGTH = 6
_CHANCE = SystemRandom()


class Person(TypedDict, total=False):
    """Who somebody is and how to reach them; keys are those of the form and of the row."""

    given_name: str
    family_name: str
    birth_date: date
    sex_at_birth: str
    gender: str
    email: str
    phone: str
    language: str
    contact_by_email: bool
    contact_by_phone: bool
    contact_by_sms: bool


class LikelyDuplicate(Conflict):
    """Somebody alike is registered already; `duplicates` says who, as far as the actor may know."""

    def __init__(self, duplicates: Duplicates) -> None:
        super().__init__(_("This person may be registered already. Compare them before you add this patient."))
        self.duplicates = duplicates


def register_patient(
    actor: Actor, *, site: Site, add_anyway: bool = False, numbers: Random = _CHANCE, **person: Unpack[Person]
) -> Patient:
    """Add a patient to a site of the actor; raises LikelyDuplicate unless `add_anyway` confirms the look.

    `numbers` draws the record number; only the demo, which is the same every time, brings its own.
    """
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        _own_site(actor, site)
        row = checked(person)
        duplicates = likely_duplicates(actor, person)
        if duplicates and not add_anyway:
            raise LikelyDuplicate(duplicates)
        patient = Patient.objects.create(record_number=_record_number(numbers), registered_at=clock.now(), **row)
        PatientSite.objects.create(patient=patient, site=site, linked_at=clock.now())
        reason = _despite(duplicates)
        audit.record(actor, "patient.registered", patient, patient_id=patient.pk, site_id=site.pk, reason=reason)
    return patient


def update_patient(actor: Actor, *, patient_id: int, version: int, **person: Unpack[Person]) -> Patient:
    """Correct who a patient is; raises StaleRecord when somebody else changed the row since `version`."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        patient = patient_for(actor, patient_id)
        row = checked(person)
        changed = sorted(name for name, value in row.items() if getattr(patient, name) != value)
        mine = Patient.objects.filter(pk=patient.pk, version=version)
        if not mine.update(version=F("version") + 1, **row):
            raise StaleRecord(_("Somebody else changed this patient while you were typing. Nothing was saved."))
        audit.record(actor, "patient.updated", patient, patient_id=patient.pk, changed=changed)
    patient.refresh_from_db()
    return patient


def link_patient_to_site(actor: Actor, *, patient_id: int, site: Site, **person: Unpack[Person]) -> Patient:
    """Open a record of another site to this one, for somebody whose birth date and name or contact agree."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        _own_site(actor, site)
        checked(person)
        if patient_id not in likely_duplicates(actor, person).linkable:
            raise OutOfScope(_("There is no such patient."))
        patient = Patient.objects.get(pk=patient_id)
        for record in records_of_person(patient.pk):
            PatientSite.objects.get_or_create(patient=record, site=site, defaults={"linked_at": clock.now()})
        audit.record(actor, "patient.linked_to_site", patient, patient_id=patient.pk, site_id=site.pk)
    return patient


def likely_duplicates(actor: Actor, person: Person) -> Duplicates:
    """Patients who may be this person, at any site; raises ClinicError when the person cannot be compared."""
    row = checked(person)
    return duplicates_of(
        actor,
        search_name=str(row["search_name"]),
        birth_date=person["birth_date"],
        phone=person.get("phone", ""),
        email=person.get("email", ""),
    )


def _own_site(actor: Actor, site: Site) -> None:
    if isinstance(actor, User) and not actor.sites.filter(pk=site.pk).exists():
        raise OutOfScope(_("You do not work at this site."), "site")


def checked(person: Person) -> dict[str, object]:
    """The columns of a person, cleaned; raises ClinicError beside the field that is wrong."""
    names = {field: _name(person.get(field, ""), field) for field in ("given_name", "family_name")}
    if not any(names.values()):
        raise ClinicError(_("Enter a given name or a family name."), "given_name")
    _check_birth_date(person.get("birth_date"))
    _check_choices(person)
    email = person.get("email", "").strip()
    _check_contact(person, email)
    return {
        **cast(dict[str, object], person),
        **names,
        "gender": _name(person.get("gender", ""), "gender"),
        "search_name": normalise(" ".join(filter(None, names.values())))[:SEARCH_NAME_LENGTH],
        "email": email,
        "phone": " ".join(person.get("phone", "").split()),
        "phone_digits": digits(person.get("phone", "")),
    }


def _name(text: object, field: str) -> str:
    try:
        return clean_name(str(text))
    except ValueError as problem:
        raise ClinicError(_("Use up to 200 letters, without control characters."), field) from problem


def _check_birth_date(born: date | None) -> None:
    if born is None:
        raise ClinicError(_("Enter the birth date, for example 14 3 1992."), "birth_date")
    if born >= clock.now().date():
        raise ClinicError(_("Birth date must be in the past."), "birth_date")
    if born < EARLIEST_BIRTH:
        raise ClinicError(_("Birth date must be 1900 or later."), "birth_date")


def _check_choices(person: Person) -> None:
    if person.get("language", "en") not in dict(settings.LANGUAGES):
        raise ClinicError(_("Choose a language from the list."), "language")
    if person.get("sex_at_birth", "") not in {"", *Sex.values}:
        raise ClinicError(_("Choose the sex at birth from the list."), "sex_at_birth")


def _check_contact(person: Person, email: str) -> None:
    number = digits(person.get("phone", ""))
    if person.get("phone", "").strip() and len(number) not in PHONE_DIGITS:
        raise ClinicError(_("A phone number has 5 to 15 digits, for example +34 612 345 678."), "phone")
    if person.get("contact_by_email") and not email:
        raise ClinicError(_("Enter an e-mail address, or take back the permission to write to it."), "email")
    if (person.get("contact_by_phone") or person.get("contact_by_sms")) and not number:
        raise ClinicError(_("Enter a phone number, or take back the permission to use it."), "phone")
    try:
        if email:
            validate_email(email)
    except ValidationError as problem:
        raise ClinicError(_("Enter one e-mail address, for example ana@example.com."), "email") from problem


def _record_number(numbers: Random) -> str:
    while True:
        number = "M-" + "".join(numbers.choices(_LETTERS, k=_RECORD_NUMBER_LENGTH))
        if not Patient.objects.filter(record_number=number).exists():
            return number


def _despite(duplicates: Duplicates) -> str:
    return "added although a similar patient is known" if duplicates else ""
