"""The first medical director, who then invites everybody else."""

import sys
from collections.abc import Callable
from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Field

from mesoclinic import audit
from mesoclinic.accounts import Role, User
from mesoclinic.actors import System
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic


class Command(BaseCommand):
    """`manage.py create_director`: asks for the first site and for its director."""

    help = "Create the first site and the first medical director of an empty clinic."

    def handle(self, *args: object, **options: object) -> None:
        if User.objects.exists():
            raise CommandError("The clinic has users already; its director invites more.")
        self.stdout.write("This clinic is empty. Its first site and its medical director:")
        try:
            site, director = self._site(), self._director()
            password = self._ask("Password: ", lambda word: validate_password(word, director), secret=True)
        except EOFError as problem:
            raise CommandError(
                "Nobody answered. In a terminal: .venv/bin/python manage.py create_director"
            ) from problem
        with atomic():
            site.save()
            director.set_password(password)
            director.save()
            director.sites.add(site)
            audit.record(System("set-up"), "user.created", director)
        self.stdout.write(f"{director.name} can sign in.")

    def _site(self) -> Site:
        return Site(
            name=self._answer("Name of the site: ", Site, "name"),
            time_zone=self._answer("Time zone, for example Europe/Istanbul: ", Site, "time_zone"),
            country=self._answer("Country as two letters, for its holidays: ", Site, "country").upper(),
            emergency_number=self._answer("Emergency number patients are given: ", Site, "emergency_number"),
        )

    def _director(self) -> User:
        email = self._answer("Director's e-mail: ", User, "email").lower()
        return User(email=email, name=self._answer("Director's name: ", User, "name"), roles=[Role.DIRECTOR.value])

    def _answer(self, question: str, model: type[Site] | type[User], field: str) -> str:
        """An answer that the named field takes."""
        found = model._meta.get_field(field)
        assert isinstance(found, Field)
        return self._ask(question, lambda text: found.clean(text, None))

    def _ask(self, question: str, check: Callable[[str], object], *, secret: bool = False) -> str:
        while True:
            text = getpass(question) if secret and sys.stdin.isatty() else input(question)
            try:
                check(text.strip())
            except ValidationError as problem:
                self.stderr.write(" ".join(problem.messages))
            else:
                return text.strip()
