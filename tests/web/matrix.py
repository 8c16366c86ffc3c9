"""The declared matrix: who may call which address, by which method. A new address must be declared here first."""

from dataclasses import dataclass

DESK, NURSE, DOCTOR, DIRECTOR = "front_desk", "nurse", "dermatologist", "director"
EVERYBODY = frozenset({DESK, NURSE, DOCTOR, DIRECTOR})
CLINICAL = frozenset({NURSE, DOCTOR, DIRECTOR})
BOOKERS = frozenset({DESK, DOCTOR, DIRECTOR})
SENDERS = frozenset({DESK, DIRECTOR})
DOCTORS = frozenset({DOCTOR})
OVERRIDERS = frozenset({DOCTOR, DIRECTOR})
DIRECTORS = frozenset({DIRECTOR})
ASSESSORS = frozenset({DOCTOR, DIRECTOR})
PUBLIC = "public"
# Open to whoever holds a link, or one that was just used; for everybody else, staff too, there is nothing.
LINK, USED_LINK = "link", "used link"
# Opens with a token that nobody of the matrix holds: a link of another purpose opens nothing there.
UNHELD = "unheld"
# Opens with the token in the address, whoever brings it.
TOKEN = "token"
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Declared:
    """One address: its methods, and the roles that may call it; PUBLIC is open to all, ACCOUNT is allauth's own."""

    methods: frozenset[str]
    who: frozenset[str] | str


def get(who: frozenset[str] | str) -> Declared:
    """Read only."""
    return Declared(frozenset({"GET"}), who)


def page(who: frozenset[str] | str) -> Declared:
    """A page with a form."""
    return Declared(frozenset({"GET", "POST"}), who)


def post(who: frozenset[str] | str) -> Declared:
    """An action."""
    return Declared(frozenset({"POST"}), who)


MATRIX: dict[str, Declared] = {
    "mesoclinic:site_settings": get(DIRECTORS),
    "mesoclinic:add_site": page(DIRECTORS),
    "mesoclinic:edit_site": page(DIRECTORS),
    "mesoclinic:opening_hours": page(DIRECTORS),
    "mesoclinic:closures": page(DIRECTORS),
    "mesoclinic:remove_closure": post(DIRECTORS),
    "mesoclinic:add_holidays": post(DIRECTORS),
    "mesoclinic:add_room": page(DIRECTORS),
    "mesoclinic:edit_room": page(DIRECTORS),
    "mesoclinic:add_device": page(DIRECTORS),
    "mesoclinic:edit_device": page(DIRECTORS),
    "mesoclinic:add_visit_type": page(DIRECTORS),
    "mesoclinic:edit_visit_type": page(DIRECTORS),
    "mesoclinic:invite": page(DIRECTORS),
    "mesoclinic:person": page(DIRECTORS),
    "mesoclinic:working_hours": page(DIRECTORS),
    "mesoclinic:absence": page(DIRECTORS),
    "mesoclinic:remove_absence": post(DIRECTORS),
    "mesoclinic:close_account": post(DIRECTORS),
    "mesoclinic:open_account": post(DIRECTORS),
    "mesoclinic:send_password_link": post(DIRECTORS),
    "mesoclinic:set_theme": post(EVERYBODY),
    "mesoclinic:csp_report": post(PUBLIC),
    "mesoclinic:healthz": get(PUBLIC),
    "mesoclinic:readyz": get(PUBLIC),
    "account_login": page(ACCOUNT),
    "account_logout": page(ACCOUNT),
    "account_inactive": get(ACCOUNT),
    "account_reauthenticate": page(ACCOUNT),
    "account_change_password": page(ACCOUNT),
    "account_reset_password": page(ACCOUNT),
    "account_reset_password_done": get(ACCOUNT),
    "account_reset_password_from_key": page(ACCOUNT),
    "account_reset_password_from_key_done": get(ACCOUNT),
    "sessions:today": get(EVERYBODY),
    "sessions:finish_todo": post(EVERYBODY),
    "sessions:calendar": get(EVERYBODY),
    "sessions:calendar_address": page(EVERYBODY),
    "sessions:calendar_feed": get(UNHELD),
    "sessions:calendar_events": get(EVERYBODY),
    "sessions:calendar_version": get(EVERYBODY),
    "sessions:barred_times": get(BOOKERS),
    "sessions:board": get(EVERYBODY),
    "sessions:booking_state": post(EVERYBODY),
    "sessions:new_booking": page(BOOKERS),
    "sessions:booking": get(EVERYBODY),
    "sessions:absence": page(BOOKERS),
    "sessions:move_booking": page(BOOKERS),
    "sessions:cancel_booking": page(BOOKERS),
    "sessions:undo": post(BOOKERS),
    "sessions:book_series": page(BOOKERS),
    "sessions:series": get(EVERYBODY),
    "sessions:replan": page(BOOKERS),
    "sessions:end_course": page(BOOKERS),
    "sessions:treatment": page(CLINICAL),
    "sessions:preparation_sheet": post(CLINICAL),
    "sessions:patient": get(EVERYBODY),
    "sessions:adverse_events": get(CLINICAL),
    "sessions:adverse_event": get(CLINICAL),
    "sessions:assess_adverse_event": page(ASSESSORS),
    "sessions:follow_adverse_event": page(CLINICAL),
    "sessions:close_adverse_event": page(ASSESSORS),
    "sessions:reopen_adverse_event": page(ASSESSORS),
    "sessions:stop_course": page(ASSESSORS),
    "sessions:report_adverse_event": post(ASSESSORS),
    "sessions:patient_adverse_events": get(CLINICAL),
    "sessions:open_adverse_events": get(CLINICAL),
    "sessions:record_adverse_event": page(CLINICAL),
    "sessions:outcomes": get(CLINICAL),
    "sessions:record_baseline": page(DOCTORS),
    "sessions:record_assessment": page(DOCTORS),
    "sessions:correct_assessment": page(DOCTORS),
    "sessions:lot_recall": page(CLINICAL),
    "sessions:triage": page(EVERYBODY),
    "sessions:answered_call": get(EVERYBODY),
    "sessions:my_visit": page(UNHELD),
    "sessions:my_visit_move": page(UNHELD),
    "sessions:my_visit_cancel": page(UNHELD),
    "sessions:my_visit_done": get(UNHELD),
    "sessions:my_offer": page(UNHELD),
    "sessions:my_offer_done": get(UNHELD),
    "sessions:my_check_in": page(UNHELD),
    "sessions:my_check_in_answer": get(UNHELD),
    "sessions:messages": get(EVERYBODY),
    "sessions:message_paper": get(EVERYBODY),
    "sessions:send_message": post(SENDERS),
    "sessions:tell_message": post(SENDERS),
    "sessions:print_message": post(SENDERS),
    "sessions:settle_message": post(SENDERS),
    "patients:search": get(EVERYBODY),
    "patients:new": page(BOOKERS),
    "patients:link": post(BOOKERS),
    "patients:edit": page(BOOKERS),
    "sessions:waitlist": get(BOOKERS),
    "sessions:wait": page(BOOKERS),
    "sessions:stop_waiting": post(BOOKERS),
    "sessions:freed_time": get(BOOKERS),
    "sessions:offer_time": post(BOOKERS),
    "sessions:answer_offer": post(BOOKERS),
    "patients:duplicates": get(BOOKERS),
    "patients:merge_with": get(BOOKERS),
    "patients:ask_for_merge": post(BOOKERS),
    "patients:tell_apart": post(BOOKERS),
    "sessions:compare_records": get(BOOKERS),
    "sessions:merge_records": post(ASSESSORS),
    "sessions:merge": get(EVERYBODY),
    "sessions:undo_merge": post(ASSESSORS),
    "patients:consultations": get(DOCTORS),
    "patients:start_consultation": post(DOCTORS),
    "patients:consultation": page(DOCTORS),
    "patients:review_consultation": page(DOCTORS),
    "patients:consultation_addendum": post(DOCTORS),
    "patients:consultation_paper": get(DOCTORS),
    "patients:draft_plan": post(DOCTORS),
    "patients:plan": page(CLINICAL),
    "patients:revise_plan": post(DOCTORS),
    "patients:plan_summary": post(CLINICAL),
    "patients:sign_off": page(DIRECTORS),
    "patients:offer_consent": post(DOCTORS),
    "patients:consent": page(DOCTORS),
    "patients:withdraw_consent": page(EVERYBODY),
    "patients:document": get(EVERYBODY),
    "patients:override": page(OVERRIDERS),
    "patients:acknowledge": post(DOCTORS),
    "patients:correct_answer": page(DOCTORS),
    "patients:void_consultation": page(DOCTORS),
    "patients:attach_document": page(CLINICAL),
    "patients:set_attachment_aside": page(CLINICAL),
    "patients:photographs": get(CLINICAL),
    "patients:take_photographs": page(CLINICAL),
    "patients:compare_photographs": get(CLINICAL),
    "patients:set_photograph_aside": page(CLINICAL),
    "patients:photograph": get(CLINICAL),
    "patients:small_photograph": get(CLINICAL),
    "sessions:session_photographs": page(CLINICAL),
    "patients:intake_link": page(BOOKERS),
    "patients:intake_answers": page(DOCTORS),
    "patients:link_door": get(TOKEN),
    "patients:intake_start": page(LINK),
    "patients:intake_topic": page(LINK),
    "patients:intake_review": page(LINK),
    "patients:intake_sent": get(USED_LINK),
    "protocols:catalogue": get(EVERYBODY),
    "protocols:load_release": page(DIRECTORS),
    "protocols:release": get(EVERYBODY),
    "protocols:decide": page(DIRECTORS),
    "protocols:start_draft": page(DIRECTORS),
    "protocols:draft": get(DIRECTORS),
    "protocols:change_row": page(DIRECTORS),
    "protocols:take_back": post(DIRECTORS),
    "protocols:finish_draft": post(DIRECTORS),
    "protocols:discard_draft": post(DIRECTORS),
    "protocols:carry_over": page(DIRECTORS),
    "protocols:vignette_run": get(EVERYBODY),
    "sessions:run_vignettes": page(DIRECTORS),
    "sessions:touched_plans": get(DIRECTORS),
    "protocols:activate": post(DIRECTORS),
    "protocols:products": page(CLINICAL),
    "protocols:product": get(CLINICAL),
    "protocols:add_product": page(DIRECTORS),
    "protocols:edit_product": page(DIRECTORS),
    "protocols:retire_product": page(DIRECTORS),
    "protocols:delivery": page(CLINICAL),
    "protocols:delivery_template": get(CLINICAL),
    "protocols:lot": page(CLINICAL),
    "protocols:count_lot": post(CLINICAL),
    "protocols:open_vial": post(CLINICAL),
    "protocols:discard_vial": post(CLINICAL),
}
