"""Days on which somebody is away, as the settings and the desk record them."""

from datetime import date

from mesoclinic import audit
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.sites import Absence


def keep_absence(actor: Actor, user: User, *, first_on: date, last_on: date, reason: str) -> Absence:
    """Somebody is away from the first day to the last; saying so twice is once. Wants an open transaction."""
    absence, new = Absence.objects.get_or_create(
        user=user, first_on=first_on, last_on=last_on, defaults={"reason": reason}
    )
    if new:
        audit.record(actor, "user.absence_added", user, reason=f"{first_on} to {last_on}")
    return absence
