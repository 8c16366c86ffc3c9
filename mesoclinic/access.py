"""Who may do what. One table from role to capability; whatever is not granted is denied."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from mesoclinic import audit
from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor, PatientByLink, System
from mesoclinic.errors import NotAllowed
from mesoclinic.transactions import atomic


class Can(StrEnum):
    """Capabilities, named after what they let somebody do."""

    USE_CLINIC = "use_clinic"
    VIEW_PATIENT = "view_patient"
    REGISTER_PATIENT = "register_patient"
    MERGE_PATIENTS = "merge_patients"
    VIEW_CLINICAL = "view_clinical"
    WRITE_CONSULTATION = "write_consultation"
    OVERRIDE_FINDING = "override_finding"
    SIGN_PLAN = "sign_plan"
    VIEW_SCHEDULE = "view_schedule"
    BOOK = "book"
    TAKE_CONSENT = "take_consent"
    PREPARE_TREATMENT = "prepare_treatment"
    INJECT = "inject"
    TRIAGE = "triage"
    RECORD_ADVERSE_EVENT = "record_adverse_event"
    ASSESS_ADVERSE_EVENT = "assess_adverse_event"
    SETTLE_SENTINEL_EVENT = "settle_sentinel_event"
    RECORD_ASSESSMENT = "record_assessment"
    VIEW_MESSAGES = "view_messages"
    SEND_MESSAGES = "send_messages"
    VIEW_DOCUMENTS = "view_documents"
    ATTACH_DOCUMENT = "attach_document"
    TAKE_PHOTOGRAPH = "take_photograph"
    VIEW_CATALOGUE = "view_catalogue"
    APPROVE_CATALOGUE = "approve_catalogue"
    WRITE_CLINIC_RELEASE = "write_clinic_release"
    DECIDE_SIGN_OFF = "decide_sign_off"
    MANAGE_STOCK = "manage_stock"
    MANAGE_SITE = "manage_site"
    VIEW_HEALTH = "view_health"
    ANSWER_INTAKE = "answer_intake"
    CHANGE_OWN_VISIT = "change_own_visit"
    ANSWER_CHECK_IN = "answer_check_in"


_EVERYBODY = {Can.USE_CLINIC, Can.VIEW_PATIENT, Can.VIEW_SCHEDULE, Can.VIEW_CATALOGUE, Can.TRIAGE}
_DESK = {Can.REGISTER_PATIENT, Can.BOOK, Can.VIEW_MESSAGES, Can.SEND_MESSAGES, Can.VIEW_DOCUMENTS}
_ROOM = {Can.VIEW_CLINICAL, Can.PREPARE_TREATMENT, Can.MANAGE_STOCK, Can.VIEW_MESSAGES}
_ROOM |= {Can.VIEW_DOCUMENTS, Can.ATTACH_DOCUMENT, Can.TAKE_PHOTOGRAPH, Can.RECORD_ADVERSE_EVENT}
_DOCTOR = {Can.WRITE_CONSULTATION, Can.OVERRIDE_FINDING, Can.SIGN_PLAN, Can.TAKE_CONSENT, Can.INJECT}
_DOCTOR |= {Can.RECORD_ASSESSMENT}
_PATIENT = {Can.ANSWER_INTAKE, Can.CHANGE_OWN_VISIT, Can.ANSWER_CHECK_IN}

GRANTS: dict[str, frozenset[Can]] = {
    Role.FRONT_DESK: frozenset(_EVERYBODY | _DESK),
    Role.NURSE: frozenset(_EVERYBODY | _ROOM),
    Role.DERMATOLOGIST: frozenset(
        _EVERYBODY | _ROOM | _DOCTOR | {Can.REGISTER_PATIENT, Can.MERGE_PATIENTS, Can.BOOK, Can.ASSESS_ADVERSE_EVENT}
    ),
    Role.DIRECTOR: frozenset(set(Can) - _DOCTOR - _PATIENT | {Can.OVERRIDE_FINDING}),
}
LINK_GRANTS: dict[str, frozenset[Can]] = {
    "consent": frozenset({Can.TAKE_CONSENT}),
    "intake": frozenset({Can.ANSWER_INTAKE}),
    "visit": frozenset({Can.CHANGE_OWN_VISIT}),
    "offer": frozenset({Can.CHANGE_OWN_VISIT}),
    "check_in": frozenset({Can.ANSWER_CHECK_IN}),
}


def may(actor: Actor, can: Can) -> bool:
    """Whether the actor has the capability; a deactivated user has none."""
    if isinstance(actor, System):
        return True
    if isinstance(actor, PatientByLink):
        return can in LINK_GRANTS.get(actor.purpose, frozenset())
    if isinstance(actor, User) and actor.is_active:
        return any(can in GRANTS.get(role, frozenset()) for role in actor.roles)
    return False


def require(actor: Actor, can: Can) -> None:
    """Raise NotAllowed, and log the attempt, unless the actor has the capability."""
    if not may(actor, can):
        audit.denied(actor, can)
        raise NotAllowed(f"Your role does not include “{can.replace('_', ' ')}”. The medical director can grant it.")


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in."""

    actor: User
    htmx: HtmxDetails


P = ParamSpec("P")


def needs(can: Can) -> Callable[[Callable[Concatenate[StaffRequest, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Guard a view by a capability and label it, so that the matrix of routes can be enumerated."""

    def guard(view: Callable[Concatenate[StaffRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require(request.actor, can)
            return view(request, *args, **kwargs)

        guarded.capability = can  # type: ignore[attr-defined]
        return guarded

    return guard


def disclose(actor: Actor, purpose: str, patient_ids: Iterable[int]) -> None:
    """The one door for reads: log that these patients' data are shown to the actor, once for each patient."""
    with atomic():
        audit.record_each(actor, "patient.disclosed", patient_ids=sorted(set(patient_ids)), reason=purpose)
