"""Expected refusals. Anything else that is raised is a bug and stays a 500."""

from collections.abc import Sequence

from mesoclinic.rules.finding import Finding


class ClinicError(Exception):
    """A refusal in plain words, shown beside `field` (empty: above the form)."""

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotAllowed(ClinicError):
    """The actor lacks the capability."""

    status = 403


class OutOfScope(ClinicError):
    """The object is not within the actor's sites; it answers like an absent one."""

    status = 404


class Conflict(ClinicError):
    """Somebody was first."""

    status = 409


class StaleRecord(Conflict):
    """The record was changed by another since it was read."""


class Taken(Conflict):
    """A resource is already booked at that time; `alternatives` are legal times instead."""

    def __init__(self, message: str, alternatives: Sequence[object] = (), field: str = "") -> None:
        super().__init__(message, field)
        self.alternatives = alternatives


class RuleBroken(ClinicError):
    """Clinical rules refuse it; each finding says why."""

    def __init__(self, message: str, findings: Sequence[Finding] = (), field: str = "") -> None:
        super().__init__(message, field)
        self.findings = findings
