"""Lists of deliveries: whatever wrote the file, its cells are text and its faults have names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.rules.delivery import COLUMNS, Line, as_text, decode_sheet, read_sheet, write_sheet

HEAD = "product;lot;expires;containers;ml;document\r\n"
CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=12)
ROWS = st.lists(st.tuples(CELLS, CELLS.filter(bool), CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=6)


def line(number, *cells, too_many=False):
    return Line(number, dict(zip(COLUMNS, (*cells, *[""] * 6), strict=False)), too_many)


def read(text, most=9):
    return read_sheet(text, most_lines=most)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Albarán".encode(), "Albarán"),
        ("\ufeffAlbarán".encode(), "Albarán"),
        ("Albarán €".encode("cp1252"), "Albarán €"),
        (b"", ""),
        (b"\x81", None),
        (b"a\x00b", None),
        ("lot".encode("utf-16"), None),
        (b"PK\x03\x04", None),
        (b"\xd0\xcf\x11\xe0old", None),
        (b"%PDF-1.7", None),
        (b" PK", " PK"),
    ],
)
def test_text_is_utf_8_or_windows_1252_or_nothing(content, text):
    assert decode_sheet(content) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD + "Zinc;A;10/2027;2;12,5;DN", line(2, "Zinc", "A", "10/2027", "2", "12,5", "DN")),
        ("\ufeff" + HEAD + " Zinc ; A \r\n", line(2, "Zinc", "A")),
        ("\r\n" + HEAD + "\r\n;;;\r\nZinc;A", line(5, "Zinc", "A")),
        ("sep=;\r\n" + HEAD + "Zinc;A", line(3, "Zinc", "A")),
        ("LOT,Product,expires\nA,Zinc,x", line(2, "Zinc", "A", "x")),
        ("lot\tproduct\texpires\nA\tZ,i;nc\tx", line(2, "Z,i;nc", "A", "x")),
        ("lot;product;expires;\nA;Zinc;x;", line(2, "Zinc", "A", "x")),
        ("lot;product;expires;\nA;Zinc;x;y", line(2, "Zinc", "A", "x", too_many=True)),
        ("lot;product;expires\nA;Zinc;x;;y", line(2, "Zinc", "A", "x", too_many=True)),
        ('lot;product;expires\n"A;""1""";Zinc;x', line(2, "Zinc", 'A;"1"', "x")),
        ("lot;product;expires\n'=1+1;Zinc;'x", line(2, "Zinc", "=1+1", "'x")),
        ("lot;product;expires\n=1+1;Zinc;-5", line(2, "Zinc", "=1+1", "-5")),
        ("lot;product;expires\nA;;", line(2, "", "A")),
    ],
)
def test_reads_a_line_whatever_wrote_it(text, wanted):
    found = read(text)
    assert (found.lines[-1], found.problem) == (wanted, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("\n ; \n", "empty"),
        (HEAD, "empty"),
        (HEAD + "Zinc;;;;;\nBiotin", "empty"),
        ("name;lot;expires\n", "head"),
        ("product;lot\n", "head"),
        ("product;lot;expires;colour\n", "head"),
        ("product;lot;expires;lot\n", "head"),
        (HEAD + '"Zinc;A', "quotes"),
        (HEAD + '"Zinc"x;A', "quotes"),
        (HEAD + "Zinc;A\n" * 10, "too_long"),
    ],
)
def test_a_file_that_cannot_be_read_has_a_reason_and_no_lines(text, problem):
    found = read(text)
    assert (found.problem, found.lines) == (problem, ())


def test_the_limit_counts_lines_that_say_something():
    assert len(read(HEAD + "Zinc;A\n" * 9 + "Biotin;;\n" * 9).lines) == 9


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "'x"])
def test_what_looks_like_a_formula_is_written_as_text(cell):
    assert as_text(cell) == f"'{cell}"
    assert as_text(f"x{cell}") == f"x{cell}"


def test_a_file_is_written_as_spreadsheets_here_read_it():
    assert write_sheet([["lot", "ml"], ["A;1", "2,5"]]) == 'lot;ml\r\n"A;1";2,5\r\n'


@given(rows=ROWS)
def test_what_is_written_is_read_again(rows):
    assert [each.cells for each in read(write_sheet([COLUMNS, *rows])).lines] == [
        dict(zip(COLUMNS, row, strict=True)) for row in rows
    ]


@given(st.text() | st.text("\"';,\t\r\n=ablotprducexi", max_size=80))
def test_no_text_breaks_it(text):
    found = read(text)
    assert not (found.problem and found.lines)
    assert found.problem or found.lines


@given(st.binary())
def test_no_bytes_break_it(content):
    assert decode_sheet(content) is None or b"\x00" not in content
