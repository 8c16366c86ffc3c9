"""An intake's life: asked for by link, saved as typed, sent, and taken over answer by answer into a consultation."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor, PatientByLink
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.transactions import atomic
from patients.models import Consultation, IntakeDraft, PatientLink, Proposal
from patients.queries.consultations import site_for
from patients.queries.contact import mail_hindrance
from patients.queries.intake import PURPOSE, Line, Page, Seen, last_sent, page_for, typed_into
from patients.queries.people import patient_for
from patients.rules.intake import Standing
from patients.services import notices
from patients.services.consultations import save_draft, start_consultation
from patients.services.links import end_links, locked, make_link, subject_of
from patients.services.notices import Matter

RULE, MAIL = "INTAKE", "intake_link"
ANSWER_BYTES = 40_000


def send_intake_link(actor: User, *, patient_id: int) -> PatientLink:
    """Make a link and mail it; an older one dies. Raises ClinicError when the patient may not be mailed."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        patient = patient_for(actor, patient_id)
        if hindrance := mail_hindrance(patient):
            raise ClinicError(_(hindrance))
        made = _make(actor, patient_id)
        notices.promise(_matter(made), due=clock.now())
        audit.record(actor, "intake.mailed", made, patient_id=patient.pk)
    return made


def show_intake_link(actor: User, *, patient_id: int) -> PatientLink:
    """Make a link to show or print once; an older one dies."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        made = _make(actor, patient_id)
        notices.note_handed_over(_matter(made))
        audit.record(actor, "intake.shown", made, patient_id=patient_id)
    return made


def revoke_intake_link(actor: User, *, patient_id: int) -> int:
    """From now on no link of the patient opens the questions; returns how many did."""
    access.require(actor, Can.REGISTER_PATIENT)
    with atomic():
        return end_links(actor, patient=patient_for(actor, patient_id), purpose=PURPOSE)


def save_answers(actor: PatientByLink, *, version: int, answers: Mapping[str, list[str]]) -> int:
    """Keep the answers as typed; returns the new version. Raises StaleRecord when another device saved in between."""
    access.require(actor, Can.ANSWER_INTAKE)
    with atomic():
        link = locked(actor)
        draft = IntakeDraft.objects.filter(link=link).first() or IntakeDraft(link=link)
        changed = sorted(name for name in {*draft.answers, *answers} if draft.answers.get(name) != answers.get(name))
        if sum(len(text.encode()) for texts in answers.values() for text in texts) > ANSWER_BYTES:
            raise ClinicError(_("This is longer than can be kept. Use fewer words and tell us the rest at your visit."))
        if not changed:
            return draft.version
        _same(draft, version)
        draft.answers, draft.version, draft.saved_at = dict(answers), version + 1, clock.now()
        draft.save()
        audit.record(actor, "intake.saved", draft, patient_id=link.patient_id, changed=changed)
    return version + 1


def send_answers(actor: PatientByLink, *, version: int, proposals: Mapping[str, Any]) -> PatientLink:
    """Hand the answers over as proposals and use the link up. What an earlier intake left undecided is overtaken."""
    access.require(actor, Can.ANSWER_INTAKE)
    with atomic():
        link, now = locked(actor), clock.now()
        draft = IntakeDraft.objects.filter(link=link).first()
        if draft is None or not proposals:
            raise ClinicError(_("There is nothing to send yet."))
        _same(draft, version)
        overtaken = Proposal.objects.filter(link__patient=link.patient, link__purpose=PURPOSE, accepted=None)
        overtaken.update(accepted=False, decided_at=now)
        Proposal.objects.bulk_create(
            Proposal(link=link, field=field, value=value, made_at=now) for field, value in proposals.items()
        )
        draft.delete()
        link.used_at = now
        link.save(update_fields=["used_at"])
        audit.record(actor, "intake.sent", link, patient_id=link.patient_id, changed=sorted(proposals))
    return link


def take_over(actor: User, *, patient_id: int, fields: Collection[str], seen: Seen) -> Consultation:
    """Put these answers into the actor's open draft, or a new one; the same again changes nothing.

    Raises StaleRecord when a colleague decided or the record changed meanwhile, and ClinicError when several are
    taken together of which one differs from the record.
    """
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        page = _held(actor, patient_id)
        lines = _chosen(page, fields)
        draft = start_consultation(actor, patient_id=patient_id)
        fresh = _decide(actor, lines, accepted=True, consultation=draft)
        if fresh:
            if page.seen != seen:
                raise StaleRecord(_("The record has changed meanwhile. Look at the answers again."))
            _one_by_one(fresh)
            answers = dict(draft.answers)
            for line in fresh:
                answers |= typed_into(answers, line)
            save_draft(actor, consultation_id=draft.pk, version=draft.version, answers=answers)
    return draft


def leave(actor: User, *, patient_id: int, fields: Collection[str]) -> None:
    """Leave these answers out; the same again changes nothing. Raises StaleRecord when a colleague took one over."""
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        _decide(actor, _chosen(_held(actor, patient_id), fields), accepted=False)


def forget_unsent(actor: Actor) -> int:
    """Close what has expired and delete the answers that were never sent; returns how many were deleted."""
    with atomic():
        now = clock.now()
        expired = PatientLink.objects.filter(expires_at__lte=now, used_at=None, revoked_at=None)
        # Once marked, it stays closed even when a clock is set back.
        expired.update(revoked_at=now)
        over = IntakeDraft.objects.filter(Q(link__revoked_at__isnull=False) | Q(link__used_at__isnull=False))
        for draft in over.select_related("link"):
            audit.record(actor, "intake.forgotten", draft, patient_id=draft.link.patient_id)
        return over.delete()[0]


def _make(actor: User, patient_id: int) -> PatientLink:
    patient = patient_for(actor, patient_id)
    lasts = timedelta(days=settings.INTAKE_LINK_DAYS)
    return make_link(actor, patient=patient, site=site_for(actor, patient), purpose=PURPOSE, lasts=lasts)


def _matter(link: PatientLink) -> Matter:
    return Matter(link.patient, link.site, RULE, subject_of(link), MAIL)


def _same(draft: IntakeDraft, version: int) -> None:
    if draft.version != version:
        raise StaleRecord(_("These answers were changed on another device. Open the page again to see them."))


def _held(actor: User, patient_id: int) -> Page:
    """The answers, held until the transaction ends; raises StaleRecord when there are none."""
    sent = last_sent(patient_for(actor, patient_id))
    if sent is None:
        raise StaleRecord(_("There are no answers of this patient."))
    PatientLink.objects.select_for_update().get(pk=sent.pk)
    return page_for(actor, patient_id)


def _chosen(page: Page, fields: Collection[str]) -> list[Line]:
    lines = page.of(fields)
    if not lines or len(lines) != len(set(fields)):
        raise StaleRecord(_("These answers are not there any more. Open the page again."))
    return lines


def _decide(
    actor: User, lines: Iterable[Line], *, accepted: bool, consultation: Consultation | None = None
) -> list[Line]:
    """Mark and give back what nobody has decided; a colleague's decision is a conflict, one's own is no news."""
    fresh = []
    for line in lines:
        proposal = line.proposal
        if line.open:
            fresh.append(line)
        elif (proposal.accepted, proposal.decided_by_id) != (accepted, actor.pk):
            raise StaleRecord(_("“%(question)s” has been decided meanwhile.") % {"question": line.question})
    if accepted and not all(line.writes for line in fresh):
        raise ClinicError(_("“I do not know” cannot be taken over here. Ask the patient."))
    decision = {"accepted": accepted, "decided_by": actor, "decided_at": clock.now(), "consultation": consultation}
    Proposal.objects.filter(pk__in=[line.proposal.pk for line in fresh]).update(**decision)
    if fresh:
        link, done = fresh[0].proposal.link, "intake.taken_over" if accepted else "intake.left_out"
        audit.record(actor, done, link, patient_id=link.patient_id, changed=sorted(line.field for line in fresh))
    return fresh


def _one_by_one(lines: Collection[Line]) -> None:
    if len(lines) > 1 and any(line.standing not in (Standing.NEW, Standing.SAME) for line in lines):
        raise ClinicError(_("Answers that differ from the record are taken over one by one."))
