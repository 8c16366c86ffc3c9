"""A site says whether whoever loads a catalogue release may approve it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mesoclinic", "0001_first")]

    operations = [migrations.AddField("site", "approver_differs", models.BooleanField(default=True))]
