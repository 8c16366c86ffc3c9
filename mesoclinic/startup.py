"""With what the clinic refuses to start: it would be open to whoever knows the demo or guesses a key (H11)."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mesoclinic.accounts import User
from mesoclinic.demo import DEMO_LOGINS

SHORTEST_KEY = 64


@register("startup", deploy=True)
def check_startup(**_: object) -> list[CheckMessage]:
    """Nothing of a demo or of a developer is left when real patients come; run by `manage.py prepare`."""
    return [] if settings.DEMO else [*_problems()]


def _problems() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error("DEBUG is on.", hint="Set DEBUG=0: error pages would show patients.", id="mesoclinic.E401")
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts of the clinic: links in mails could be forged."
        yield Error("ALLOWED_HOSTS has a wildcard.", hint=hint, id="mesoclinic.E402")
    for name in ("SECRET_KEY", "AUDIT_KEY"):
        if len(getattr(settings, name)) < SHORTEST_KEY:
            hint = f"Use at least {SHORTEST_KEY} random characters, or leave it empty: one is made and kept."
            yield Error(f"{name} is too short.", hint=hint, id="mesoclinic.E403")
    if User.objects.filter(email__in=DEMO_LOGINS, is_active=True).exists():
        hint = "Use another MESOCLINIC_VAR or DATABASE_URL, or start with DEMO=1."
        yield Error("This database holds the demo clinic, whose passwords are known.", hint=hint, id="mesoclinic.E404")
