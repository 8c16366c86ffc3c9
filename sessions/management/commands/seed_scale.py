"""Fills an empty database, or a demo, with a clinic of size to measure on."""

import resource
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time
from time import monotonic
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.sites import Site
from patients.models import Patient
from sessions.demo.scale.place import NAME
from sessions.demo.scale.seed import Size, TooMuch, seed_scale

ZONE = ZoneInfo("Europe/Madrid")
MIDMORNING = time(11, 10)
KILO = 1024
TENTHS = 10


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


class Command(BaseCommand):
    """`manage.py seed_scale [--patients N] [--appointments N] [--years N] [--seed N] [--date YYYY-MM-DD]`."""

    help = "Make a clinic of size with invented patients, the same for a seed and a date, in bounded memory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--patients", type=_positive, default=100_000)
        parser.add_argument("--appointments", type=_positive, default=150_000)
        parser.add_argument("--years", type=_positive, default=3, help="a twelfth of them lies ahead")
        parser.add_argument("--seed", type=int, default=1, help="which clinic; each number gives another one")
        parser.add_argument("--date", type=date.fromisoformat, help="the day that is today, as YYYY-MM-DD")

    def handle(self, *args: object, **options: object) -> None:
        if not settings.DEMO and (User.objects.exists() or Patient.objects.exists()):
            raise CommandError("This clinic is in use, and no demo. Invented patients go into an empty database only.")
        if Site.objects.filter(name=NAME).exists():
            raise CommandError(f"The site {NAME} is there already. Begin again with an empty database.")
        day, names = options["date"], ("patients", "appointments", "years", "seed")
        size = Size(**{name: int(str(options[name])) for name in names})
        until = datetime.combine(day, MIDMORNING, ZONE) if isinstance(day, date) else clock.now()
        self._size, self._shown, started = size, -1, monotonic()
        quiet = not options["verbosity"]
        try:
            seed_scale(size, until=until, tell=self._tell if not quiet else lambda patients, appointments: None)
        except TooMuch as problem:
            raise CommandError(str(problem)) from problem
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KILO
        if quiet:
            return
        self.stdout.write(f"Made in {monotonic() - started:.0f} s, with at most {peak} MB of memory.")

    def _tell(self, patients: int, appointments: int) -> None:
        """One line that counts on a screen, and a line for each tenth in a file."""
        whole = self._size.patients + self._size.appointments
        tenth = (patients + appointments) * TENTHS // whole
        screen = self.stdout.isatty() and self.stdout._out is sys.stdout
        line = (
            f"{patients:,} of {self._size.patients:,} patients, "
            f"{appointments:,} of {self._size.appointments:,} appointments"
        )
        if screen:
            self.stdout.write(
                f"\r[{'#' * tenth}{'.' * (TENTHS - tenth)}] {line}", ending="\n" if tenth == TENTHS else ""
            )
            self.stdout.flush()
        elif tenth != self._shown:
            self.stdout.write(line)
        self._shown = tenth
