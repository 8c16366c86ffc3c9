"""Staff: people with an e-mail address, one or more roles, and the sites they work at."""

from typing import ClassVar

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.sites import Site


class Role(models.TextChoices):
    """What somebody does in the clinic; one person may do several."""

    FRONT_DESK = "front_desk", _("Front desk")
    NURSE = "nurse", _("Nurse")
    DERMATOLOGIST = "dermatologist", _("Dermatologist")
    DIRECTOR = "director", _("Medical director")


class UserManager(BaseUserManager["User"]):
    """Makes users; the e-mail address is the name they sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """One member of staff."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    roles = models.JSONField(default=list)
    sites = models.ManyToManyField(Site, related_name="staff", blank=True)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=8, default="en")
    theme = models.CharField(max_length=8, default="light", choices=[("light", "light"), ("dark", "dark")])
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        app_label = "mesoclinic"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        return "user"

    @property
    def actor_id(self) -> int:
        return int(self.pk)

    @property
    def actor_name(self) -> str:
        return self.name

    @property
    def is_staff(self) -> bool:
        """Nobody enters Django's own admin: it is not installed."""
        return False

    @property
    def role_names(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.roles)


class ClinicArgon2(Argon2PasswordHasher):
    """OWASP's Argon2id setting: 46 MiB and one lane, so that many sign-ins at once do not exhaust a small server."""

    time_cost = 1
    memory_cost = 47104
    parallelism = 1
