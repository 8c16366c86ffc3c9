"""Every adverse event has its site, and its causality and outcome are words of a list."""

import django.db.models.deletion
from django.db import migrations, models

CAUSALITY = [
    ("unrelated", "Unrelated"),
    ("unlikely", "Unlikely"),
    ("possible", "Possible"),
    ("probable", "Probable"),
    ("definite", "Definite"),
]
OUTCOMES = [
    ("ongoing", "Still ongoing"),
    ("resolved", "Resolved"),
    ("sequelae", "Resolved with lasting effects"),
    ("excluded", "Suspected and excluded"),
    ("died", "The patient died"),
]


class Migration(migrations.Migration):
    dependencies = [("clinic_sessions", "0003_first_entries")]
    operations = [
        migrations.AlterField(
            "adverseevent", "causality", models.CharField(blank=True, choices=CAUSALITY, max_length=12)
        ),
        migrations.AlterField("adverseevent", "outcome", models.CharField(blank=True, choices=OUTCOMES, max_length=12)),
        migrations.AlterField(
            "adverseevent",
            "site",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="mesoclinic.site"),
        ),
    ]
