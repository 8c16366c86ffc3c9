"""The clinic's places: what is open when, which rooms and devices there are, and who works at what hours."""

from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Weekday(models.IntegerChoices):
    """Days as Python's date.weekday() counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


def real_zone(value: str) -> None:
    """Raise ValidationError unless the time-zone database knows the name."""
    if value not in available_timezones():
        raise ValidationError(_("%(zone)s is not a time zone."), params={"zone": value})


class Site(models.Model):
    """One place of the clinic; the scope in which a patient is reached."""

    name = models.CharField(max_length=120, unique=True)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    time_zone = models.CharField(max_length=64, validators=[real_zone])
    country = models.CharField(max_length=2, help_text="ISO code, for public holidays.")
    emergency_number = models.CharField(max_length=40)
    on_call = models.ForeignKey("mesoclinic.User", models.PROTECT, null=True, blank=True, related_name="+")
    quiet_from = models.TimeField(default="21:00")
    quiet_to = models.TimeField(default="08:00")
    # Until so many hours before a visit the patient may move or cancel it by link; afterwards they call.
    link_hours = models.PositiveSmallIntegerField(default=24)
    allow_draft_catalogue = models.BooleanField(default=False)
    approver_differs = models.BooleanField(default=True)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class OpeningHours(models.Model):
    """One stretch of the week in which a site is open, in wall-clock time."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens_at = models.TimeField()
    closes_at = models.TimeField()

    class Meta:
        app_label = "mesoclinic"
        ordering = ("weekday", "opens_at")
        constraints = [
            models.CheckConstraint(condition=models.Q(closes_at__gt=models.F("opens_at")), name="opens_before_closing"),
            models.UniqueConstraint(fields=["site", "weekday", "opens_at"], name="one_opening_at_a_time"),
        ]


class Closure(models.Model):
    """A day on which a site is closed: a public holiday or one of its own."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="closures")
    on = models.DateField()
    reason = models.CharField(max_length=200)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("on",)
        constraints = [models.UniqueConstraint(fields=["site", "on"], name="one_closure_a_day")]


class Room(models.Model):
    """A room and the kinds of visit that fit into it."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="rooms")
    name = models.CharField(max_length=80)
    visit_kinds = models.JSONField(default=list)
    active = models.BooleanField(default=True)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="one_room_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Device(models.Model):
    """A device that only one visit can use at a time."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    active = models.BooleanField(default=True)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class StaffHours(models.Model):
    """One stretch of the week in which somebody works at a site, in wall-clock time."""

    user = models.ForeignKey("mesoclinic.User", models.CASCADE, related_name="hours")
    site = models.ForeignKey(Site, models.CASCADE, related_name="staff_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    starts_at = models.TimeField()
    ends_at = models.TimeField()

    class Meta:
        app_label = "mesoclinic"
        ordering = ("weekday", "starts_at")
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="work_starts_before_end")
        ]


class Absence(models.Model):
    """Days on which somebody is away, both ends included."""

    user = models.ForeignKey("mesoclinic.User", models.CASCADE, related_name="absences")
    first_on = models.DateField()
    last_on = models.DateField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("first_on",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_on__gte=models.F("first_on")), name="absence_ends_after_start"
            )
        ]


class VisitKind(models.TextChoices):
    """What a visit is for."""

    CONSULTATION = "consultation", _("Consultation")
    TREATMENT = "treatment", _("Treatment")
    ASSESSMENT = "assessment", _("Assessment")
    OTHER = "other", _("Other visit")
    BLOCK = "block", _("Blocked time")


_minutes = [MinValueValidator(0), MaxValueValidator(480)]


class VisitType(models.Model):
    """How long a kind of visit takes (minutes, in fives), what it needs, and what it costs."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="visit_types")
    kind = models.CharField(max_length=16, choices=VisitKind.choices)
    name = models.CharField(max_length=80)
    preparation_minutes = models.PositiveSmallIntegerField(default=0, validators=_minutes)
    clinician_minutes = models.PositiveSmallIntegerField(validators=_minutes)
    observation_minutes = models.PositiveSmallIntegerField(default=0, validators=_minutes)
    needs_room = models.BooleanField(default=True)
    device_kind = models.CharField(max_length=40, blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    active = models.BooleanField(default=True)

    class Meta:
        app_label = "mesoclinic"
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["site", "kind", "name"], name="one_visit_type_of_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def total_minutes(self) -> int:
        return self.preparation_minutes + self.clinician_minutes + self.observation_minutes
