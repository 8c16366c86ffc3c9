"""Fills an empty database with the demo clinic."""

from argparse import ArgumentParser
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mesoclinic import clock
from mesoclinic.accounts import User
from sessions.demo.seed import seed

ZONE = ZoneInfo("Europe/Madrid")
MIDMORNING = time(11, 10)


class Command(BaseCommand):
    """`manage.py seed_demo [--seed N] [--date YYYY-MM-DD]`: the same clinic for the same number and date."""

    help = "Make the demo clinic in an empty database: around a date at mid-morning, or around this moment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="which clinic; each number gives another one")
        parser.add_argument("--date", type=date.fromisoformat, help="the day in the middle, as YYYY-MM-DD")

    def handle(self, *args: object, **options: object) -> None:
        if not settings.DEMO:
            raise CommandError("This is no demo. Set DEMO=1 for a clinic with invented patients.")
        if User.objects.exists():
            raise CommandError("This database is in use. The demo clinic is made in an empty one only.")
        day, number = options["date"], options["seed"]
        assert isinstance(number, int)
        if isinstance(day, date):
            until = datetime.combine(day, MIDMORNING, ZONE)
        else:
            until = clock.now()
            day = until.astimezone(ZONE).date()
        seed(number=number, day=day, until=until)
        self.stdout.write(f"The demo clinic is made, as it stands on {until.astimezone(ZONE):%-d %B %Y at %H:%M}.")
