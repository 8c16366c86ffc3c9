"""Points on the scalp say their technique, lie on a drawing, and stay when they are taken out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic_sessions", "0011_check_ins")]

    operations = [
        # No screen has written points before, so no row lacks a technique.
        migrations.AddField("injection", "technique", models.CharField(default="", max_length=16), preserve_default=False),
        migrations.AddField("injection", "taken_out_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "injection",
            "view",
            models.CharField(
                choices=[("top", "Top"), ("front", "Front"), ("left", "Left"), ("right", "Right"), ("back", "Back")],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            "injection",
            models.CheckConstraint(
                condition=models.Q(x__gte=0, x__lte=1, y__gte=0, y__lte=1), name="point_on_the_drawing"
            ),
        ),
        migrations.AddConstraint(
            "injection",
            models.CheckConstraint(
                condition=models.Q(view__in=["top", "front", "left", "right", "back"]), name="point_on_a_known_view"
            ),
        ),
        migrations.AddConstraint(
            "injection",
            models.CheckConstraint(condition=models.Q(volume_ul__gt=0), name="point_with_a_volume"),
        ),
    ]
