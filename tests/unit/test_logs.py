"""A token that opens something by itself never reaches a log."""

import logging

import pytest

from mesoclinic.logs import NoTokens


@pytest.mark.parametrize("door", ["/l/{}/", "/feed/{}/visits.ics"])
def test_the_token_of_an_address_is_masked(door):
    secret = "Zk3-" + "x" * 39
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (door.format(secret),), None)
    assert NoTokens().filter(record)
    assert record.getMessage() == "Not Found: " + door.format("…")
