"""What an adverse event does at once, in its own transaction: facts, plans and coming sessions, directors, to-dos."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _

from mesoclinic import audit, clock, outbox
from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor
from mesoclinic.rules.tri import Tri
from mesoclinic.sites import Site
from patients.models import FactSheet, Patient, Todo
from patients.queries.banner import current_facts
from patients.queries.people import kept
from patients.services.facts import write_fact_sheet
from protocols.queries.catalogue import current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventGrade, TriageAnswer
from sessions.models import AdverseEvent
from sessions.queries.adverse import (
    RANKS,
    REACTION,
    clusters_around,
    directors_at,
    events_of,
    is_sentinel_event,
    prior_reaction,
    stated_reaction,
)
from sessions.rules.adverse import Cluster
from sessions.services.facts import recheck_open_plans

CHANGED = "adverse event"
MAIL = "adverse_alert"
# The answers of 8.4 that ask for the same as 8.1: a doctor the same day from here on, else within a day.
SAME_DAY, WITHIN_A_DAY = "TRIAGE-2", "TRIAGE-3"


def take_effect(actor: User, event: AdverseEvent) -> None:
    """Judge the patient's plans anew by what the events say now; call it inside the open transaction."""
    facts, patient = dict(current_facts(event.patient)), kept(event.patient)
    wanted = _reaction(patient, current_catalogue())
    if (facts.get(REACTION) or {}).get("value") == (wanted or {}).get("value"):
        recheck_open_plans(actor=actor, patient_id=patient.pk, cause=CHANGED)
        return
    others = {name: entry for name, entry in facts.items() if name != REACTION}
    known = others if wanted is None else others | {REACTION: wanted}
    # Writing it announces it, and the plans are judged by whoever listens.
    write_fact_sheet(actor, patient=patient, facts=known, source=FactSheet.Source.ADVERSE_EVENT)


def alert(actor: Actor, event: AdverseEvent, *, was_sentinel: bool) -> None:
    """Tell the directors of a sentinel event and of each cluster the event now belongs to."""
    catalogue = current_catalogue()
    if is_sentinel_event(event, catalogue) is Tri.YES and not was_sentinel:
        audit.record(actor, "adverse_event.sentinel", event, patient_id=event.patient_id, site_id=event.site_id)
        tell(event, directors_at(event.site), f"sentinel:{event.version}")
    for cluster in clusters_around(event, catalogue):
        audit.record(actor, "adverse_event.cluster", event, patient_id=event.patient_id, site_id=event.site_id)
        tell(event, directors_at(event.site), f"cluster:{_key(cluster)}")


def tell(event: AdverseEvent, people: Iterable[User], why: str) -> None:
    """Promise each of them a mail that leaves now; the same reason again makes no second one."""
    for person in people:
        key = f"{MAIL}:{event.pk}:{why}:{person.pk}"
        subject = f"{event.pk}:{person.pk}:{why.partition(':')[0]}"
        outbox.put(MAIL, key=key, subject=subject, due=clock.now())


def ask_for_contact(actor: Actor, event: AdverseEvent) -> Todo | None:
    """From the second grade on, a doctor of the site is asked to get in touch in time (8.1)."""
    catalogue = current_catalogue()
    row = _contact(event.grade, catalogue)
    if row is None:
        return None
    return ask(actor, event.site, event.patient, _handling(event.grade, catalogue), row)


def ask(actor: Actor, site: Site, patient: Patient, text: str, row: TriageAnswer) -> Todo:
    """A to-do for the doctors of the site, due when the triage answer says."""
    due = clock.now() + timedelta(hours=row.target_hours or 0)
    made = Todo.objects.create(site=site, patient=kept(patient), role=Role.DERMATOLOGIST, text=text, due_at=due)
    audit.record(actor, "todo.asked", made, patient_id=patient.pk, site_id=site.pk)
    return made


def _reaction(patient: Patient, catalogue: Catalogue) -> dict[str, object] | None:
    """The graver of what a person said and of what the events show."""
    stated = stated_reaction(patient.fact_sheets.order_by("number"))
    found = prior_reaction(events_of(patient.pk), catalogue)
    said = str((stated or {}).get("value") or "")
    if found is None or (said in RANKS and RANKS.index(said) >= RANKS.index(found)):
        return stated
    return {"value": found, "observed_on": clock.now().date().isoformat()}


def _contact(grade: int | None, catalogue: Catalogue) -> TriageAnswer | None:
    grades = sorted(row.grade for row in catalogue.of(AdverseEventGrade))
    if grade is None or grade == grades[0]:
        return None
    return catalogue.row(TriageAnswer, WITHIN_A_DAY if grade == grades[1] else SAME_DAY)


def _handling(grade: int | None, catalogue: Catalogue) -> str:
    row = next(row for row in catalogue.of(AdverseEventGrade) if row.grade == grade)
    return _("Adverse event of grade %(grade)d: %(handling)s") % {"grade": row.grade, "handling": row.handling}


def _key(cluster: Cluster) -> str:
    return f"lot {cluster.lot}" if cluster.lot else f"day {cluster.day}"
