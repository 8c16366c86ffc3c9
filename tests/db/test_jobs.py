"""The queue only wakes: its loss is no error, a wrong name is."""

from time import monotonic

import pytest
from celery import Celery
from django.db import connection

from mesoclinic import jobs, outbox
from mesoclinic.celery import app
from mesoclinic.clock import now
from mesoclinic.transactions import atomic


def test_an_unknown_name_fails_at_once():
    with pytest.raises(jobs.UnknownTask):
        jobs.enqueue("outbox.delivr", message_id=1)


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_is_logged_and_keeps_nobody_waiting(monkeypatch, caplog):
    away = Celery("away", broker="redis+socket:///nowhere", set_as_current=False)
    away.conf.broker_transport_options = app.conf.broker_transport_options
    monkeypatch.setattr(jobs, "app", away)
    began = monotonic()
    with atomic():
        message = outbox.put("note", key="note:1", subject="visit:1", due=now())
    assert monotonic() - began < 2
    assert connection.in_atomic_block is False
    assert [record.message.startswith("The queue did not take outbox.deliver") for record in caplog.records] == [True]
    assert outbox.Message.objects.filter(pk=message.pk, state=outbox.State.WAITING).exists()


def test_nothing_is_queued_before_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        jobs.enqueue("outbox.sweep")
    assert len(callbacks) == 1
