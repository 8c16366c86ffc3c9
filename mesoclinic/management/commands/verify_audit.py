"""Check the audit chain from its first event to its end."""

from django.core.management.base import BaseCommand, CommandError

from mesoclinic import audit


class Command(BaseCommand):
    """Exit 1 and name the first event that was edited, deleted, inserted or moved."""

    help = "Check the audit chain; names the first event that does not hold."

    def handle(self, *args: object, **options: object) -> None:
        damage = audit.verify()
        if damage is not None:
            raise CommandError(str(damage))
        self.stdout.write(f"The audit chain holds: {audit.AuditEvent.objects.count()} events.")
