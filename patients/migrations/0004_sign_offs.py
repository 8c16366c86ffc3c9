"""A sign-off holds for one formulation and has a state; a plan version says which syringes may be mixed (FX-06e)."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_attachments_and_corrections")]

    operations = [
        migrations.AddField("planversion", "compatible_syringes", models.JSONField(default=list)),
        # Nothing has written a sign-off before this release.
        migrations.RemoveField("signoff", "granted"),
        migrations.AddField(
            "signoff",
            "state",
            models.CharField(
                choices=[("asked", "Asked for"), ("granted", "Approved"), ("refused", "Refused")],
                default="asked",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "signoff", "formulation_sha256", models.CharField(default="", max_length=64), preserve_default=False
        ),
        migrations.AddField("signoff", "asked_reason", models.TextField(default=""), preserve_default=False),
        migrations.AlterModelOptions("signoff", options={"ordering": ("-asked_at", "-pk")}),
        migrations.AddConstraint(
            "signoff",
            models.UniqueConstraint(
                condition=Q(("state__in", ("asked", "granted"))),
                fields=("plan_version", "ingredient", "formulation_sha256"),
                name="one_sign_off_that_holds",
            ),
        ),
    ]
