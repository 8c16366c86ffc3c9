"""Adverse events get a life of their own: what each step changed, and what was reported by phone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CAUSALITY = [
    ("unrelated", "Unrelated"),
    ("unlikely", "Unlikely"),
    ("possible", "Possible"),
    ("probable", "Probable"),
    ("definite", "Definite"),
]
SERIOUSNESS = [
    ("not_serious", "Not serious"),
    ("hospital", "Hospital stay, or a longer one"),
    ("lasting", "Lasting damage"),
    ("life_threatening", "Life-threatening"),
    ("death", "Death"),
    ("other", "Medically important in another way"),
]
OUTCOMES = [
    ("ongoing", "Still ongoing"),
    ("resolved", "Resolved"),
    ("sequelae", "Resolved with lasting effects"),
    ("excluded", "Suspected and excluded"),
    ("died", "The patient died"),
]
KINDS = [
    ("opened", "Recorded"),
    ("assessed", "Assessed"),
    ("told", "Reported again"),
    ("follow_up", "Follow-up asked for"),
    ("ongoing", "Still ongoing"),
    ("closed", "Closed"),
    ("reopened", "Opened again"),
    ("stopped", "Course stopped"),
    ("reported", "Report for the regulator made"),
]


def _choice(choices, length=12):
    return models.CharField(choices=choices, max_length=length, blank=True)


def _points_at(model, **more):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, **{"related_name": "+", **more})


class Migration(migrations.Migration):
    dependencies = [
        ("clinic_sessions", "0001_first"),
        ("mesoclinic", "0002_approver_differs"),
        ("patients", "0004_sign_offs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField("adverseevent", "place", models.CharField(blank=True, max_length=200)),
        migrations.AddField(
            "adverseevent",
            "reporter",
            models.CharField(
                choices=[("patient", "The patient"), ("staff", "The clinic")], default="staff", max_length=8
            ),
        ),
        migrations.AddField("adverseevent", "seriousness", _choice(SERIOUSNESS, 16)),
        migrations.AddField("adverseevent", "site", _points_at("mesoclinic.site", null=True)),
        migrations.AddField("adverseevent", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField("adverseevent", "worst_grade", models.PositiveSmallIntegerField(null=True)),
        migrations.AlterField("adverseevent", "code", models.CharField(blank=True, max_length=8)),
        migrations.AlterField("adverseevent", "grade", models.PositiveSmallIntegerField(null=True)),
        migrations.AlterField(
            "adverseevent",
            "state",
            models.CharField(choices=[("open", "Open"), ("resolved", "Closed")], default="open", max_length=10),
        ),
        migrations.CreateModel(
            name="AdverseEventEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(choices=KINDS, max_length=12)),
                ("code", models.CharField(blank=True, max_length=8)),
                ("grade", models.PositiveSmallIntegerField(null=True)),
                ("causality", _choice(CAUSALITY)),
                ("seriousness", _choice(SERIOUSNESS, 16)),
                ("action", models.TextField(blank=True)),
                ("outcome", _choice(OUTCOMES)),
                ("lots", models.JSONField(default=list)),
                ("text", models.TextField(blank=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("by", _points_at(settings.AUTH_USER_MODEL)),
                ("event", _points_at("clinic_sessions.adverseevent", related_name="entries")),
                ("paper", _points_at("patients.patientdocument", null=True)),
                (
                    "todo",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked_in",
                        to="patients.todo",
                    ),
                ),
            ],
            options={
                "ordering": ("number",),
                "constraints": [
                    models.UniqueConstraint(fields=("event", "number"), name="one_event_entry_of_a_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Triage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("signs", models.JSONField(default=dict)),
                ("temperature_c", models.DecimalField(decimal_places=1, max_digits=4, null=True)),
                ("answer", models.CharField(blank=True, max_length=20)),
                ("text", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("by", _points_at(settings.AUTH_USER_MODEL)),
                ("event", _points_at("clinic_sessions.adverseevent", null=True, related_name="triages")),
                ("patient", _points_at("patients.patient", related_name="triages")),
                ("site", _points_at("mesoclinic.site")),
            ],
        ),
    ]
