"""A site says until how long before a visit its patient may move or cancel it by link."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mesoclinic", "0002_approver_differs")]

    operations = [migrations.AddField("site", "link_hours", models.PositiveSmallIntegerField(default=24))]
