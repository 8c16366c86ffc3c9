"""Codes as scanners type them, to the letter of the GS1 General Specifications."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.rules.gs1 import SEPARATOR, Scan, parse_expiry, parse_gtin, parse_scan

TODAY = date(2026, 11, 26)
GTIN = "09506000134352"
WHOLE = Scan(GTIN, "ABC123", date(2027, 10, 31))
LETTERS = """!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"""
TEXTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ-/.", min_size=1, max_size=20)
DAYS = st.dates(date(1977, 1, 1), date(2076, 12, 31))


def checked(body):
    """A number of fourteen digits with its check digit, worked out another way than the parser does."""
    odd, even = sum(map(int, body[0::2])), sum(map(int, body[1::2]))
    return body + str(-(odd * 3 + even) % 10)


GTINS = st.integers(1, 10**13 - 1).map(lambda number: checked(f"{number:013d}"))


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}1727103110ABC123",
        f"]d201{GTIN}1727103110ABC123",
        f"]Q3\x1d01{GTIN}10ABC123\x1d17271031",
        f"\x1d01{GTIN}1727103110ABC123\x1d",
        f"01{GTIN}10ABC123\x1d17271031",
        f"01{GTIN}10ABC123␝17271031",
        f"01{GTIN}10ABC123<GS>17271031",
        f"01{GTIN}10ABC123{{gs}}17271031",
        f"01{GTIN}10ABC123^]17271031",
        f"01{GTIN}1727100010ABC123",
        f"  (01){GTIN}(17)271031(10)ABC123\r\n",
        f"(17) 271031 (10) ABC123 (01) {GTIN}",
        f"(01){GTIN}(17)271031(10)ABC123(240)whatever(91)ours",
        f"(01){GTIN}\x1d(17)271031\x1d(10)ABC123\x1d",
        f"01{GTIN}1124010115261231172710312001310200010010ABC123",
        f"01{GTIN}17271031240REF\x1d7030X\x1d10ABC123",
        f"https://id.gs1.org/01/{GTIN}/10/ABC123?17=271031&linkType=all",
        f"HTTP://example.com/some/01/{GTIN}/10/ABC123?17=271031",
    ],
)
def test_reads_the_same_out_of_every_spelling(text):
    assert parse_scan(text, today=TODAY) == WHOLE


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"(01){GTIN}", Scan(GTIN)),
        (f"https://id.gs1.org/01/{GTIN}/10", Scan(GTIN)),
        ("5901234123457", Scan("05901234123457")),
        ("96385074\r\n", Scan("00000096385074")),
        ("(10)A(1)B", Scan(lot="A(1)B")),
        ("(10)XAX", Scan(lot="XAX")),
        ("10ABX", Scan(lot="ABX")),
        ("(17)280200", Scan(expires_on=date(2028, 2, 29))),
        ("(17)270200", Scan(expires_on=date(2027, 2, 28))),
        ("(10)A(21)0042(30)5", Scan(lot="A", serial="0042", count=5)),
        ("10A\x1d210042\x1d3010", Scan(lot="A", serial="0042", count=10)),
        ("10A\x1d37012", Scan(lot="A", count=12)),
        ("(10)A(30)5(37)5", Scan(lot="A", count=5)),
        ("(10)A(10)A", Scan(lot="A")),
        (f"(10){'x' * 20}", Scan(lot="x" * 20)),
    ],
)
def test_reads_what_is_there(text, wanted):
    assert parse_scan(text, today=TODAY) == wanted


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" \x1d\x1d ", "empty"),
        ("5901234123458", "no_code"),
        ("hello", "no_code"),
        ("(99)ours", "no_code"),
        ("(x)", "no_code"),
        ("(01)", "check_digit"),
        ("https://clinic.example/", "no_code"),
        ("https://[", "no_code"),
        ("(01)09506000134353", "check_digit"),
        ("(01)0950600013435", "check_digit"),
        ("(01)٠٩٥٠٦٠٠٠١٣٤٣٥٢", "check_digit"),
        ("(17)271301", "date"),
        ("(17)270230", "date"),
        ("(17)2710", "date"),
        ("(17)٢٧١٠٣١", "date"),
        ("(10)" + "x" * 21, "text"),
        ("(10)ä", "text"),
        ("(10)", "text"),
        ("(10)A(21)a b", "text"),
        ("(10)A(30)x", "count"),
        ("(10)A(30)123456789", "count"),
        ("(10)A(30)5(37)6", "count"),
        ("(10)A(10)B", "twice"),
        ("10A B", "text"),
        ("10A]d2B", "text"),
        (f"]d2]d201{GTIN}", "no_code"),
        ("(17)271031(17)271130", "twice"),
        (f"01{GTIN}10ABC12317271031", "separator"),
        (f"01{GTIN}10ABCDEFGHIJKL12317271031", "separator"),
    ],
)
def test_names_what_is_wrong_and_gives_nothing_of_it(text, problem):
    assert parse_scan(text, today=TODAY) == Scan(problem=problem)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("96385074", "00000096385074"),
        ("012345678905", "00012345678905"),
        ("4006381333931", "04006381333931"),
        (" 09506000134352 ", GTIN),
        ("4006381333932", ""),
        ("400638133393", ""),
        ("00000000000000", ""),
        ("4006381333931x", ""),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", ""),
        ("", ""),
    ],
)
def test_a_number_of_a_trade_item_has_a_length_and_a_check_digit(text, wanted):
    assert parse_gtin(text) == wanted


@pytest.mark.parametrize(
    ("today", "text", "wanted"),
    [
        (TODAY, "760101", date(2076, 1, 1)),
        (TODAY, "770101", date(1977, 1, 1)),
        (date(2080, 5, 5), "300101", date(2130, 1, 1)),
        (date(2080, 5, 5), "310101", date(2031, 1, 1)),
        (TODAY, "271000", date(2027, 10, 31)),
        (TODAY, "000000", None),
        (TODAY, "2710311", None),
    ],
)
def test_two_digits_of_a_year_mean_the_hundred_years_around_today(today, text, wanted):
    assert parse_expiry(text, today=today) == wanted


@given(gtin=GTINS, day=DAYS, lot=TEXTS, serial=TEXTS, count=st.integers(0, 10**8 - 1), marks=st.sampled_from("␝\x1d"))
def test_whatever_is_written_is_read_again(gtin, day, lot, serial, count, marks):
    wanted = Scan(gtin, lot, day, serial, count)
    parts = {"01": gtin, "17": f"{day:%y%m%d}", "10": lot, "21": serial, "30": str(count)}
    bracketed = "".join(f"({key}){value}" for key, value in parts.items())
    plain = "".join(f"{key}{value}{marks if key in ('10', '21', '30') else ''}" for key, value in parts.items())
    assert parse_scan(bracketed, today=TODAY) == wanted
    assert parse_scan(f"]d2{plain}", today=TODAY) == wanted


@given(gtin=GTINS, place=st.integers(0, 13), by=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(gtin, place, by):
    wrong = gtin[:place] + str((int(gtin[place]) + by) % 10) + gtin[place + 1 :]
    assert parse_gtin(gtin) == gtin
    assert parse_gtin(wrong) == ""


@given(year=st.integers(1977, 2076), month=st.integers(1, 12))
def test_day_00_is_the_last_day_of_the_month(year, month):
    found = parse_expiry(f"{year % 100:02d}{month:02d}00", today=TODAY)
    assert (found.year, found.month) == (year, month)
    assert date.fromordinal(found.toordinal() + 1).day == 1


@given(st.text() | st.text(f"{LETTERS}\x1d()0123456789", max_size=60))
def test_no_text_breaks_it_and_a_problem_comes_alone(text):
    found = parse_scan(text, today=TODAY)
    assert not found.problem or found == Scan(problem=found.problem)
    assert found == parse_scan(text, today=TODAY)


def test_the_separator_is_the_one_of_ascii():
    assert SEPARATOR.encode("ascii") == b"\x1d"
