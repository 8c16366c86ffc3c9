"""Rooms, devices and visit types of a site; what was used once is taken out of use, never deleted."""

from django.utils.translation import gettext as _

from mesoclinic import audit
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.edits import changed_fields, unique
from mesoclinic.settings_pages import queries
from mesoclinic.settings_pages.queries import Thing
from mesoclinic.transactions import atomic


def add_thing(actor: User, *, model: type[Thing], site_id: int, **facts: object) -> Thing:
    """Add a room, a device or a visit type to a site of the actor."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        site = queries.site_for(actor, site_id)
        with unique(_("This site has one of this name already."), "name"):
            thing: Thing = model.objects.create(site=site, **facts)
        audit.record(actor, f"{model._meta.model_name}.added", thing)
    return thing


def update_thing(actor: User, *, model: type[Thing], thing_id: int, version: int, **facts: object) -> Thing:
    """Change a room, a device or a visit type, or take it out of use; raises StaleRecord."""
    require(actor, Can.MANAGE_SITE)
    with atomic():
        model.objects.select_for_update().filter(pk=thing_id).first()
        thing: Thing = queries.thing_for(actor, model, thing_id)
        changed = changed_fields(queries.thing_facts(thing), version, facts)
        with unique(_("This site has one of this name already."), "name"):
            model.objects.filter(pk=thing.pk).update(**facts)
        audit.record(actor, f"{model._meta.model_name}.changed", thing, changed=changed)
    thing.refresh_from_db()
    return thing
