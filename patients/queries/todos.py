"""Work that no other row's state shows, for those who can do it."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from mesoclinic.errors import OutOfScope
from patients.models import Todo
from patients.queries.people import reached


def todos_for(actor: User) -> QuerySet[Todo]:
    """What is asked of the actor, of one of their roles or of anybody at their sites, done or not.

    The director has what was asked of people who have left.
    """
    asked = Q(user=actor) | Q(user__isnull=True, role__in=["", *actor.roles])
    if Role.DIRECTOR in actor.roles:
        asked |= Q(user__is_active=False)
    in_scope = Q(patient__isnull=True) | reached(actor)
    found = Todo.objects.filter(asked, in_scope, site__in=actor.sites.all())
    return found.select_related("patient", "site").order_by("pk")


def todo_for(actor: User, todo_id: int) -> Todo:
    """One of them; raises OutOfScope alike for another's and for none at all."""
    todo = todos_for(actor).filter(pk=todo_id).first()
    if todo is None:
        raise OutOfScope(_("There is no such thing to do for you."))
    return todo
