"""A consultation's life: started, saved as typed, signed and locked, completed only by addenda."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.db.models import F
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, RuleBroken, StaleRecord
from mesoclinic.transactions import atomic
from patients.models import Addendum, Consultation, FactSheet
from patients.queries.banner import current_facts
from patients.queries.consultations import consultation_for, open_draft_for, site_for, today_at
from patients.queries.people import patient_for
from patients.rules.still_true import unconfirmed
from patients.services.candidacy import acknowledge, judge
from patients.services.facts import write_fact_sheet
from patients.services.hold import hold_unmerged
from patients.services.overrides import Grounds, override_findings
from protocols.queries.catalogue import catalogue_of, current_release
from protocols.rules.facts import from_sheet
from protocols.rules.kinds.inputs import Input

DRAFT_BYTES = 200_000


def start_consultation(actor: User, *, patient_id: int) -> Consultation:
    """The actor's open draft for the patient, or a new one; what is known already is shown for review."""
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        patient = patient_for(actor, patient_id)
        draft = open_draft_for(actor, patient)
        if draft is not None:
            return draft
        started = Consultation.objects.create(
            patient=hold_unmerged(patient.pk),
            site=site_for(actor, patient),
            clinician=actor,
            started_at=clock.now(),
            saved_at=clock.now(),
        )
        audit.record(actor, "consultation.started", started, patient_id=patient.pk)
    return started


def save_draft(actor: User, *, consultation_id: int, version: int, answers: Mapping[str, list[str]]) -> Consultation:
    """Keep the answers as typed; gives the draft as it stands then. Raises StaleRecord when another saved meanwhile."""
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        draft = consultation_for(actor, consultation_id)
        _own_draft(actor, draft)
        changed = sorted(name for name in {*draft.answers, *answers} if draft.answers.get(name) != answers.get(name))
        if sum(len(text) for texts in answers.values() for text in texts) > DRAFT_BYTES:
            raise ClinicError(_("The consultation is longer than can be kept. Shorten the notes."))
        if not changed and _is_up_to_date(draft):
            return draft
        _step(draft, version, answers=dict(answers), saved_at=clock.now())
        audit.record(actor, "consultation.saved", draft, patient_id=draft.patient_id, changed=changed)
    return draft


def sign_consultation(
    actor: User,
    *,
    consultation_id: int,
    version: int,
    facts: Mapping[str, object],
    narrative: Mapping[str, object],
    acknowledged: Iterable[str],
    overrides: Mapping[str, Grounds] = MappingProxyType({}),
) -> Consultation:
    """Lock the consultation: next fact sheet, verdict, its overrides, each caution acknowledged, or nothing."""
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        draft = consultation_for(actor, consultation_id)
        _own_draft(actor, draft)
        _of_today(draft)
        _nothing_overwritten(draft, facts)
        _nothing_dropped(draft, facts)
        sheet = write_fact_sheet(
            actor, patient=draft.patient, facts=facts, source=FactSheet.Source.CONSULTATION, consultation=draft
        )
        verdict = judge(actor, sheet=sheet, release=current_release(), on=today_at(draft.site), cause="consultation")
        override_findings(actor, candidacy=verdict, grounds=overrides)
        acknowledge(actor, candidacy=verdict, rules=acknowledged)
        signed = {"state": Consultation.State.SIGNED, "signed_at": clock.now(), "signed_by": actor}
        _step(draft, version, narrative=dict(narrative), **signed)
        audit.record(actor, "consultation.signed", draft, patient_id=draft.patient_id)
    return draft


def add_addendum(actor: User, *, consultation_id: int, text: str) -> Addendum:
    """Add to a signed consultation; the record itself stays as it was signed."""
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        signed = consultation_for(actor, consultation_id)
        if signed.state == Consultation.State.DRAFT:
            raise ClinicError(_("This consultation is still a draft. Change the draft instead."))
        if not text.strip():
            raise ClinicError(_("Enter the text of the addendum."), "text")
        added = Addendum.objects.create(
            subject=f"consultation:{signed.pk}", patient=signed.patient, text=text, by=actor, at=clock.now()
        )
        audit.record(actor, "addendum.added", added, patient_id=signed.patient_id)
    return added


def _own_draft(actor: User, consultation: Consultation) -> None:
    if consultation.state != Consultation.State.DRAFT:
        raise StaleRecord(_("This consultation is signed. Add an addendum instead."))
    if consultation.clinician_id != actor.pk:
        raise StaleRecord(_("This draft belongs to %(name)s.") % {"name": consultation.clinician.name})


def _is_up_to_date(draft: Consultation) -> bool:
    """Whether the draft was saved today and after the last fact sheet."""
    newer = draft.patient.fact_sheets.filter(at__gt=draft.saved_at).exists()
    return not newer and draft.saved_at.astimezone(draft.site.zone).date() == today_at(draft.site)


def _of_today(draft: Consultation) -> None:
    """Answers are dated on the day they are signed: those of an earlier day are looked through and saved again."""
    if draft.saved_at.astimezone(draft.site.zone).date() != today_at(draft.site):
        raise RuleBroken(
            _("This draft was last saved on an earlier day. Go back, check what may have changed since, and save it.")
        )


def _nothing_overwritten(draft: Consultation, facts: Mapping[str, object]) -> None:
    """What others recorded after the draft was last saved is looked at before an older answer takes its place."""
    sheets = draft.patient.fact_sheets.order_by("-number")
    newest = sheets.first()
    if newest is None or newest.at <= draft.saved_at:
        return
    seen = sheets.filter(at__lte=draft.saved_at).first()
    before = seen.facts if seen else {}
    differs = {
        name
        for name, entry in newest.facts.items()
        if _value(entry) != _value(before.get(name)) and _value(entry) != _value(facts.get(name))
    }
    rows = [row for row in catalogue_of(current_release()).of(Input) if (row.stored_as or row.id) in differs]
    if rows:
        raise RuleBroken(
            _("Recorded by others since this draft was saved: %(questions)s. Go back, check these answers and save.")
            % {"questions": " · ".join(row.question for row in rows)}
        )


def _value(entry: object) -> object:
    return entry.get("value") if isinstance(entry, Mapping) else None


def _nothing_dropped(draft: Consultation, facts: Mapping[str, object]) -> None:
    """What was known is confirmed, changed or answered with “unknown”: it never leaves the record in silence."""
    catalogue = catalogue_of(current_release())
    given = from_sheet(facts, evaluated_on=today_at(draft.site), catalogue=catalogue)
    left = unconfirmed(current_facts(draft.patient), facts, given, catalogue)
    if left:
        rows = [row for row in catalogue.of(Input) if (row.stored_as or row.id) in left]
        asked = " · ".join(row.question for row in rows)
        raise RuleBroken(_("Still true? Confirm or change what was known before: %(questions)s") % {"questions": asked})


def _step(draft: Consultation, version: int, **fields: object) -> None:
    seen = Consultation.objects.filter(pk=draft.pk, version=version, state=Consultation.State.DRAFT)
    if not seen.update(version=F("version") + 1, **fields):
        raise StaleRecord(_("This consultation was saved in another window meanwhile. Your text is still here."))
    for name, value in {**fields, "version": version + 1}.items():
        setattr(draft, name, value)
