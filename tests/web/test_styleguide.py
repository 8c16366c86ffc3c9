"""Every component renders, and the quantities and dates in it read alike in every language."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation

from mesoclinic.widgets import Chips, ManyChips, PictureRadio, ThreeBoxDate, TriState

WHEN = datetime(2026, 11, 26, 14, 30, tzinfo=UTC)


class GuideForm(forms.Form):
    """One field of each widget."""

    pregnant = forms.ChoiceField(choices=TriState().choices, widget=TriState, label="Pregnant or breastfeeding")
    bleeding = forms.ChoiceField(choices=TriState().choices, widget=TriState, label="Bleeding disorder")
    born = forms.DateField(widget=ThreeBoxDate, label="Birth date", input_formats=["%Y-%m-%d"])
    course = forms.ChoiceField(choices=[("slow", "Slow"), ("fast", "Fast")], widget=Chips)
    goals = forms.MultipleChoiceField(choices=[("stop", "Stop"), ("grow", "Grow")], widget=ManyChips, required=False)
    grade = forms.ChoiceField(
        choices=[("1", "Grade 1"), ("2", "Grade 2")], widget=PictureRadio(pictures={"1": ("scalp/top.svg", "Mild")})
    )
    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), required=False, help_text="In the patient's words."
    )


def guide(form: forms.Form) -> dict[str, Any]:
    bound = list(form)
    return {
        "form": form,
        "questions": bound[:2],
        "fields": bound[2:],
        "facts": [("Born", "14 Mar 1992 (34 y)"), ("Record no.", "M-10482")],
        "tabs": [{"url": "#a", "label": "Summary", "current": True}, {"url": "#b", "label": "Documents"}],
        "steps": [
            {"ordinal": 1, "date": date(2026, 11, 12), "state": "done", "label": "Done"},
            {"ordinal": 2, "date": date(2026, 11, 26), "state": "booked", "label": "Booked"},
        ],
        "volume": Decimal("1.50"),
        "page": Paginator(range(30), 10).page(2),
        "when": WHEN,
        "pairs": [("Protocol", "P1, 8 sessions", "every 14 days"), ("Zones", "Vertex")],
        "checks": [{"state": "done", "text": "Two identifiers"}, {"state": "open", "text": "Product and lot"}],
    }


def render(form: forms.Form) -> str:
    request = RequestFactory().get("/")
    return render_to_string("styleguide.html", {"guide": guide(form), "nav": [], "request": request})


def test_every_component_renders() -> None:
    page = render(GuideForm())
    assert all(word in page for word in ("Not enough information yet", "LB-02", "Lot A7", "Page 2 of 3", "Saved 14:30"))


def test_refused_group_is_linked_to_its_first_control() -> None:
    page = render(GuideForm(QueryDict("pregnant=maybe")))
    assert 'href="#id_pregnant_0"' in page
    assert 'href="#id_born_day"' in page
    assert 'id="id_pregnant_0"' in page
    assert 'id="id_born_day"' in page


def test_question_starts_without_an_answer() -> None:
    assert "checked" not in str(GuideForm()["pregnant"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("born_day=14&born_month=3&born_year=1992", date(1992, 3, 14)),
        ("born_day=1992-03-14&born_month=&born_year=", date(1992, 3, 14)),
        ("born_day=31&born_month=2&born_year=1992", None),
    ],
)
def test_three_boxes_make_one_date(typed: str, expected: date | None) -> None:
    form = GuideForm(QueryDict(typed))
    form.is_valid()
    assert form.cleaned_data.get("born") == expected


def test_impossible_date_stays_in_its_boxes() -> None:
    field = str(GuideForm(QueryDict("born_day=31&born_month=2&born_year=1992"))["born"])
    assert all(f'value="{part}"' in field for part in ("31", "2", "1992"))


@pytest.mark.parametrize(("language", "text"), [("en", "0.05"), ("tr", "0,05")])
def test_quantity_is_local_and_isolated(language: str, text: str) -> None:
    template = Template("{% load components %}{% qty value 'mL' %} {% machine value %}")
    with translation.override(language):
        shown = template.render(Context({"value": Decimal("0.050")}))
    assert shown == f'<bdi dir="ltr">{text}\N{NO-BREAK SPACE}mL</bdi> 0.050'


@pytest.mark.parametrize(
    ("language", "staff", "patient"),
    [
        ("en", "Thu 26 Nov 2026, 17:30", "Thursday 26 November 2026, 17:30"),
        ("tr", "Per 26 Kas 2026, 17:30", "Perşembe 26 Kasım 2026, 17:30"),
    ],
)
def test_dates_speak_the_language_in_the_active_zone(language: str, staff: str, patient: str) -> None:
    template = Template("{% load components %}{{ at|staff_when }}|{{ at|patient_when }}")
    with translation.override(language), timezone.override("Europe/Istanbul"):
        assert template.render(Context({"at": WHEN})) == f"{staff}|{patient}"
