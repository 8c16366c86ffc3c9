"""Work that no other row's state shows is ticked off by whoever did it."""

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.transactions import atomic
from patients.models import Todo
from patients.queries.todos import todo_for


def finish_todo(actor: User, *, todo_id: int) -> Todo:
    """It is done, once; who ticked it off stands in the audit log."""
    access.require(actor, Can.USE_CLINIC)
    with atomic():
        todo = todo_for(actor, todo_id)
        if todo.done_at is None:
            todo.done_at = clock.now()
            todo.save(update_fields=["done_at"])
            audit.record(actor, "todo.done", todo, patient_id=todo.patient_id, changed=["done_at"])
    return todo
