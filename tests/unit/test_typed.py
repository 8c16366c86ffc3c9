"""What people type: dates, names and hours."""

from datetime import date, time

import pytest

from mesoclinic.typed import clean_name, hours_text, parse_date, parse_day_and_month, parse_hours


@pytest.mark.parametrize(
    "text",
    [
        "26.11.1990",
        "26/11/1990",
        "1990-11-26",
        "26 11 1990",
        "26 nov 1990",
        "26 Kasım 1990",
        "26 noviembre 1990",
        "٢٦/١١/١٩٩٠",
    ],
)
def test_reads_a_date_in_every_accepted_form(text):
    assert parse_date(text) == date(1990, 11, 26)


@pytest.mark.parametrize(
    "text", ["", "31.02.1990", "26 nov", "26.11.90", "9" * 5000, "a b c", "0.0.0000", "26 xyz 1990"]
)
def test_reads_no_date_out_of_other_text(text):
    assert parse_date(text) is None


@pytest.mark.parametrize("text", ["26 nov", "26.11.", "26/11"])
def test_reads_a_day_without_its_year(text):
    assert parse_day_and_month(text) == (26, 11)


def test_a_name_becomes_one_line_in_composed_letters():
    assert clean_name("  Agu\u0308l\r\nBcc: a@b.c ") == "Agül Bcc: a@b.c"


@pytest.mark.parametrize("text", ["a\x07b", "a\u202eb", "a" * 201])
def test_refuses_names_that_cannot_be_shown_truly(text):
    with pytest.raises(ValueError, match=r"control|long"):
        clean_name(text)


@pytest.mark.parametrize("text", ["9-13, 15:00–19:30", "15.00-19.30; 09:00 – 13:00", "09:00 to 13:00,15:00—19:30,"])
def test_reads_the_hours_of_a_day_in_order(text):
    found = parse_hours(text)
    assert found == ((time(9), time(13)), (time(15), time(19, 30)))
    assert parse_hours(hours_text(found)) == found


@pytest.mark.parametrize(
    "text",
    ["9", "13-9", "9-9", "9-13, 12-14", "9-13, 13-14", "9:02-13", "24-25", "25:61-26", "-1-3", "9-13-15", "9" * 80],
)
def test_reads_no_hours_out_of_other_text(text):
    with pytest.raises(ValueError, match=r"."):
        parse_hours(text)


def test_nothing_is_a_day_off():
    assert parse_hours(" ") == ()
