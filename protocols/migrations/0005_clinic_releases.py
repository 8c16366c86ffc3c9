"""Drafts of a release of the clinic, the rows they change, and who wrote the content of a row."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("protocols", "0004_authors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReleaseDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("lost", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("finished", "Finished"), ("discarded", "Discarded")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                (
                    "carried_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="protocols.cataloguerelease",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="protocols.cataloguerelease",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("started_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="DraftRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=80)),
                ("body", models.JSONField()),
                ("clashes", models.JSONField(default=list)),
                ("changed_at", models.DateTimeField()),
                ("authors", models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="protocols.releasedraft"
                    ),
                ),
            ],
            options={
                "ordering": ("kind", "code"),
            },
        ),
        migrations.CreateModel(
            name="RowAuthor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row_sha256", models.CharField(db_index=True, max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="releasedraft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("name",), name="one_open_draft_of_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="draftrow",
            constraint=models.UniqueConstraint(fields=("draft", "kind", "code"), name="one_change_of_a_row"),
        ),
        migrations.AddConstraint(
            model_name="rowauthor",
            constraint=models.UniqueConstraint(fields=("row_sha256", "by"), name="one_authorship_of_a_row"),
        ),
    ]
