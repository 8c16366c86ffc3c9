"""Who may do what, declared a second time: whoever changes a grant must change it here too, and say why."""

import pytest

from mesoclinic import access
from mesoclinic.access import Can
from mesoclinic.accounts import Role
from mesoclinic.actors import PatientByLink, System
from mesoclinic.errors import NotAllowed
from tests.builders import clinic

DESK, NURSE, DOCTOR, DIRECTOR = Role.FRONT_DESK, Role.NURSE, Role.DERMATOLOGIST, Role.DIRECTOR
ALL = {DESK, NURSE, DOCTOR, DIRECTOR}
DECLARED: dict[Can, set[Role]] = {
    Can.USE_CLINIC: ALL,
    Can.VIEW_PATIENT: ALL,
    Can.REGISTER_PATIENT: {DESK, DOCTOR, DIRECTOR},
    # It joins what is known of safety, so who may not read that asks somebody who may.
    Can.MERGE_PATIENTS: {DOCTOR, DIRECTOR},
    Can.VIEW_CLINICAL: {NURSE, DOCTOR, DIRECTOR},
    Can.WRITE_CONSULTATION: {DOCTOR},
    Can.OVERRIDE_FINDING: {DOCTOR, DIRECTOR},
    Can.SIGN_PLAN: {DOCTOR},
    Can.VIEW_SCHEDULE: ALL,
    Can.BOOK: {DESK, DOCTOR, DIRECTOR},
    Can.TAKE_CONSENT: {DOCTOR},
    Can.PREPARE_TREATMENT: {NURSE, DOCTOR, DIRECTOR},
    Can.INJECT: {DOCTOR},
    Can.TRIAGE: ALL,
    Can.RECORD_ADVERSE_EVENT: {NURSE, DOCTOR, DIRECTOR},
    Can.ASSESS_ADVERSE_EVENT: {DOCTOR, DIRECTOR},
    Can.SETTLE_SENTINEL_EVENT: {DIRECTOR},
    Can.RECORD_ASSESSMENT: {DOCTOR},
    Can.VIEW_MESSAGES: ALL,
    Can.SEND_MESSAGES: {DESK, DIRECTOR},
    Can.VIEW_DOCUMENTS: ALL,
    Can.ATTACH_DOCUMENT: {NURSE, DOCTOR, DIRECTOR},
    Can.TAKE_PHOTOGRAPH: {NURSE, DOCTOR, DIRECTOR},
    Can.VIEW_CATALOGUE: ALL,
    Can.APPROVE_CATALOGUE: {DIRECTOR},
    Can.WRITE_CLINIC_RELEASE: {DIRECTOR},
    Can.DECIDE_SIGN_OFF: {DIRECTOR},
    Can.MANAGE_STOCK: {NURSE, DOCTOR, DIRECTOR},
    Can.MANAGE_SITE: {DIRECTOR},
    Can.VIEW_HEALTH: {DIRECTOR},
    Can.ANSWER_INTAKE: set(),
    Can.CHANGE_OWN_VISIT: set(),
    Can.ANSWER_CHECK_IN: set(),
}
# A patient who holds a link may do this and nothing else.
BY_LINK = {
    "consent": {Can.TAKE_CONSENT},
    "intake": {Can.ANSWER_INTAKE},
    "visit": {Can.CHANGE_OWN_VISIT},
    "offer": {Can.CHANGE_OWN_VISIT},
    "check_in": {Can.ANSWER_CHECK_IN},
}
GRANTED = [(role, can) for can, roles in DECLARED.items() for role in Role if role in roles]
REFUSED = [(role, can) for can, roles in DECLARED.items() for role in Role if role not in roles]


def test_every_role_and_every_capability_is_declared():
    assert set(DECLARED) == set(Can)
    assert set(access.GRANTS) == set(Role) == ALL
    assert set(access.LINK_GRANTS) == set(BY_LINK)


@pytest.mark.parametrize(("role", "can"), GRANTED)
def test_a_role_gets_in(role, can):
    access.require(clinic.staff(role), can)


@pytest.mark.parametrize(("role", "can"), REFUSED)
def test_another_role_is_refused(role, can):
    with pytest.raises(NotAllowed):
        access.require(clinic.staff(role), can)


@pytest.mark.parametrize("can", Can)
@pytest.mark.parametrize("purpose", [*BY_LINK, "another"])
def test_a_link_opens_what_it_was_made_for(purpose, can):
    holder = PatientByLink(1, 1, purpose)
    assert access.may(holder, can) is (can in BY_LINK.get(purpose, set()))


@pytest.mark.parametrize("can", Can)
def test_who_has_left_may_nothing_and_the_system_everything(can):
    assert not access.may(clinic.staff(*Role, is_active=False), can)
    assert access.may(System("test"), can)


def test_several_roles_add_up():
    both = clinic.staff(DESK, NURSE)
    assert {can for can in Can if access.may(both, can)} == access.GRANTS[DESK] | access.GRANTS[NURSE]
