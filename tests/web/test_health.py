"""Health pages: what is asked, and that trouble is said by status and in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mesoclinic import clock, health, outbox
from tests import services


@pytest.fixture
def broker(settings):
    with services.redis() as url:
        settings.BROKER_URL = url
        yield url


@pytest.fixture
def heartbeats():
    health.beat("beat")
    health.beat("worker")


def test_the_process_is_alive_without_any_server(client):
    assert client.get("/healthz").json() == {"alive": True}


@pytest.mark.usefixtures("broker", "heartbeats")
def test_ready_when_every_part_answers(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


@pytest.mark.usefixtures("heartbeats")
def test_not_ready_without_the_broker(client, settings, tmp_path):
    settings.BROKER_URL = f"redis+socket://{tmp_path}/none"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "no answer")


@pytest.mark.usefixtures("broker", "heartbeats")
@pytest.mark.parametrize("name", ["beat", "worker"])
def test_not_ready_when_a_part_is_silent(client, name):
    health.Heartbeat.objects.filter(name=name).update(at=timezone.now() - health.STALE_AFTER - timedelta(seconds=1))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()[name].startswith("silent for")


@pytest.mark.usefixtures("broker")
def test_not_ready_when_a_part_was_never_seen(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "never seen")


@pytest.mark.usefixtures("broker", "heartbeats")
def test_not_ready_when_mail_is_overdue(client):
    late = clock.now() - health.OVERDUE_AFTER - timedelta(minutes=1)
    outbox.put("aftercare", key="k", subject="session:1", due=late)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["outbox"].startswith("oldest message overdue for")


@pytest.mark.parametrize("page", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client, page):
    assert client.post(page).status_code == 405
