"""The platform's app."""

from django.apps import AppConfig, apps
from django.urls import register_converter


class PlatformConfig(AppConfig):
    """Users, sites, audit, outbox, papers: what every clinic system needs and no patient is known to."""

    name = "mesoclinic"
    label = "mesoclinic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from mesoclinic import guards, invitations, startup  # noqa: F401  they register mails and checks
        from mesoclinic.celery import app
        from mesoclinic.http import Id

        # Now, not when the first worker starts: the web process must know the names it enqueues.
        app.autodiscover_tasks([config.name for config in apps.get_app_configs()], force=True)
        register_converter(Id, "id")
        guards.insert_only("mesoclinic_auditevent")
        guards.insert_only("mesoclinic_document", may_change=("sealed_at",))
        guards.connect()
