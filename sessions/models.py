"""Events: series, bookings on the occupancy grid, treatment records, adverse events and outcomes."""

from datetime import time

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.sites import Site, VisitKind
from patients.models import (
    Candidacy,
    Consent,
    Consultation,
    FactSheet,
    FormulationCheck,
    Notice,
    Patient,
    PatientDocument,
    PlanVersion,
    Todo,
)
from protocols.models import Lot, Movement

SLOT_MINUTES = 5


class Series(models.Model):
    """All sessions of a signed plan version."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        COMPLETED = "completed", _("Completed")
        STOPPED = "stopped", _("Stopped")

    plan_version = models.OneToOneField(PlanVersion, models.PROTECT, related_name="series")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="series")
    site = models.ForeignKey(Site, models.PROTECT, related_name="series")
    preferences = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    stop_reason = models.TextField(blank=True)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-booked_at",)
        verbose_name_plural = "series"


class TreatmentSession(models.Model):
    """One session of a series; windows are derived from the release, never stored."""

    class State(models.TextChoices):
        UNPLACED = "unplaced", _("To be booked")
        BOOKED = "booked", _("Booked")
        IN_PROGRESS = "in_progress", _("In progress")
        PERFORMED = "performed", _("Performed")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Cancelled")
        ABANDONED = "abandoned", _("Abandoned")

    series = models.ForeignKey(Series, models.PROTECT, related_name="sessions")
    ordinal = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNPLACED)
    flag = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("series", "ordinal")
        constraints = [models.UniqueConstraint(fields=["series", "ordinal"], name="one_session_of_an_ordinal")]


class WindowOverride(models.Model):
    """Why a session may take place on one day after its window, and who decided it (SD-02). Insert only."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="window_overrides")
    window_ends_on = models.DateField()
    on = models.DateField()
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(on__gt=F("window_ends_on")), name="override_is_after_the_window"),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
        ]


class AssessmentPoint(models.Model):
    """An assessment that the protocol asks for."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RECORDED = "recorded", _("Recorded")
        DROPPED = "dropped", _("Dropped")

    series = models.ForeignKey(Series, models.PROTECT, related_name="assessments")
    code = models.CharField(max_length=12)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    recorded_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "code"], name="one_assessment_of_a_code")]


class Booking(models.Model):
    """Time that is taken. Moving changes the row and its version, never makes a second one."""

    class State(models.TextChoices):
        HELD = "held", _("Held")
        BOOKED = "booked", _("Booked")
        CONFIRMED = "confirmed", _("Confirmed")
        ARRIVED = "arrived", _("Arrived")
        NUMBING = "numbing", _("Numbing")
        TREATING = "treating", _("In treatment")
        OBSERVING = "observing", _("Under observation")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        NO_SHOW = "no_show", _("Did not come")

    site = models.ForeignKey(Site, models.PROTECT, related_name="bookings")
    kind = models.CharField(max_length=16, choices=VisitKind.choices)
    visit_type_name = models.CharField(max_length=80, blank=True)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="bookings")
    clinician = models.ForeignKey(User, models.PROTECT, null=True, related_name="bookings")
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.BOOKED)
    treatment_session = models.ForeignKey(TreatmentSession, models.PROTECT, null=True, related_name="bookings")
    assessment_point = models.ForeignKey(AssessmentPoint, models.PROTECT, null=True, related_name="bookings")
    consultation = models.ForeignKey(Consultation, models.PROTECT, null=True, related_name="bookings")
    held_until = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)
    calendar_uid = models.CharField(max_length=80, unique=True)
    calendar_sequence = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    booked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    booked_at = models.DateTimeField()

    class Meta:
        ordering = ("starts_at", "pk")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="booking_ends_after_start")]
        indexes = [
            models.Index(fields=["site", "starts_at"], name="booking_by_site_and_time"),
            models.Index(fields=["held_until"], name="booking_by_end_of_hold"),
        ]


class ResourceKind(models.TextChoices):
    """What can be occupied."""

    CLINICIAN = "clinician", _("Clinician")
    ROOM = "room", _("Room")
    DEVICE = "device", _("Device")
    PATIENT = "patient", _("Patient")


class BookingUse(models.Model):
    """How long a booking needs one resource: the room may be needed longer than the clinician."""

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="uses")
    resource_kind = models.CharField(max_length=10, choices=ResourceKind.choices)
    resource_id = models.PositiveBigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()


class Occupancy(models.Model):
    """The grid: one row for each resource and five minutes (UTC minutes since 1970 divided by 5). The guard."""

    resource_kind = models.CharField(max_length=10)
    resource_id = models.PositiveBigIntegerField()
    slot = models.PositiveBigIntegerField()
    booking = models.ForeignKey(Booking, models.CASCADE, related_name="occupied")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource_kind", "resource_id", "slot"], name="one_use_at_a_time")
        ]


class BookingChange(models.Model):
    """One thing that somebody did to bookings, with what was before and after: to undo it, and to tell the patient."""

    class Deed(models.TextChoices):
        BOOKED = "booked", _("Booked")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")
        CONFIRMED = "confirmed", _("Confirmed")
        REPLANNED = "replanned", _("Planned again")
        ENDED = "ended", _("Course ended")
        UNDONE = "undone", _("Undone")

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="booking_changes")
    deed = models.CharField(max_length=12, choices=Deed.choices)
    # Nobody here: the patient by link, or the clinic's own work.
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by_patient = models.BooleanField(default=False)
    at = models.DateTimeField(db_index=True)
    # By kind of row and its number: the columns as they were; nothing for a row that was not there.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="booking_changes")

    class Meta:
        ordering = ("pk",)


class CalendarFeed(models.Model):
    """The secret address of somebody's calendar: the digest of its token, and whether it says more than “booked”."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_feed")
    token_sha256 = models.CharField(max_length=64, unique=True)
    kinds = models.BooleanField(default=False)
    made_at = models.DateTimeField()


class WaitingEntry(models.Model):
    """A session whose patient would come when a time is given back: it has no date, or a later one."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="waiting")
    # Empty: any day.
    weekdays = models.JSONField(default=list)
    earliest = models.TimeField(default=time.min)
    latest = models.TimeField(default=time.max)
    since = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("since", "pk")
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(ended_at=None), name="one_waiting_entry_a_session")
        ]


class TimeOffer(models.Model):
    """A time that was given back, kept for one patient until they have answered or the hold has ended."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        TAKEN = "taken", _("Taken")
        REFUSED = "refused", _("Not taken")

    freed = models.ForeignKey(Booking, models.PROTECT, related_name="time_offers")
    entry = models.ForeignKey(WaitingEntry, models.PROTECT, related_name="offers")
    hold = models.OneToOneField(Booking, models.PROTECT, related_name="time_offer")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["freed", "entry"], name="one_offer_of_a_time_to_an_entry")]


class TreatmentRecord(models.Model):
    """What was done in one performed session. Signed and locked; later only addenda."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SIGNED = "signed", _("Signed")
        VOIDED = "voided", _("Voided")

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="records")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="treatment_records")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    fact_sheet = models.ForeignKey(FactSheet, models.PROTECT, null=True, related_name="+")
    candidacy = models.ForeignKey(Candidacy, models.PROTECT, null=True, related_name="+")
    formulation_check = models.ForeignKey(FormulationCheck, models.PROTECT, null=True, related_name="+")
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="+")
    day_inputs = models.JSONField(default=dict)
    day_findings = models.JSONField(default=list)
    rescreened_on = models.DateField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    vitals = models.JSONField(default=dict)
    anaesthesia = models.JSONField(default=dict)
    technique = models.CharField(max_length=16, blank=True)
    zones = models.JSONField(default=list)
    volumes = models.JSONField(default=dict)
    pain = models.PositiveSmallIntegerField(null=True)
    bleeding = models.CharField(max_length=12, blank=True)
    reactions = models.JSONField(default=list)
    none_observed = models.BooleanField(default=False)
    deviations = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=~Q(state="voided"), name="one_treatment_record_a_session"
            ),
            models.CheckConstraint(condition=Q(pain__isnull=True) | Q(pain__lte=10), name="pain_from_0_to_10"),
        ]


class ChecklistEntry(models.Model):
    """One answer to a checklist item: done, not done or not applicable, by whom and when. The last one counts."""

    record = models.ForeignKey(TreatmentRecord, models.PROTECT, related_name="checklist")
    step = models.CharField(max_length=8)
    item = models.CharField(max_length=60)
    answer = models.CharField(max_length=16)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class LotUse(models.Model):
    """Which lot went into which syringe, in mL."""

    record = models.ForeignKey(TreatmentRecord, models.PROTECT, related_name="lot_uses")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="uses")
    movement = models.OneToOneField(Movement, models.PROTECT, related_name="use")
    ingredient = models.CharField(max_length=40)
    syringe = models.CharField(max_length=8)
    volume_ml = models.DecimalField(max_digits=7, decimal_places=3)


class ScalpView(models.TextChoices):
    """The drawings of the scalp; the sides are the patient's."""

    TOP = "top", _("Top")
    FRONT = "front", _("Front")
    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")
    BACK = "back", _("Back")


class Injection(models.Model):
    """One point: where (fractions of the view's drawing), how deep (micrometres), how much (microlitres).

    A point that was set by mistake stays and says when it was taken out.
    """

    record = models.ForeignKey(TreatmentRecord, models.PROTECT, related_name="injections")
    client_key = models.CharField(max_length=40, unique=True)
    view = models.CharField(max_length=8, choices=ScalpView.choices)
    zone = models.CharField(max_length=20)
    x = models.DecimalField(max_digits=6, decimal_places=5)
    y = models.DecimalField(max_digits=6, decimal_places=5)
    drawing_version = models.PositiveSmallIntegerField(default=1)
    technique = models.CharField(max_length=16)
    volume_ul = models.PositiveIntegerField()
    depth_um = models.PositiveIntegerField()
    syringe = models.CharField(max_length=8)
    taken_out_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(x__gte=0, x__lte=1, y__gte=0, y__lte=1), name="point_on_the_drawing"),
            models.CheckConstraint(condition=Q(view__in=ScalpView.values), name="point_on_a_known_view"),
            models.CheckConstraint(condition=Q(volume_ul__gt=0), name="point_with_a_volume"),
        ]


class Causality(models.TextChoices):
    """How likely the treatment caused it (clinical.md 8.1)."""

    UNRELATED = "unrelated", _("Unrelated")
    UNLIKELY = "unlikely", _("Unlikely")
    POSSIBLE = "possible", _("Possible")
    PROBABLE = "probable", _("Probable")
    DEFINITE = "definite", _("Definite")


class Seriousness(models.TextChoices):
    """What an adverse event led to, as a regulator asks it."""

    NOT_SERIOUS = "not_serious", _("Not serious")
    HOSPITAL = "hospital", _("Hospital stay, or a longer one")
    LASTING = "lasting", _("Lasting damage")
    LIFE_THREATENING = "life_threatening", _("Life-threatening")
    DEATH = "death", _("Death")
    OTHER = "other", _("Medically important in another way")


class EventOutcome(models.TextChoices):
    """What came of an adverse event; only the last four close it."""

    ONGOING = "ongoing", _("Still ongoing")
    RESOLVED = "resolved", _("Resolved")
    SEQUELAE = "sequelae", _("Resolved with lasting effects")
    EXCLUDED = "excluded", _("Suspected and excluded")
    DIED = "died", _("The patient died")


class AdverseEvent(models.Model):
    """Something unwanted that happened, as it stands now; its entries say how it came to that.

    Without a code or a grade nobody has assessed it yet. `worst_grade` never falls.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Closed")

    class Reporter(models.TextChoices):
        PATIENT = "patient", _("The patient")
        STAFF = "staff", _("The clinic")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="adverse_events")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    record = models.ForeignKey(TreatmentRecord, models.PROTECT, null=True, related_name="adverse_events")
    code = models.CharField(max_length=8, blank=True)
    grade = models.PositiveSmallIntegerField(null=True)
    worst_grade = models.PositiveSmallIntegerField(null=True)
    onset_at = models.DateTimeField()
    place = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    causality = models.CharField(max_length=12, choices=Causality.choices, blank=True)
    seriousness = models.CharField(max_length=16, choices=Seriousness.choices, blank=True)
    action = models.TextField(blank=True)
    outcome = models.CharField(max_length=12, choices=EventOutcome.choices, blank=True)
    lots = models.ManyToManyField(Lot, related_name="+", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reporter = models.CharField(max_length=8, choices=Reporter.choices, default=Reporter.STAFF)
    reported_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=5), name="grade_from_1_to_5")]


class AdverseEventEntry(models.Model):
    """One step in the life of an adverse event with what held from then on. Insert only; the last one counts."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Recorded")
        ASSESSED = "assessed", _("Assessed")
        TOLD = "told", _("Reported again")
        FOLLOW_UP = "follow_up", _("Follow-up asked for")
        ONGOING = "ongoing", _("Still ongoing")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Opened again")
        STOPPED = "stopped", _("Course stopped")
        REPORTED = "reported", _("Report for the regulator made")

    event = models.ForeignKey(AdverseEvent, models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    code = models.CharField(max_length=8, blank=True)
    grade = models.PositiveSmallIntegerField(null=True)
    causality = models.CharField(max_length=12, choices=Causality.choices, blank=True)
    seriousness = models.CharField(max_length=16, choices=Seriousness.choices, blank=True)
    action = models.TextField(blank=True)
    outcome = models.CharField(max_length=12, choices=EventOutcome.choices, blank=True)
    lots = models.JSONField(default=list)
    text = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True)
    todo = models.OneToOneField(Todo, models.PROTECT, null=True, related_name="asked_in")
    paper = models.ForeignKey(PatientDocument, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="one_event_entry_of_a_number")]


class Triage(models.Model):
    """What somebody reported by phone or message, sign by sign, and what they were told. Insert only."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="triages")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    event = models.ForeignKey(AdverseEvent, models.PROTECT, null=True, related_name="triages")
    signs = models.JSONField(default=dict)
    temperature_c = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    answer = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class AssessmentRecord(models.Model):
    """What was measured at one visit: a baseline, or an assessment of a course. Insert only.

    A correction is a new record that names the one it replaces; the values stand in Measurement.
    """

    class Stage(models.TextChoices):
        BASELINE = "baseline", _("Baseline")
        INTERIM = "interim", _("Interim")
        FINAL = "final", _("Final")
        MAINTENANCE = "maintenance", _("Maintenance")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assessment_records")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    point = models.ForeignKey(AssessmentPoint, models.PROTECT, null=True, related_name="records")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    taken_on = models.DateField()
    told = models.JSONField()
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")
    reason = models.TextField(blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("taken_on", "pk")


class Outcome(models.Model):
    """What a record of an assessment shows against the baseline: the class with its arithmetic. Insert only.

    Judged again (a corrected baseline), it is a new row that names the one it replaces.
    """

    assessment = models.ForeignKey(AssessmentPoint, models.PROTECT, related_name="outcomes")
    record = models.ForeignKey(AssessmentRecord, models.PROTECT, related_name="outcomes")
    response = models.CharField(max_length=16, blank=True)
    worse = models.CharField(max_length=8)
    arithmetic = models.JSONField()
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)


class CheckIn(models.Model):
    """What a patient answered to a check-in message; the last one of a message is how they are.

    Whoever is to call back has a to-do: from the answer until that is done is the time to the response.
    """

    class Level(models.TextChoices):
        GREEN = "green", _("Expected")
        AMBER = "amber", _("Call within a day")
        RED = "red", _("Red flag")

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="check_ins")
    answers = models.JSONField()
    level = models.CharField(max_length=12, choices=Level.choices)
    answered_at = models.DateTimeField()
    triage = models.OneToOneField(Triage, models.PROTECT, null=True, related_name="check_in")
    todo = models.ForeignKey(Todo, models.PROTECT, null=True, related_name="+")

    @property
    def answered_after(self) -> int | None:
        """Minutes from the answer until somebody had called back."""
        done = self.todo.done_at if self.todo else None
        return round((done - self.answered_at).total_seconds() / 60) if done else None
