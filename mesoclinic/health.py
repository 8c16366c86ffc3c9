"""Is the clinic's machinery alive, and is it ready to work: two pages for people and machines that watch it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from kombu import Connection
from kombu.exceptions import OperationalError

from mesoclinic import clock

# Beats come every 15 s; five may be missed before the part counts as dead.
BEAT_SECONDS = 15
STALE_AFTER = timedelta(seconds=5 * BEAT_SECONDS)
OVERDUE_AFTER = timedelta(minutes=15)
FINE = "ok"


class Heartbeat(models.Model):
    """When a part of the machinery last showed that it lives; by the machine's clock, which no demo moves."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "mesoclinic"

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"


def beat(name: str) -> None:
    """Records that the named part lives."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def is_alive(name: str) -> bool:
    """Whether the named part has shown a sign of life lately."""
    return Heartbeat.objects.filter(name=name, at__gte=timezone.now() - STALE_AFTER).exists()


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"alive": True})


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether the clinic can work, and what is in the way."""
    parts = state()
    ready = all(part == FINE for part in parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def state() -> dict[str, str]:
    """Every part that the clinic's work needs, `ok` or its trouble in words without patient data."""
    return {name: check() for name, check in CHECKS.items()}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "no answer"
    return FINE


def _broker() -> str:
    try:
        with Connection(settings.BROKER_URL, connect_timeout=3) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except (OperationalError, OSError):
        return "no answer"
    return FINE


def _heartbeat(name: str) -> str:
    try:
        last = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    except DatabaseError:
        return "unknown"
    if last is None:
        return "never seen"
    age = timezone.now() - last
    return FINE if age <= STALE_AFTER else f"silent for {int(age.total_seconds())} s"


def _outbox() -> str:
    from mesoclinic import outbox

    try:
        oldest: datetime | None = outbox.oldest_due()
    except DatabaseError:
        return "unknown"
    late = clock.now() - oldest if oldest else timedelta()
    return FINE if late <= OVERDUE_AFTER else f"oldest message overdue for {int(late.total_seconds())} s"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "beat": lambda: _heartbeat("beat"),
    "worker": lambda: _heartbeat("worker"),
    "outbox": _outbox,
}
