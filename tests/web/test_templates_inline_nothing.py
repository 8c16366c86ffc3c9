"""The strict policy holds only while no template carries anything inline."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an inline script": re.compile(r"<script\b(?![^>]*\ssrc=)", re.I),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "hx-on": re.compile(r"\shx-on\b", re.I),
    "an HTML comment": re.compile(r"<!--"),
    "the safe filter": re.compile(r"\|\s*safe(seq)?\b"),
    "autoescape switched off": re.compile(r"autoescape\s+off"),
    "another server": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_carries_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates" / "components").glob("*.html")), ids=lambda path: path.name)
def test_component_tells_its_parameters_in_its_first_line(path: Path) -> None:
    assert re.match(r"\{# .+ #\}\n", path.read_text())


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a style attribute", '<p class="a" style="color:red">'),
        ("an inline script", '<script type="module">go()</script>'),
        ("an event handler", '<a href="#" onclick="go()">'),
        ("hx-on", '<div hx-on:click="go()">'),
        ("the safe filter", "{{ name|safe }}"),
    ],
)
def test_patterns_notice_what_they_name(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)
