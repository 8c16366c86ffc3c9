"""A session waits for a time that is given back; a freed time is kept for one patient until they answer."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic_sessions", "0007_calendar_feed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weekdays", models.JSONField(default=list)),
                ("earliest", models.TimeField(default=datetime.time(0, 0))),
                ("latest", models.TimeField(default=datetime.time(23, 59, 59, 999999))),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="clinic_sessions.treatmentsession",
                    ),
                ),
            ],
            options={"ordering": ("since", "pk")},
        ),
        migrations.CreateModel(
            name="TimeOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Waiting for an answer"), ("taken", "Taken"), ("refused", "Not taken")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "freed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="time_offers",
                        to="clinic_sessions.booking",
                    ),
                ),
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="time_offer",
                        to="clinic_sessions.booking",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="clinic_sessions.waitingentry",
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
        migrations.AddConstraint(
            "waitingentry",
            models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("session",), name="one_waiting_entry_a_session"
            ),
        ),
        migrations.AddConstraint(
            "timeoffer",
            models.UniqueConstraint(fields=("freed", "entry"), name="one_offer_of_a_time_to_an_entry"),
        ),
    ]
