"""People: identity, fact sheets, consultations, candidacy, treatment plans, consent, links and the message ledger."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.documents import Document
from mesoclinic.outbox import Message
from mesoclinic.sites import Site
from mesoclinic.typed import FULL_NAME_LENGTH
from protocols.models import CatalogueRelease, Product


class Sex(models.TextChoices):
    """Sex at birth, as clinical.md 2.1 asks it."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    INTERSEX = "intersex", _("Intersex")


def full_name(given: str, family: str) -> str:
    """Both names as people say them; either may be blank."""
    return " ".join(part for part in (given, family) if part)


class Patient(models.Model):
    """A person. Either part of the name may be blank, not both."""

    given_name = models.CharField(max_length=200, blank=True)
    family_name = models.CharField(max_length=200, blank=True)
    search_name = models.CharField(max_length=450, db_index=True)
    birth_date = models.DateField(db_index=True)
    sex_at_birth = models.CharField(max_length=8, choices=Sex.choices, blank=True)
    gender = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True, db_index=True)
    phone = models.CharField(max_length=40, blank=True)
    phone_digits = models.CharField(max_length=20, blank=True, db_index=True)
    language = models.CharField(max_length=8, default="en")
    contact_by_email = models.BooleanField(default=False)
    contact_by_phone = models.BooleanField(default=False)
    contact_by_sms = models.BooleanField(default=False)
    record_number = models.CharField(max_length=20, unique=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    sites = models.ManyToManyField(Site, through="PatientSite", related_name="patients")
    registered_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("search_name", "birth_date")
        constraints = [
            models.CheckConstraint(condition=~Q(given_name="") | ~Q(family_name=""), name="patient_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"patient {self.pk}"

    @property
    def full_name(self) -> str:
        return full_name(self.given_name, self.family_name)


class PatientSite(models.Model):
    """The scope: through this row the staff of a site reach a patient."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="patient_sites")
    site = models.ForeignKey(Site, models.PROTECT, related_name="patient_sites")
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "site"], name="one_link_to_a_site")]


class PatientMerge(models.Model):
    """Two records of one person that became one; `merged` stays as it was and points at the one that was kept.

    `details` are the kept record's details that another value took the place of: {name: [before, after]}.
    `differences` are the facts on which the two differed: {name: [kept, merged, what stands]}.
    """

    kept = models.ForeignKey(Patient, models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Patient, models.PROTECT, related_name="merges_away")
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    differences = models.JSONField(default=dict)
    before = models.ForeignKey("FactSheet", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    undone_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="merged_once_at_a_time"),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="merge_of_two_records"),
        ]


class TwoPeople(models.Model):
    """Two records that somebody compared and found to be of two people: they are likely duplicates no more."""

    first = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    second = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="told_apart_once")]


class MergedRow(models.Model):
    """A row that followed the kept record when two were merged, and goes back when the merge is undone."""

    merge = models.ForeignKey(PatientMerge, models.PROTECT, related_name="rows")
    kind = models.CharField(max_length=40)
    row = models.PositiveBigIntegerField()


class Consultation(models.Model):
    """A consultation; `answers` are kept raw as typed until signing parses them into a fact sheet."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", _("Signed")
        VOIDED = "voided", _("Voided")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consultations")
    site = models.ForeignKey(Site, models.PROTECT, related_name="consultations")
    clinician = models.ForeignKey(User, models.PROTECT, related_name="+")
    answers = models.JSONField(default=dict)
    narrative = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-started_at",)


class FactSheet(models.Model):
    """What is known of a patient at one moment: {field: {value, observed_on}}. The highest number is current."""

    class Source(models.TextChoices):
        CONSULTATION = "consultation", _("Consultation")
        INTAKE = "intake", _("Intake")
        RESCREEN = "rescreen", _("Re-screen")
        LABORATORY = "laboratory", _("Laboratory")
        ADVERSE_EVENT = "adverse_event", _("Adverse event")
        CORRECTION = "correction", _("Correction")
        MERGER = "merger", _("Merged records")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="fact_sheets")
    number = models.PositiveIntegerField()
    facts = models.JSONField()
    source = models.CharField(max_length=16, choices=Source.choices)
    consultation = models.ForeignKey(Consultation, models.PROTECT, null=True, related_name="fact_sheets")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("patient", "number")
        constraints = [models.UniqueConstraint(fields=["patient", "number"], name="one_fact_sheet_of_a_number")]


class Addendum(models.Model):
    """What was added to a sealed record after its signature."""

    subject = models.CharField(max_length=60, db_index=True)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="addenda")
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at",)


class Correction(models.Model):
    """One answer of a signed consultation that was wrong: what stood there and what is right; None is no answer."""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="corrections")
    field = models.CharField(max_length=60)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    reason = models.TextField()
    fact_sheet = models.OneToOneField(FactSheet, models.PROTECT, related_name="correction")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)


class Candidacy(models.Model):
    """A verdict as it was given: the same fact sheet, release and date give the same findings again."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="candidacies")
    fact_sheet = models.ForeignKey(FactSheet, models.PROTECT, related_name="candidacies")
    release = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="+")
    evaluated_on = models.DateField()
    cause = models.CharField(max_length=40)
    verdict = models.CharField(max_length=20)
    provisional = models.CharField(max_length=20)
    temporary = models.BooleanField(default=False)
    findings = models.JSONField()
    missing = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "-pk")


class Acknowledgement(models.Model):
    """The treating doctor has read one caution and its action."""

    candidacy = models.ForeignKey(Candidacy, models.PROTECT, related_name="acknowledgements")
    rule = models.CharField(max_length=16)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["candidacy", "rule"], name="one_acknowledgement_a_caution")]


class Override(models.Model):
    """A refer, defer or caution finding set aside with a typed reason; the finding stays."""

    LEAST_REASON = 15

    class Ground(models.TextChoices):
        SPECIALIST = "specialist", _("A specialist has cleared it")
        EXAMINED = "examined", _("Examined today and judged safe")
        NOT_HERE = "not_here", _("It does not bear on this treatment")
        OTHER = "other", _("Another reason")

    candidacy = models.ForeignKey(Candidacy, models.PROTECT, related_name="overrides")
    rule = models.CharField(max_length=16)
    ground = models.CharField(max_length=12, choices=Ground.choices, default=Ground.OTHER)
    reason = models.TextField()
    letter = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    valid_until = models.DateField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class TreatmentPlan(models.Model):
    """What is to be done for a patient, through its versions."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans")
    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="plans")
    site = models.ForeignKey(Site, models.PROTECT, related_name="plans")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)


class PlanVersion(models.Model):
    """One version of a plan: protocol, technique, zones, number of sessions. Frozen once signed."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", _("Signed")
        SUPERSEDED = "superseded", _("Superseded")
        STOPPED = "stopped", _("Stopped")

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    protocol = models.CharField(max_length=16)
    release = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="+")
    technique = models.CharField(max_length=16)
    zones = models.JSONField(default=list)
    spacing_cm = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    ml_per_point = models.DecimalField(max_digits=5, decimal_places=3, null=True)
    depth_mm = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    volume_mode = models.CharField(max_length=8, default="by_area")
    volume_ml = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    anaesthetic_cream = models.CharField(max_length=24, default="none")
    la_soft_limit_reason = models.TextField(blank=True)
    compatible_syringes = models.JSONField(default=list)
    session_count = models.PositiveSmallIntegerField()
    maintenance = models.BooleanField(default=False)
    goals = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    stop_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    candidacy = models.ForeignKey(Candidacy, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("plan", "number")
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_plan_version_of_a_number"),
            models.CheckConstraint(condition=Q(session_count__gte=1), name="plan_has_sessions"),
        ]


class Component(models.Model):
    """One product of a formulation: volume in mL, strength in mg/mL, and the syringe it goes into."""

    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="components")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    ingredient = models.CharField(max_length=40)
    volume_ml = models.DecimalField(max_digits=7, decimal_places=3)
    mg_per_ml = models.DecimalField(max_digits=12, decimal_places=5, null=True)
    syringe = models.CharField(max_length=8, default="1")

    class Meta:
        ordering = ("syringe", "pk")


class FormulationCheck(models.Model):
    """A safety check of a mixture as it was made."""

    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="checks")
    mixture = models.JSONField()
    fact_sheet = models.ForeignKey(FactSheet, models.PROTECT, related_name="+")
    release = models.ForeignKey(CatalogueRelease, models.PROTECT, related_name="+")
    evaluated_on = models.DateField()
    cause = models.CharField(max_length=40)
    result = models.CharField(max_length=20)
    findings = models.JSONField()
    missing = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "-pk")


class SignOff(models.Model):
    """The director's decision on a director-only ingredient, for one plan version and one formulation of it."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        GRANTED = "granted", _("Approved")
        REFUSED = "refused", _("Refused")

    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="sign_offs")
    ingredient = models.CharField(max_length=40)
    formulation_sha256 = models.CharField(max_length=64)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_reason = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["plan_version", "ingredient", "formulation_sha256"],
                condition=Q(state__in=("asked", "granted")),
                name="one_sign_off_that_holds",
            ),
        ]


class Consent(models.Model):
    """A consent: the exact text that was shown, its digest, and what the patient did with it."""

    class Kind(models.TextChoices):
        TREATMENT = "treatment", _("Treatment")
        PHOTO = "photo", _("Photographs")
        DATA = "data", _("Data")

    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        SHOWN = "shown", _("Shown")
        SIGNED = "signed", _("Signed")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        SUPERSEDED = "superseded", _("Superseded")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, null=True, related_name="consents")
    template_version = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    text = models.JSONField(default=dict)
    text_sha256 = models.CharField(max_length=64, blank=True)
    elements = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OFFERED)
    offered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_on = models.DateField(null=True)
    method = models.CharField(max_length=8, blank=True)
    signature_name = models.CharField(max_length=FULL_NAME_LENGTH, blank=True)
    signature_svg = models.TextField(blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-offered_at", "-pk")


class PatientLink(models.Model):
    """A link for one purpose: the digest of its token, and the seed that the clinic's secret key turns into it."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="links")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    seed = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16)
    subject = models.CharField(max_length=60)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asleep_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-made_at", "-pk")


class IntakeDraft(models.Model):
    """Answers as a patient types them; gone once they are sent, or once their link has ended without it."""

    link = models.OneToOneField(PatientLink, models.PROTECT, related_name="draft")
    answers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()


class Proposal(models.Model):
    """An answer that came by link; it waits until a clinician accepts or refuses it."""

    link = models.ForeignKey(PatientLink, models.PROTECT, related_name="proposals")
    field = models.CharField(max_length=60)
    value = models.JSONField()
    made_at = models.DateTimeField()
    accepted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    consultation = models.ForeignKey(Consultation, models.PROTECT, null=True, related_name="proposals")

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["link", "field"], name="one_proposal_a_field")]


class PhotoView(models.TextChoices):
    """The standard views of OM-01 (clinical.md 11.1), in the order in which they are taken."""

    FRONTAL_HAIRLINE = "frontal_hairline", _("Frontal hairline")
    MIDLINE_PART = "midline_part", _("Midline part")
    VERTEX = "vertex", _("Vertex")
    LEFT = "left", _("Left side")
    RIGHT = "right", _("Right side")
    OCCIPUT = "occiput", _("Occiput")
    TRICHOSCOPY = "trichoscopy", _("Trichoscopy")


class Photo(models.Model):
    """A photograph of one view, drawn anew, with a small one; never erased, one of another patient is set aside."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="photos")
    view = models.CharField(max_length=24, choices=PhotoView.choices)
    taken_at = models.DateTimeField()
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    small = models.ForeignKey(Document, models.PROTECT, related_name="+")
    baseline = models.BooleanField(default=False)
    consent = models.ForeignKey(Consent, models.PROTECT, related_name="+")
    subject = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_aside_at = models.DateTimeField(null=True)
    set_aside_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_aside_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("taken_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "view"],
                condition=Q(baseline=True, set_aside_at=None),
                name="one_baseline_a_view",
            ),
        ]


class SkippedView(models.Model):
    """A view that was not taken on one occasion, and why."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="skipped_views")
    view = models.CharField(max_length=24, choices=PhotoView.choices)
    subject = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")


class Measurement(models.Model):
    """A value measured on the scalp or told by the patient; `code` and unit are those of clinical.md 2.4 and 11.

    Insert only; `subject` says in which record it was measured, and a correction is a record of its own.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="measurements")
    code = models.CharField(max_length=24)
    scalp_site = models.CharField(max_length=24, blank=True)
    device = models.CharField(max_length=80, blank=True)
    rater = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    value = models.DecimalField(max_digits=9, decimal_places=3)
    taken_at = models.DateTimeField()
    subject = models.CharField(max_length=60, blank=True, db_index=True)


class PatientDocument(models.Model):
    """Which paper belongs to which patient, and to what."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="documents")
    document = models.OneToOneField(Document, models.PROTECT, related_name="patient_document")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)

    class Meta:
        ordering = ("-pk",)


class Attachment(models.Model):
    """A letter or a laboratory result from outside, as it was filed; one of another patient is set aside."""

    class Kind(models.TextChoices):
        LETTER = "letter", _("Letter of a specialist")
        LABORATORY = "laboratory", _("Laboratory result")

    paper = models.OneToOneField(PatientDocument, models.PROTECT, related_name="attachment")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    dated_on = models.DateField()
    author = models.CharField(max_length=200)
    original_name = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    set_aside_at = models.DateTimeField(null=True)
    set_aside_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_aside_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-dated_on", "-pk")


class Notice(models.Model):
    """The ledger: what a patient is to be told, by which rule, about what, on which channel."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        PRINTED = "printed", _("To be printed")
        TOLD = "told", _("Told by phone")
        SKIPPED = "skipped", _("Skipped")
        UNCERTAIN = "uncertain", _("Uncertain")
        FAILED = "failed", _("Failed")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="notices")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    rule = models.CharField(max_length=12)
    subject = models.CharField(max_length=60)
    channel = models.CharField(max_length=8)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True)
    message = models.OneToOneField(Message, models.PROTECT, null=True, related_name="notice")

    class Meta:
        ordering = ("due_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["patient", "rule", "subject", "channel"], name="one_notice_a_matter")
        ]


class Todo(models.Model):
    """Work that no other row's state shows."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="todos")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="todos")
    role = models.CharField(max_length=16, blank=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="todos")
    text = models.CharField(max_length=300)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
