"""Who a patient is: scope, search and likely duplicates."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.actors import Actor, PatientByLink, System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import OutOfScope
from mesoclinic.search import digits, normalise
from mesoclinic.typed import parse_date, parse_day_and_month
from patients.models import Patient, PatientSite

PAGE = 20
LONGEST_SEARCH = 200
FEWEST_PHONE_DIGITS = 4
OLDEST_BIRTH = 1900
PHONE_TAIL = 9
# What is known of a person besides what is answered.
PERSON = (
    "given_name",
    "family_name",
    "birth_date",
    "sex_at_birth",
    "gender",
    "email",
    "phone",
    "language",
    "contact_by_email",
    "contact_by_phone",
    "contact_by_sms",
)


def patients_for(actor: Actor) -> QuerySet[Patient]:
    """The patients within the actor's reach: of the user's sites, or the one of the link."""
    if isinstance(actor, System):
        return Patient.objects.all()
    if isinstance(actor, PatientByLink):
        return Patient.objects.filter(pk=actor.patient_id)
    if isinstance(actor, User) and actor.is_active:
        # Asked for each patient, not as a list: SQLite would make the list of all of them for every look-up.
        links = PatientSite.objects.filter(patient=OuterRef("pk"), site__in=actor.sites.all())
        return Patient.objects.filter(Exists(links))
    return Patient.objects.none()


def reached(actor: Actor, patient: str = "patient") -> Exists:
    """The condition that the patient of a row, by the path to it, is within the actor's reach; asked for each row."""
    return Exists(patients_for(actor).filter(pk=OuterRef(patient)))


def patient_for(actor: Actor, patient_id: int) -> Patient:
    """The patient, by the record that was kept; raises OutOfScope alike for another site's and for none at all."""
    patient = patients_for(actor).select_related("merged_into").filter(pk=patient_id).first()
    if patient is None:
        raise OutOfScope(_("There is no such patient at your sites."))
    return kept(patient)


def kept(patient: Patient) -> Patient:
    """The record that counts for this person: this one, or the one that it was merged into."""
    return patient.merged_into or patient


def records_of_person(patient_id: int) -> QuerySet[Patient]:
    """The kept record and those merged into it: what was sealed in one of them is read through this."""
    return Patient.objects.filter(Q(pk=patient_id) | Q(merged_into=patient_id))


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed a patient's details last, and when in the time of their site."""

    who: str
    at: datetime
    zone: ZoneInfo


def last_change_of(patient: Patient) -> Change | None:
    """The last correction of a patient's details, out of the audit chain."""
    events = AuditEvent.objects.filter(patient_id=patient.pk, action="patient.updated")
    event, site = events.order_by("-number").first(), patient.sites.first()
    return Change(event.actor_name, event.at, site.zone) if event and site else None


@dataclass(frozen=True, slots=True)
class Found:
    """The first twenty hits of a search, and whether there are more."""

    text: str
    patients: Sequence[Patient]
    more: bool
    twins: frozenset[int]

    @property
    def ids(self) -> list[int]:
        return [patient.pk for patient in self.patients]


def find_patients(actor: Actor, text: str) -> Found:
    """Patients by part of a name, phone digits, birth date or record number; never by clinical text."""
    text = text.strip()[:LONGEST_SEARCH]
    wanted = _search(text)
    if wanted is None:
        return Found(text, (), more=False, twins=frozenset())
    hits = patients_for(actor).filter(wanted, merged_into=None)
    rows = list(hits.order_by("search_name", "birth_date", "pk")[: PAGE + 1])
    return Found(text, rows[:PAGE], more=len(rows) > PAGE, twins=_twins(rows[:PAGE]))


def _search(text: str) -> Q | None:
    words = normalise(text).split()
    if not words:
        return None
    wanted = Q()
    for word in words:
        wanted &= Q(search_name__contains=word)
    for other in (_by_birth_date(text), _by_phone(text), _by_record_number(text)):
        wanted |= other
    return wanted


def _by_birth_date(text: str) -> Q:
    if whole := parse_date(text):
        return Q(birth_date=whole)
    if found := parse_day_and_month(text):
        return Q(birth_date__in=_every_year(*found))
    return Q()


def _every_year(day: int, month: int) -> list[date]:
    """That day of each year in which somebody alive was born, so that the index of birth dates finds them."""
    years = range(OLDEST_BIRTH, clock.now().year + 1)
    return [date(year, month, day) for year in years if day <= monthrange(year, month)[1]]


def _by_phone(text: str) -> Q:
    # A national number is typed with a leading 0 that its international form lacks.
    local = digits(text).lstrip("0")
    return Q(phone_digits__contains=local) if len(local) >= FEWEST_PHONE_DIGITS else Q()


def _by_record_number(text: str) -> Q:
    letters = re.sub(r"[^0-9A-Z]", "", text.upper())
    tail = letters.removeprefix("M")
    if len(tail) < FEWEST_PHONE_DIGITS:
        return Q()
    # The number of a merged record finds the one that was kept: it stands on papers that are out.
    merged = Patient.objects.filter(record_number__startswith=f"M-{tail}", merged_into__isnull=False)
    return Q(record_number__startswith=f"M-{tail}") | Q(pk__in=merged.values("merged_into"))


def _twins(rows: Sequence[Patient]) -> frozenset[int]:
    same = Counter((row.search_name, row.birth_date) for row in rows)
    return frozenset(row.pk for row in rows if same[row.search_name, row.birth_date] > 1)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A patient who may be the one being added, and what is alike."""

    patient: Patient
    alike: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Likely duplicates: those the actor may see, and the keys of those known only at another site."""

    here: Sequence[Duplicate] = ()
    linkable: Sequence[int] = ()
    elsewhere: bool = False

    def __bool__(self) -> bool:
        return bool(self.here) or self.elsewhere


def duplicates_of(actor: Actor, *, search_name: str, birth_date: date, phone: str = "", email: str = "") -> Duplicates:
    """Patients of any site with the same name and birth date, phone or e-mail; details only within scope."""
    alike = _alike(search_name, birth_date, phone, email)
    hits = list(Patient.objects.filter(alike, merged_into=None).order_by("pk")[:PAGE])
    known = set(patients_for(actor).filter(pk__in=[hit.pk for hit in hits]).values_list("pk", flat=True))
    here = [Duplicate(hit, reasons(hit, search_name, birth_date, phone, email)) for hit in hits if hit.pk in known]
    others = [hit for hit in hits if hit.pk not in known]
    # Linking opens a record, so a shared phone or e-mail alone is not enough: the birth date must agree too.
    linkable = [hit.pk for hit in others if hit.birth_date == birth_date]
    return Duplicates(here, linkable, elsewhere=bool(others))


def _alike(search_name: str, birth_date: date, phone: str, email: str) -> Q:
    alike = Q(search_name=search_name, birth_date=birth_date)
    if tail := _tail(phone):
        alike |= Q(phone_digits__endswith=tail)
    if email:
        alike |= Q(email__iexact=email)
    return alike


def reasons(hit: Patient, search_name: str, birth_date: date, phone: str, email: str) -> tuple[str, ...]:
    """What is alike between a patient and these details, in words."""
    tail = _tail(phone)
    found = {
        _("name and birth date"): hit.search_name == search_name and hit.birth_date == birth_date,
        _("phone"): bool(tail) and hit.phone_digits.endswith(tail),
        _("e-mail"): bool(email) and hit.email.lower() == email.lower(),
    }
    return tuple(reason for reason, same in found.items() if same)


def _tail(phone: str) -> str:
    return digits(phone).lstrip("0")[-PHONE_TAIL:]
