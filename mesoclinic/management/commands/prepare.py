"""Brings the database and the static files up to this version of the clinic; safe to run again."""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from mesoclinic.run_once import collect_static


class Command(BaseCommand):
    """`manage.py prepare`: run once before the processes of a new version start."""

    help = "Migrate the database and gather the static files."

    def handle(self, *args: object, **options: object) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        # The triggers of signed and insert-only rows must be there before anybody writes.
        call_command("check", deploy=True, tags=["guards", "startup"])
        call_command("createcachetable", verbosity=0)
        collect_static()
