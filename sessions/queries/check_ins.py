"""A check-in as its patient meets it by link."""

from dataclasses import dataclass

from patients.models import Notice, PatientLink
from patients.queries.links import mailed_link
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.adverse_events import TriageAnswer
from sessions.models import CheckIn, TreatmentRecord

PURPOSE = "check_in"


@dataclass(frozen=True, slots=True)
class OwnCheckIn:
    """The session that is asked about, the message that asks, and what was answered last."""

    record: TreatmentRecord
    notice: Notice
    last: CheckIn | None

    @property
    def urgent(self) -> bool:
        """Whether what was answered last is for the emergency services."""
        told = self.last.triage.answer if self.last and self.last.triage else ""
        first = min(current_catalogue().of(TriageAnswer), key=lambda row: row.rank)
        return told == first.id


def check_in_subject(record_id: int, rule: str) -> str:
    """What a link is about: one message after one session."""
    return f"treatment:{record_id}:{rule}"


def check_in_link_of(notice: Notice) -> PatientLink | None:
    """The link that the mail of this notice brings."""
    return mailed_link(PURPOSE, f"{notice.subject}:{notice.rule}")


def own_check_in(link: PatientLink) -> OwnCheckIn | None:
    """What a link asks about; None once the record was voided."""
    _kind, number, rule = link.subject.split(":")
    records = TreatmentRecord.objects.select_related("site", "patient", "session__series__plan_version__release")
    record = records.filter(pk=number, state=TreatmentRecord.State.SIGNED, patient=link.patient_id).first()
    about = Notice.objects.filter(patient=link.patient_id, subject=f"treatment:{number}", rule=rule)
    notice = about.order_by("pk").last()
    if record is None or notice is None:
        return None
    last = notice.check_ins.select_related("triage").order_by("pk").last()
    return OwnCheckIn(record, notice, last)
