"""Links know their site, who made them and when they sleep; answers are kept as typed; a proposal knows its decision."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _of(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0004_sign_offs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # Nothing has written a link or a proposal before this release, so their new columns need no value for old rows.
    operations = [
        migrations.AddField("patientlink", "site", _of("mesoclinic.site", related_name="+")),
        migrations.AddField("patientlink", "seed", models.CharField(max_length=64)),
        migrations.AddField("patientlink", "made_by", _of(settings.AUTH_USER_MODEL, related_name="+")),
        migrations.AddField("patientlink", "made_at", models.DateTimeField()),
        migrations.AddField("patientlink", "asleep_until", models.DateTimeField(null=True)),
        migrations.AlterModelOptions("patientlink", options={"ordering": ("-made_at", "-pk")}),
        migrations.CreateModel(
            name="IntakeDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("answers", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField()),
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="draft", to="patients.patientlink"
                    ),
                ),
            ],
        ),
        migrations.AddField("proposal", "decided_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "proposal", "consultation", _of("patients.consultation", null=True, related_name="proposals")
        ),
        migrations.AlterModelOptions("proposal", options={"ordering": ("pk",)}),
        migrations.AddConstraint(
            "proposal", models.UniqueConstraint(fields=("link", "field"), name="one_proposal_a_field")
        ),
    ]
