"""The whole person on one page: everything the patient summary shows, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.access import Can, may
from mesoclinic.accounts import User
from patients.models import (
    Candidacy,
    Consent,
    Consultation,
    FactSheet,
    Measurement,
    Patient,
    PatientDocument,
    PlanVersion,
)
from patients.queries.banner import Banner, banner_for
from patients.queries.intake import Standby, standby_of
from patients.queries.overrides import Overridden, overridden_in
from patients.queries.papers import papers_of
from patients.queries.people import patient_for, records_of_person
from patients.queries.photographs import Album, album_for
from patients.rules.overrides import effective
from sessions.models import Booking, Series, TreatmentSession
from sessions.queries.messages import Row, row_of
from sessions.queries.unplaced import Unplaced, unplaced_of

LISTED = 8
COMING = (Booking.State.HELD, Booking.State.BOOKED, Booking.State.CONFIRMED, Booking.State.ARRIVED)
OPEN_CONSENT = (Consent.State.OFFERED, Consent.State.SHOWN, Consent.State.SIGNED)


@dataclass(frozen=True, slots=True)
class Step:
    """One session on the ribbon of a course, and when it is booked or was done."""

    session: TreatmentSession
    starts_at: datetime | None

    @property
    def done(self) -> bool:
        return self.session.state == TreatmentSession.State.PERFORMED


@dataclass(frozen=True, slots=True)
class Course:
    """A plan's signed version, its series when it is booked, and its consent."""

    version: PlanVersion
    series: Series | None = None
    steps: Sequence[Step] = ()
    consent: Consent | None = None
    unplaced: Sequence[Unplaced] = ()

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def replannable(self) -> bool:
        """Whether a booked course is open and has sessions ahead."""
        return self.series is not None and self.series.state == Series.State.OPEN and self.done < len(self.steps)

    @property
    def consented(self) -> bool:
        return self.consent is not None and self.consent.state == Consent.State.SIGNED


@dataclass(frozen=True, slots=True)
class Clinical:
    """What only clinical roles see."""

    consultations: Sequence[Consultation] = ()
    draft: Consultation | None = None
    verdict: Candidacy | None = None
    after: str = ""
    overridden: Sequence[Overridden] = ()
    measurements: Sequence[Measurement] = ()
    album: Album | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which actions the page offers to this actor."""

    edit: bool
    consult: bool
    book: bool
    consent: bool
    treat: bool
    messages: bool
    papers: bool
    attach: bool
    photograph: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The patient summary of one actor."""

    patient: Patient
    banner: Banner
    zone: ZoneInfo
    allowed: Allowed
    visit: Booking | None
    course: Course | None
    waiting_plan: PlanVersion | None
    clinical: Clinical | None
    intake: Standby
    documents: Sequence[PatientDocument] = ()
    notices: Sequence[Row] = ()

    @property
    def verdict_words(self) -> str:
        """The label of the last verdict."""
        verdict = self.clinical.verdict if self.clinical else None
        if verdict and verdict.verdict == "contraindicated" and verdict.temporary:
            return _("Not now")
        after = self.clinical.after if self.clinical else ""
        return _labels().get(after, (after, ""))[0] if verdict else ""

    @property
    def verdict_level(self) -> str:
        """The colour that goes with the label."""
        verdict = self.clinical.verdict if self.clinical else None
        return _labels().get(self.clinical.after, ("", "info"))[1] if self.clinical and verdict else ""


def _labels() -> dict[str, tuple[str, str]]:
    return {
        "proceed": (_("Suitable"), "ok"),
        "caution": (_("Suitable with conditions"), "warn"),
        "defer": (_("Not now"), "bad"),
        "refer": (_("Another specialist first"), "bad"),
        "contraindicated": (_("Not suitable"), "bad"),
        "cannot_conclude": (_("Not enough information yet"), "info"),
    }


def summary_for(actor: User, patient_id: int, *, now: datetime) -> Summary:
    """Everything about one patient that the actor may see; raises OutOfScope."""
    patient = patient_for(actor, patient_id)
    zone = _zone(patient)
    allowed = allowed_to(actor)
    versions = list(PlanVersion.objects.filter(plan__patient=patient).order_by("-made_at", "-pk"))
    return Summary(
        patient=patient,
        banner=banner_for(actor, patient, on=now.astimezone(zone).date(), facts=_facts(patient)),
        zone=zone,
        allowed=allowed,
        visit=_next_visit(patient, now),
        course=_course(patient, versions),
        waiting_plan=next((each for each in versions if each.state == PlanVersion.State.DRAFT), None),
        clinical=_clinical(actor, patient, zone, now) if may(actor, Can.VIEW_CLINICAL) else None,
        intake=standby_of(patient),
        documents=list(papers_of(actor, patient)[:LISTED]) if allowed.papers else (),
        notices=_told(actor, patient) if allowed.messages else (),
    )


def _told(actor: User, patient: Patient) -> list[Row]:
    latest = patient.notices.select_related("message").order_by("-due_at")
    return [row_of(actor, notice) for notice in latest[:LISTED]]


def allowed_to(actor: User) -> Allowed:
    """The actions of the summary by the actor's capabilities."""
    return Allowed(
        edit=may(actor, Can.REGISTER_PATIENT),
        consult=may(actor, Can.WRITE_CONSULTATION),
        book=may(actor, Can.BOOK),
        consent=may(actor, Can.TAKE_CONSENT),
        treat=may(actor, Can.PREPARE_TREATMENT),
        messages=may(actor, Can.VIEW_MESSAGES),
        papers=may(actor, Can.VIEW_DOCUMENTS),
        attach=may(actor, Can.ATTACH_DOCUMENT),
        photograph=may(actor, Can.TAKE_PHOTOGRAPH),
    )


def _zone(patient: Patient) -> ZoneInfo:
    site = patient.sites.order_by("patient_sites__linked_at").first()
    return site.zone if site else ZoneInfo("UTC")


def _facts(patient: Patient) -> dict[str, object]:
    sheet = FactSheet.objects.filter(patient=patient).order_by("-number").first()
    return dict(sheet.facts) if sheet else {}


def _next_visit(patient: Patient, now: datetime) -> Booking | None:
    coming = patient.bookings.filter(state__in=COMING, ends_at__gte=now)
    return coming.select_related("site", "clinician", "treatment_session").order_by("starts_at").first()


def _course(patient: Patient, versions: Sequence[PlanVersion]) -> Course | None:
    version = next((each for each in versions if each.state == PlanVersion.State.SIGNED), None)
    if version is None:
        return None
    consents = version.consents.filter(kind=Consent.Kind.TREATMENT, state__in=OPEN_CONSENT)
    booked = Series.objects.filter(patient=patient, plan_version=version)
    series = (
        booked.select_related("site", "booked_by", "patient", "plan_version__release")
        .prefetch_related("sessions__bookings")
        .first()
    )
    consent = consents.order_by("-offered_at", "-pk").first()
    return Course(version, series, _steps(series), consent, unplaced_of(series) if series else ())


def _steps(series: Series | None) -> list[Step]:
    sessions = sorted(series.sessions.all(), key=lambda each: each.ordinal) if series else []
    return [Step(each, _starts_at(each)) for each in sessions]


def _starts_at(session: TreatmentSession) -> datetime | None:
    gone = (Booking.State.CANCELLED, Booking.State.NO_SHOW)
    return next((each.starts_at for each in session.bookings.all() if each.state not in gone), None)


def _consultations(patient: Patient) -> QuerySet[Consultation]:
    found = Consultation.objects.filter(patient__in=records_of_person(patient.pk))
    return found.select_related("clinician").order_by("-started_at")[:LISTED]


def _clinical(actor: User, patient: Patient, zone: ZoneInfo, now: datetime) -> Clinical:
    verdict = patient.candidacies.select_related("fact_sheet").order_by("-made_at", "-pk").first()
    aside = overridden_in(verdict, on=now.astimezone(zone).date()) if verdict else {}
    consultations = list(_consultations(patient))
    return Clinical(
        consultations=consultations,
        draft=next((each for each in consultations if each.state == Consultation.State.DRAFT), None),
        verdict=verdict,
        after=str(effective(verdict.verdict, verdict.findings, aside)) if verdict else "",
        overridden=list(aside.values()),
        measurements=list(patient.measurements.order_by("-taken_at")[:LISTED]),
        album=album_for(actor, patient, zone=zone),
    )
