"""Photographs with their small copy, consent and place in a session; views that were skipped."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

VIEWS = [
    ("frontal_hairline", "Frontal hairline"),
    ("midline_part", "Midline part"),
    ("vertex", "Vertex"),
    ("left", "Left side"),
    ("right", "Right side"),
    ("occiput", "Occiput"),
    ("trichoscopy", "Trichoscopy"),
]


def kept(to, **over):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **({"related_name": "+"} | over))


def number():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0008_two_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Nothing ever wrote a photograph before: the table is made anew, as its columns are not optional.
        migrations.DeleteModel(name="Photo"),
        migrations.CreateModel(
            name="Photo",
            fields=[
                ("id", number()),
                ("view", models.CharField(choices=VIEWS, max_length=24)),
                ("taken_at", models.DateTimeField()),
                ("baseline", models.BooleanField(default=False)),
                ("subject", models.CharField(blank=True, max_length=60)),
                ("set_aside_at", models.DateTimeField(null=True)),
                ("set_aside_reason", models.TextField(blank=True)),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("consent", kept("patients.consent")),
                ("document", kept("mesoclinic.document")),
                ("small", kept("mesoclinic.document")),
                ("patient", kept("patients.patient", related_name="photos")),
                ("set_aside_by", kept(settings.AUTH_USER_MODEL, null=True)),
            ],
            options={
                "ordering": ("taken_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("baseline", True), ("set_aside_at", None)),
                        fields=("patient", "view"),
                        name="one_baseline_a_view",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SkippedView",
            fields=[
                ("id", number()),
                ("view", models.CharField(choices=VIEWS, max_length=24)),
                ("subject", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("patient", kept("patients.patient", related_name="skipped_views")),
            ],
            options={"ordering": ("at", "pk")},
        ),
    ]
