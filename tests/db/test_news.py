"""A higher floor hears a lower one inside the same transaction."""

import pytest

from mesoclinic import audit, news
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError
from mesoclinic.transactions import NoTransaction, atomic

HERE = "tests.db.test_news"


def first(*, patient_id: int) -> None:
    audit.record(System("first"), "first.heard", patient_id=patient_id)


def second(*, patient_id: int) -> None:
    audit.record(System("second"), "second.heard", patient_id=patient_id)


def refusing(**_: object) -> None:
    raise ClinicError("Not now.")


@pytest.fixture(autouse=True)
def table(monkeypatch):
    monkeypatch.setattr(news, "_listeners", {})


def test_listeners_are_called_in_order_in_the_open_transaction():
    news.listen("thing.changed", f"{HERE}.second")
    news.listen("thing.changed", f"{HERE}.first")
    news.listen("thing.changed", f"{HERE}.second")
    with atomic():
        news.announce("thing.changed", patient_id=4)
    assert list(AuditEvent.objects.values_list("action", "patient_id")) == [("second.heard", 4), ("first.heard", 4)]


def test_one_refusal_undoes_what_the_others_did():
    news.listen("thing.changed", f"{HERE}.first")
    news.listen("thing.changed", f"{HERE}.refusing")
    with pytest.raises(ClinicError, match="Not now"), atomic():
        news.announce("thing.changed", patient_id=4)
    assert not AuditEvent.objects.exists()


def test_news_without_a_transaction_is_an_error():
    with pytest.raises(NoTransaction):
        news.announce("thing.changed")


def test_news_that_nobody_hears_is_fine():
    with atomic():
        news.announce("thing.changed")


@pytest.mark.parametrize("path", ["no.such.module.service", f"{HERE}.no_such_service", "nonsense"])
def test_a_path_that_leads_nowhere_is_found_at_start(path):
    news.listen("thing.changed", path)
    (problem,) = news.check_listeners()
    assert path in problem.msg
    assert problem.is_serious()
