"""A delivery as a CSV file: whichever separator and encoding a spreadsheet wrote, every cell is text."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

COLUMNS = ("product", "lot", "expires", "containers", "ml", "document")
REQUIRED = frozenset({"product", "lot", "expires"})
SEPARATORS = ";,\t"
ENCODINGS = ("utf-8-sig", "cp1252")
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"
_PACKED = (b"PK", b"\xd0\xcf\x11\xe0", b"%PDF")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file with its number; `too_many` says that it has more cells than the head."""

    number: int
    cells: Mapping[str, str]
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines of a file, or why it cannot be read: not_text, empty, head, quotes, too_long."""

    lines: tuple[Line, ...] = ()
    problem: str = ""


def decode_sheet(content: bytes) -> str | None:
    """The text of a file in UTF-8 or Windows-1252; None when it is neither, or no text at all."""
    if content.startswith(_PACKED) or b"\x00" in content:
        return None
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def read_sheet(text: str, *, most_lines: int) -> Sheet:
    """Every line that says something, in order; nothing of a file with a problem."""
    body = text.removeprefix("\ufeff")
    try:
        rows = list(_rows(body, _separator(body)))
    except csv.Error:
        return Sheet(problem="quotes")
    if not rows:
        return Sheet(problem="empty")
    head = [cell.strip().lower() for cell in rows[0][1]]
    named = [name for name in head if name]
    if not set(named) >= REQUIRED or set(named) - set(COLUMNS) or len(named) != len(set(named)):
        return Sheet(problem="head")
    lines = tuple(line for line in (_line(number, head, cells) for number, cells in rows[1:]) if _says_something(line))
    if len(lines) > most_lines:
        return Sheet(problem="too_long")
    return Sheet(lines) if lines else Sheet(problem="empty")


def write_sheet(rows: Iterable[Iterable[str]]) -> str:
    """The text of a file that spreadsheets open as text: semicolons, and a quote before what looks like a formula."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue()


def as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"{QUOTE}{cell}" if cell.startswith((*FORMULA, QUOTE)) else cell


def _separator(body: str) -> str:
    first = next((line for line in body.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=first.count)


def _rows(body: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    for cells in reader:
        hint = cells[0].strip().lower() if cells else ""
        if any(cell.strip() for cell in cells) and not hint.startswith("sep="):
            yield reader.line_num, cells


def _line(number: int, head: list[str], cells: list[str]) -> Line:
    said = {name: _plain(cell) for name, cell in zip(head, cells, strict=False) if name}
    unnamed = [cell for name, cell in zip(head, cells, strict=False) if not name] + cells[len(head) :]
    return Line(number, {name: said.get(name, "") for name in COLUMNS}, any(cell.strip() for cell in unnamed))


def _plain(cell: str) -> str:
    text = cell.strip()
    return text.removeprefix(QUOTE) if text.startswith(tuple(QUOTE + each for each in (*FORMULA, QUOTE))) else text


def _says_something(line: Line) -> bool:
    """The template names every product: lines where nothing was filled in did not come."""
    return line.too_many or any(line.cells[name] for name in COLUMNS if name != "product")
