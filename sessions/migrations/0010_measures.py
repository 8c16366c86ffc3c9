"""What was measured at an assessment is a record of its own; what it shows can be judged again. Nothing wrote outcomes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STAGES = [("baseline", "Baseline"), ("interim", "Interim"), ("final", "Final"), ("maintenance", "Maintenance")]
PROTECT = django.db.models.deletion.PROTECT


def _key() -> tuple[str, models.Field]:
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def _by() -> tuple[str, models.Field]:
    return ("by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL))


class Migration(migrations.Migration):
    dependencies = [
        ("clinic_sessions", "0009_end_of_holds"),
        ("mesoclinic", "0003_link_hours"),
        ("patients", "0010_measures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel("Outcome"),
        migrations.CreateModel(
            "AssessmentRecord",
            fields=[
                _key(),
                ("stage", models.CharField(choices=STAGES, max_length=12)),
                ("taken_on", models.DateField()),
                ("told", models.JSONField()),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                _by(),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=PROTECT,
                        related_name="corrected_by",
                        to="clinic_sessions.assessmentrecord",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(on_delete=PROTECT, related_name="assessment_records", to="patients.patient"),
                ),
                (
                    "point",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="records", to="clinic_sessions.assessmentpoint"
                    ),
                ),
                ("site", models.ForeignKey(on_delete=PROTECT, related_name="+", to="mesoclinic.site")),
            ],
            options={"ordering": ("taken_on", "pk")},
        ),
        migrations.CreateModel(
            "Outcome",
            fields=[
                _key(),
                ("response", models.CharField(blank=True, max_length=16)),
                ("worse", models.CharField(max_length=8)),
                ("arithmetic", models.JSONField()),
                ("at", models.DateTimeField()),
                _by(),
                (
                    "assessment",
                    models.ForeignKey(on_delete=PROTECT, related_name="outcomes", to="clinic_sessions.assessmentpoint"),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="outcomes", to="clinic_sessions.assessmentrecord"
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="replaced_by", to="clinic_sessions.outcome"
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
    ]
