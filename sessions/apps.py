"""The app of events. Its label is its own: Django's sessions app owns `sessions`."""

from importlib import import_module

from django.apps import AppConfig

HEARD = (
    ("series.booked", "sessions.services.reminders.plan_for_series"),
    ("booking.made", "sessions.services.reminders.plan_for_booking"),
    ("booking.moved", "sessions.services.reminders.follow_booking"),
    ("booking.cancelled", "sessions.services.reminders.follow_booking"),
    ("booking.no_show", "sessions.services.reminders.follow_booking"),
    ("bookings.undone", "sessions.services.reminders.follow_undone"),
    ("bookings.changed", "sessions.services.telling.tell"),
    ("bookings.changed", "sessions.services.own_visits.follow_change"),
    ("bookings.changed", "sessions.services.follow_ups.follow_change_of_course"),
    ("booking.no_show", "sessions.services.follow_ups.follow_missed"),
    ("assessments.judged", "sessions.services.follow_ups.follow_assessments"),
    ("treatment.signed", "sessions.services.reminders.plan_after_treatment"),
    ("treatment.voided", "sessions.services.reminders.stop_after_treatment"),
    ("patient.facts_changed", "sessions.services.facts.recheck_open_plans"),
    ("finding.overridden", "sessions.services.facts.recheck_after_override"),
    ("release.activated", "sessions.services.facts.recheck_every_open_plan"),
    ("lot.withheld", "sessions.services.facts.flag_prepared"),
    ("consent.signed", "sessions.services.follow_ups.plan_renewal"),
    ("consent.withdrawn", "sessions.services.endings.end_after_withdrawal"),
    ("consent.withdrawn", "sessions.services.follow_ups.stop_with_consent"),
    ("patient.merging", "sessions.services.merging.wait_for_treatments"),
    ("patient.merged", "sessions.services.merging.follow_merge"),
    ("patient.unmerging", "sessions.services.merging.refuse_what_rests_on_it"),
    ("patient.unmerged", "sessions.services.merging.go_back"),
    ("message.settled", "patients.services.notices.follow_message"),
)
# What an adverse event is now follows its entries; what was reported stays as it was.
EVENT_MAY_CHANGE = (
    "code",
    "grade",
    "worst_grade",
    "causality",
    "seriousness",
    "action",
    "outcome",
    "state",
    "resolved_at",
    "version",
)


class ClinicSessionsConfig(AppConfig):
    """Series, bookings, treatments, aftercare and outcomes."""

    name = "sessions"
    label = "clinic_sessions"

    def ready(self) -> None:
        from mesoclinic import guards, news

        for table in ("lotuse", "checklistentry", "adverseevententry", "triage", "windowoverride"):
            guards.insert_only(f"clinic_sessions_{table}")
        for table in ("assessmentrecord", "outcome"):
            guards.insert_only(f"clinic_sessions_{table}")
        guards.insert_only("clinic_sessions_injection", may_change=("taken_out_at",))
        guards.insert_only("clinic_sessions_adverseevent", may_change=EVENT_MAY_CHANGE)
        guards.frozen_when("clinic_sessions_treatmentrecord", "state", ("signed", "voided"), may_change=("state",))
        for event, service in HEARD:
            news.listen(event, service)
        # The web process writes letters, too; a worker would find their writers by itself.
        import_module("sessions.documents")
