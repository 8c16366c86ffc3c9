"""Holds that have ended are found by their end: before every booking they are given back."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic_sessions", "0008_waitlist"),
        ("mesoclinic", "0003_link_hours"),
        ("patients", "0008_two_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["held_until"], name="booking_by_end_of_hold"),
        ),
    ]
