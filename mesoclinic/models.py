"""All models of the platform, so that Django finds them; each lives in the module that owns it."""

from mesoclinic.accounts import User
from mesoclinic.audit import AuditEvent, AuditHead
from mesoclinic.documents import Document
from mesoclinic.health import Heartbeat
from mesoclinic.once import OnceKey
from mesoclinic.outbox import Message
from mesoclinic.sites import Absence, Closure, Device, OpeningHours, Room, Site, StaffHours, VisitType

__all__ = [
    "Absence",
    "AuditEvent",
    "AuditHead",
    "Closure",
    "Device",
    "Document",
    "Heartbeat",
    "Message",
    "OnceKey",
    "OpeningHours",
    "Room",
    "Site",
    "StaffHours",
    "User",
    "VisitType",
]
