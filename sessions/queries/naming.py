"""What is taken and by whom, in words: rooms, people and devices have names here, other patients never do."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from mesoclinic.accounts import User
from mesoclinic.sites import Device, Room
from sessions.models import Booking, ResourceKind
from sessions.rules.free_time import Blocked


@dataclass(frozen=True, slots=True)
class Clash:
    """A resource that a booking has already."""

    kind: str
    id: int
    booking: Booking


def resource_name(kind: str, number: int) -> str:
    """The name of a room, a device or a member of staff; for a patient only that it is this patient."""
    if kind == ResourceKind.PATIENT:
        return _("this patient")
    model = {ResourceKind.ROOM: Room, ResourceKind.DEVICE: Device, ResourceKind.CLINICIAN: User}[ResourceKind(kind)]
    found = model.objects.filter(pk=number).first()  # type: ignore[attr-defined]
    return str(found) if found else ""


def clash_words(clash: Clash) -> str:
    """`Thu 10 Dec 14:30, Room 2, was booked by Zeynep Arı (Front desk). Nothing was booked.`"""
    local = clash.booking.starts_at.astimezone(clash.booking.site.zone)
    by = clash.booking.booked_by
    facts = {
        "when": f"{local:%a} {local.day} {local:%b} {local:%H:%M}",
        "what": resource_name(clash.kind, clash.id),
        "who": f"{by.name} ({by.role_names})",
    }
    if clash.booking.state == Booking.State.HELD:
        return _("%(when)s, %(what)s, is held by %(who)s. Nothing was booked.") % facts
    return _("%(when)s, %(what)s, was booked by %(who)s. Nothing was booked.") % facts


def blocked_words(reason: Blocked) -> str:
    """Why a visit does not fit, in words."""
    return {
        Blocked.CLOSED_DAY: _("The site is closed that day."),
        Blocked.CLOSED_HOUR: _("The visit does not fit into the opening hours."),
        Blocked.PAST: _("That time is over."),
        Blocked.ABSENT: _("The clinician is away that day."),
        Blocked.NOT_WORKING: _("No clinician works at this site at that time."),
        Blocked.CLINICIAN_TAKEN: _("The clinician has another visit then."),
        Blocked.ROOM_TAKEN: _("No room is free then."),
        Blocked.DEVICE_TAKEN: _("No device is free then."),
        Blocked.PATIENT_TAKEN: _("This patient has another visit then."),
    }[reason]
