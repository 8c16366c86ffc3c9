"""Each measured value names the record in which it was measured."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0009_photographs")]

    operations = [
        migrations.AddField(
            "measurement", "subject", models.CharField(blank=True, db_index=True, default="", max_length=60), False
        ),
    ]
