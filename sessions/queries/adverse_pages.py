"""What the pages of adverse events show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from mesoclinic.access import Can, may
from mesoclinic.accounts import User
from mesoclinic.errors import OutOfScope
from mesoclinic.outbox import Message
from mesoclinic.rules.finding import Finding
from mesoclinic.rules.tri import Tri
from mesoclinic.sites import Site
from patients.models import Patient
from patients.queries.people import kept, reached, records_of_person
from patients.queries.plans import open_versions
from protocols.models import Lot
from protocols.queries.catalogue import current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventGrade, AdverseEventType, TriageAnswer
from sessions.models import AdverseEvent, AdverseEventEntry, Series, Triage
from sessions.queries.adverse import (
    clusters_at,
    event_for,
    events_for,
    events_of,
    is_open,
    is_sentinel_event,
    name_of,
)
from sessions.queries.stops import ends_course, event_stops
from sessions.rules.triage import Triaged, triage

PAGE = 50
CLOSED, OPEN, ALL = "closed", "open", "all"


@dataclass(frozen=True, slots=True)
class Listed:
    """One event in a list."""

    event: AdverseEvent
    name: str
    sentinel: bool

    @property
    def open(self) -> bool:
        """Whether it counts as unresolved."""
        return is_open(self.event)


@dataclass(frozen=True, slots=True)
class Together:
    """Events that fall together on a lot or a day, in words, with the lot that can be withheld."""

    site: Site
    count: int
    rule_action: str
    lot: Lot | None
    day: object


@dataclass(frozen=True, slots=True)
class Told:
    """A mail about an event: to whom, and whether it went out."""

    who: str
    state: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Register:
    """The list of a clinic: clusters on top, then the events, sentinel ones first."""

    clusters: Sequence[Together]
    rows: Sequence[Listed]
    page: Page[AdverseEvent]
    shown: str
    open_count: int

    @property
    def patient_ids(self) -> list[int]:
        """Whose events are shown."""
        return [row.event.patient_id for row in self.rows]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the history with the names of its lots."""

    entry: AdverseEventEntry
    name: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """One adverse event, all of it."""

    event: AdverseEvent
    name: str
    kind: AdverseEventType | None
    sentinel: bool
    lines: Sequence[Line]
    triages: Sequence[Triage]
    told: Sequence[Told]
    stops: Sequence[Finding]
    course: bool
    may_assess: bool
    may_settle: bool
    may_record: bool

    @property
    def zone(self) -> ZoneInfo:
        """Of the site at which it was recorded."""
        return self.event.site.zone

    @property
    def open(self) -> bool:
        """Whether it counts as unresolved."""
        return is_open(self.event)


def register_for(actor: User, *, shown: str, page: str) -> Register:
    """The adverse events within reach; what is open comes first, the sentinel ones on top."""
    catalogue = current_catalogue()
    found = events_for(actor).filter(site__in=actor.sites.all())
    opened = found.filter(state=AdverseEvent.State.OPEN)
    wanted = {CLOSED: found.exclude(state=AdverseEvent.State.OPEN), ALL: found}.get(shown, opened)
    pages = Paginator(_by_weight(wanted, catalogue), PAGE).get_page(page)
    return Register(
        clusters=[each for site in actor.sites.all() for each in _together(site, catalogue)],
        rows=[_listed(each, catalogue) for each in pages],
        page=pages,
        shown=shown if shown in (CLOSED, ALL) else OPEN,
        open_count=opened.count(),
    )


def listed_of(actor: User, patient: Patient) -> list[Listed]:
    """All events of a patient, the newest first."""
    catalogue = current_catalogue()
    rows = events_for(actor).filter(patient__in=records_of_person(patient.pk)).order_by("-onset_at", "-pk")
    return [_listed(each, catalogue) for each in rows]


def open_choices(actor: User, patient: Patient) -> list[tuple[int, str]]:
    """The open events of a patient by number; what they are is not for everybody who answers the phone."""
    rows = events_for(actor).filter(patient__in=records_of_person(patient.pk), state=AdverseEvent.State.OPEN)
    rows = rows.order_by("-onset_at", "-pk")
    named = may(actor, Can.VIEW_CLINICAL)
    return [(each.pk, f"{each.pk}: {name_of(each.code)}" if named else str(each.pk)) for each in rows]


def stops_of(patient: Patient) -> list[Finding]:
    """What the events of a patient stop in the plans that are open, each rule once."""
    found = [finding for version in open_versions(patient) for finding in event_stops(version)]
    return list({finding.rule: finding for finding in found}.values())


def open_events(patient: Patient) -> list[AdverseEvent]:
    """The open events of a patient."""
    return [each for each in events_of(patient.pk) if is_open(each)]


def event_page(actor: User, event_id: int) -> EventPage:
    """Everything about one event; raises OutOfScope."""
    event, catalogue = event_for(actor, event_id), current_catalogue()
    entries = event.entries.select_related("by", "todo__user", "paper").order_by("-number")
    patient = kept(event.patient)
    stops = stops_of(patient)
    return EventPage(
        event=event,
        name=name_of(event.code),
        kind=kind_of(event.code, catalogue),
        sentinel=is_sentinel_event(event, catalogue) is Tri.YES,
        lines=[Line(each, name_of(each.code)) for each in entries],
        triages=list(event.triages.select_related("by").order_by("-at")),
        told=_told(event),
        stops=stops,
        course=ends_course(stops) and _running(patient),
        may_assess=may(actor, Can.ASSESS_ADVERSE_EVENT),
        may_settle=may(actor, Can.SETTLE_SENTINEL_EVENT),
        may_record=may(actor, Can.RECORD_ADVERSE_EVENT),
    )


def kind_of(code: str, catalogue: Catalogue) -> AdverseEventType | None:
    """What the catalogue says of a kind of event."""
    return catalogue.row(AdverseEventType, code) if catalogue.has(AdverseEventType, code) else None


def grades() -> list[AdverseEventGrade]:
    """The grades in words, the mildest first."""
    return sorted(current_catalogue().of(AdverseEventGrade), key=lambda row: row.grade)


def staff_of(site: Site) -> QuerySet[User]:
    """Who can be asked to follow up."""
    return User.objects.filter(sites=site, is_active=True).order_by("name")


def sign_words(signs: Sequence[str]) -> list[str]:
    """The signs of 8.4 as they are asked."""
    named = {sign.id: sign.text for row in current_catalogue().of(TriageAnswer) for sign in row.signs}
    return [named.get(sign, sign) for sign in signs]


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer of 8.4 with the signs in words; without one, what has to be asked first."""

    answer: TriageAnswer | None
    signs: Sequence[str]
    not_asked: Sequence[str]


def advice(found: Triaged) -> Advice:
    """A triage in words."""
    return Advice(found.answer, sign_words(found.signs), sign_words(found.not_asked))


def triage_for(actor: User, triage_id: int) -> Triage:
    """A call that was answered; raises OutOfScope alike for another site's and for none at all."""
    found = Triage.objects.filter(reached(actor), pk=triage_id)
    made = found.select_related("patient", "site", "by", "event").first()
    if made is None:
        raise OutOfScope(_("There is no such call at your sites."))
    return made


def advice_of(made: Triage) -> Advice:
    """The answer as it was given then, by what was said of each sign."""
    signs = {name: Tri(said) for name, said in made.signs.items()}
    found = advice(triage(signs, current_catalogue(), temperature_c=made.temperature_c))
    row = next((row for row in current_catalogue().of(TriageAnswer) if row.id == made.answer), None)
    return replace(found, answer=row)


def _running(patient: Patient) -> bool:
    return Series.objects.filter(patient=patient, state=Series.State.OPEN).exists()


def _by_weight(found: QuerySet[AdverseEvent], catalogue: Catalogue) -> QuerySet[AdverseEvent]:
    sentinel = Q(pk__in=())
    for row in catalogue.of(AdverseEventType):
        if row.sentinel_from_grade is not None:
            sentinel |= Q(code=row.id, worst_grade__gte=row.sentinel_from_grade)
    first = Case(When(sentinel, then=Value(0)), default=Value(1), output_field=IntegerField())
    # What nobody has assessed may be the gravest of all that is no sentinel event.
    gravest = F("worst_grade").desc(nulls_first=True)
    return found.annotate(weight=first).order_by("weight", gravest, "-onset_at", "-pk")


def _listed(event: AdverseEvent, catalogue: Catalogue) -> Listed:
    return Listed(event, name_of(event.code), is_sentinel_event(event, catalogue) is Tri.YES)


def _together(site: Site, catalogue: Catalogue) -> list[Together]:
    found = clusters_at(site, catalogue)
    lots = {lot.pk: lot for lot in Lot.objects.filter(pk__in=[each.lot for each in found]).select_related("product")}
    return [
        Together(site, each.events, each.rule.action, lots.get(each.lot) if each.lot else None, each.day)
        for each in found
    ]


def _told(event: AdverseEvent) -> list[Told]:
    mails = Message.objects.filter(kind="adverse_alert", subject_key__startswith=f"{event.pk}:").order_by("pk")
    who = {user.pk: user.name for user in User.objects.filter(pk__in=[_person(each) for each in mails])}
    return [Told(who.get(_person(each), ""), str(each.get_state_display()), each.sent_at) for each in mails]


def _person(message: Message) -> int:
    return int(message.subject_key.split(":")[1])
