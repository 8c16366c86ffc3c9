"""Names and phones are found however they were typed."""

import pytest

from mesoclinic.search import digits, normalise


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("ÁLVAREZ", "álvarez"),
        ("Álvarez", "A\u0301lvarez"),
        ("Álvarez", "alvarez"),
        ("ışık", "ISIK"),
        ("İpek", "ipek"),
        ("IŞIL", "ışıl"),
        ("Straße", "STRASSE"),
        ("Muñoz  de\tla\u00a0Vega ", "munoz de la vega"),
        ("Łukasz Søren", "lukasz soren"),
        ("مُحَمَّد", "محمد"),
        ("ﬁona", "Fiona"),
    ],
)
def test_finds_a_name_in_whatever_form_it_was_typed(stored, asked):
    assert normalise(stored) == normalise(asked)


def test_keeps_different_names_apart():
    assert normalise("Ana Ruiz") != normalise("Anna Ruiz")


def test_is_stable_when_applied_twice():
    for name in ("İ", "ŉ", "ǰ", "ΐ", "ﬃ", "Å"):
        assert normalise(normalise(name)) == normalise(name)


@pytest.mark.parametrize("typed", ["+34 910-000 001", "0034 910 000 001", "٣٤٩١٠٠٠٠٠٠١", "34 (910) 000.001"])
def test_reads_a_phone_in_whatever_form_it_was_typed(typed):
    assert digits(typed) == "34910000001"
