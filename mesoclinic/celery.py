"""The queue: it only wakes workers; what is due is a row of the database, so losing the broker loses no work."""

import os
from datetime import timedelta
from time import monotonic

from celery import Celery
from celery.beat import PersistentScheduler
from celery.schedules import schedule
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")

# A killed worker's task comes back after this time: longer than any task may run.
VISIBILITY_SECONDS = 180
TASK_SECONDS = 120

# Task by name and seconds between two runs; a sweep finds what the broker may have lost.
EVERY = {
    "platform.heartbeat": 15.0,
    "outbox.sweep": 5.0,
    "grid.tidy": 3600.0,
    "intake.tidy": 3600.0,
}

app = Celery("mesoclinic")
app.conf.update(
    broker_url=settings.BROKER_URL,
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=TASK_SECONDS,
    task_soft_time_limit=TASK_SECONDS - 30,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1000,
    worker_max_memory_per_child=400_000,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # kombu looks for lost work only every hundredth second or so unless told.
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_throttle": 1,
        # Whoever books must not wait for a queue that is away: the sweep finds the message.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    },
    enable_utc=True,
    timezone="UTC",
    beat_scheduler="mesoclinic.celery:Scheduler",
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
    beat_max_loop_interval=5,
    beat_schedule={name: {"task": name, "schedule": seconds} for name, seconds in EVERY.items()},
)
app.config_from_object("django.conf:settings", namespace="CELERY")


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # celery ships no types
    """Celery's own scheduler, which also leaves a sign of life in the database."""

    _shown_at = float("-inf")

    def setup_schedule(self) -> None:
        """At a start every sweep runs at once: what fell due while nothing ran shall not wait."""
        super().setup_schedule()
        for entry in self.schedule.values():
            if type(entry.schedule) is schedule:
                entry.last_run_at -= timedelta(seconds=entry.schedule.seconds)

    def tick(self, *args: object, **kwargs: object) -> float:
        if monotonic() - self._shown_at >= EVERY["platform.heartbeat"]:
            self._show_life()
        return float(super().tick(*args, **kwargs))

    def _show_life(self) -> None:
        from django.db import DatabaseError, close_old_connections

        from mesoclinic import health

        close_old_connections()
        try:
            health.beat("beat")
            self._shown_at = monotonic()
        except DatabaseError:
            # The clock must go on while the database restarts; readyz says that it is away.
            self.logger.warning("No sign of life written: the database does not answer.")
