"""The pages of an intake: each topic is a form, and all of them together are what the patient proposes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.widgets import ManyPicks, Picks
from patients.forms.birth_date import BirthDateField
from patients.forms.consultation_fields import DayField, NumberField
from patients.forms.intake_questions import ALLERGIES, HAPPENED, REACTIONS, TOPICS, Ask, Topic, Words
from patients.rules.intake import UNKNOWN
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import Input

CLASSES, NARRATIVE = "classes", ("notes__", "expect__")
REACTION = "reaction__"
# Kept among the answers: the pages that were left by their button.
LEFT = "left"
TEXT_LENGTH = 2000
Answers = Mapping[str, Sequence[str]]
_DO_NOT_KNOW = (UNKNOWN, _("I do not know"))
_YES_NO: Mapping[str, Words] = {"yes": _("Yes"), "no": _("No")}


class BirthDateForm(ClinicForm):
    """The second thing that who holds the link must know."""

    born = BirthDateField(label=_("Your date of birth"))


class TopicForm(ClinicForm):
    """The questions of one topic. What is chosen from a list has to be answered, if only by “I do not know”."""

    def __init__(self, data: QueryDict | None, *, topic: Topic, catalogue: Catalogue, today: date, answers: Answers):
        super().__init__(data, initial=_initial(answers), label_suffix="")
        self.topic, self.today = topic, today
        self.rows = {row.stored_as or row.id: row for row in catalogue.of(Input)}
        self.asks = {ask.field: ask for ask in topic.asks}
        for ask in topic.asks:
            self.fields[ask.field] = self._field(ask)

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        for name, ask in self.asks.items():
            if not self._applies(ask):
                clean[name] = None
                self.errors.pop(name, None)
            elif ask.labels is not None or self._is_yes_no(name):
                self._answered(name, clean.get(name))
        return clean

    def typed(self) -> dict[str, list[str]]:
        """The answers of this page as they were typed, right or wrong."""
        sent = self.data if isinstance(self.data, QueryDict) else QueryDict()
        return {name: [str(text)[:TEXT_LENGTH] for text in sent.getlist(name)] for name in self.fields}

    def proposals(self) -> dict[str, Any]:
        """Every answer of this page by the field that it is proposed for; nothing for what was left empty."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}
        return {name: _alone(value) for name, value in given.items() if name in self.rows or name.startswith(NARRATIVE)}

    @property
    def questions(self) -> Iterator[tuple[forms.BoundField, str]]:
        """Each field with the condition under which it is shown, as JSON for the page."""
        for name, ask in self.asks.items():
            yield self[name], _condition(ask)

    def _applies(self, ask: Ask) -> bool:
        if ask.when is None:
            return True
        other, wanted = ask.when
        given = self.cleaned_data.get(other) or []
        return bool({given} & {*wanted} if isinstance(given, str) else {*given} & {*wanted})

    def _answered(self, name: str, value: Any) -> None:
        optional = name.startswith(NARRATIVE) or name == CLASSES
        if not value and name not in self.errors and not optional:
            self.add_error(name, _("Choose an answer, or “I do not know”."))
        if isinstance(value, list) and len(value) > 1 and {"none", UNKNOWN} & {*value}:
            self.add_error(name, _("“None” and “I do not know” stand alone. Take them away, or the others."))
        if name == CLASSES and not value and not self.cleaned_data.get("notes__allergies"):
            self.add_error(name, _("Choose what you are allergic to, or write it below."))

    def _is_yes_no(self, name: str) -> bool:
        return name in self.rows and self.rows[name].type == "yes_no"

    def _field(self, ask: Ask) -> forms.Field:
        options: dict[str, Any] = {"label": ask.question, "help_text": ask.hint}
        row = self.rows.get(ask.field)
        if ask.labels is not None or self._is_yes_no(ask.field):
            return self._choice(ask, row, options)
        if row is not None and row.stored_as:
            return DayField(self.today, counts=row, **options)
        if row is not None:
            return NumberField(row, **options)
        area = forms.Textarea({"rows": 3, "maxlength": TEXT_LENGTH})
        return forms.CharField(required=False, max_length=TEXT_LENGTH, widget=area, **options)

    def _choice(self, ask: Ask, row: Input | None, options: dict[str, Any]) -> forms.Field:
        choices = [*(ask.labels or _YES_NO).items()]
        if not ask.field.startswith(NARRATIVE) and ask.field != CLASSES:
            choices.append(_DO_NOT_KNOW)
        if ask.field == CLASSES or (row is not None and row.type == "choices"):
            return forms.MultipleChoiceField(required=False, choices=choices, widget=ManyPicks, **options)
        return forms.ChoiceField(required=False, choices=choices, widget=Picks, **options)


@dataclass(frozen=True, slots=True)
class Answered:
    """A topic with its answers in the patient's words, and whether something is still open."""

    topic: Topic
    answers: tuple[tuple[Words, str], ...]
    open: bool


class Intake:
    """All the pages that apply to one patient, with what was answered so far."""

    def __init__(self, answers: Answers, *, sex: str, catalogue: Catalogue, today: date) -> None:
        self.answers, self.sex, self.catalogue, self.today = answers, sex, catalogue, today

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """In the order in which they are asked; who chose no allergy is not asked what happened."""
        sex = self.sex or next(iter(self.answers.get("sex_at_birth", ())), "")
        shown = (self._made(topic) for topic in TOPICS if not topic.not_for or topic.not_for != sex)
        return tuple(topic for topic in shown if topic.asks)

    def topic(self, name: str) -> Topic | None:
        """The page of this name, if it applies."""
        return next((topic for topic in self.topics if topic.id == name), None)

    def form(self, topic: Topic, data: QueryDict | None = None) -> TopicForm:
        """A page, with what was sent or with what was kept."""
        return TopicForm(data, topic=topic, catalogue=self.catalogue, today=self.today, answers=self.answers)

    def after(self, topic: Topic) -> Topic | None:
        """The page that follows; None after the last."""
        return next((each for before, each in zip(self.topics, self.topics[1:], strict=False) if before == topic), None)

    def before(self, topic: Topic) -> Topic | None:
        """The page before; None for the first."""
        return next((before for before, each in zip(self.topics, self.topics[1:], strict=False) if each == topic), None)

    def first_open(self) -> Topic | None:
        """Where to go on: the first page that was never left by its button or is not right."""
        return next((topic for topic in self.topics if self._open(topic)), None)

    def read_back(self) -> list[Answered]:
        """Every page as it was answered, to be checked before it is sent."""
        return [self._answered(topic) for topic in self.topics]

    def proposals(self) -> dict[str, Any]:
        """What the answers propose, all pages together; allergies as a list of what and what happened."""
        found: dict[str, Any] = {}
        for topic in self.topics:
            form = self._kept(topic)
            if form.is_valid():
                found |= form.proposals()
        return self._with_allergies(found)

    def keep(self, topic: Topic, form: TopicForm, *, leaves: bool) -> dict[str, list[str]]:
        """All answers as typed with those of one page renewed, and which pages were left by their button."""
        left = {*self.answers.get(LEFT, ()), *((topic.id,) if leaves else ())}
        return {name: list(texts) for name, texts in self.answers.items()} | form.typed() | {LEFT: sorted(left)}

    def _made(self, topic: Topic) -> Topic:
        if topic.id == REACTIONS:
            return replace(topic, asks=tuple(self._reactions()))
        asks = (ask for ask in topic.asks if ask.field != "sex_at_birth" or not self.sex)
        return replace(topic, asks=tuple(asks))

    def _reactions(self) -> Iterator[Ask]:
        labels = next(ask.labels for topic in TOPICS for ask in topic.asks if ask.field == CLASSES) or {}
        if self.answers.get(ALLERGIES) != ["yes"]:
            return
        for name in self.answers.get(CLASSES, ()):
            if name in labels:
                yield Ask(f"{REACTION}{name}", labels[name], "", HAPPENED)

    def _kept(self, topic: Topic) -> TopicForm:
        posted = QueryDict(mutable=True)
        for ask in topic.asks:
            posted.setlist(ask.field, list(self.answers.get(ask.field, ())))
        return self.form(topic, posted)

    def _open(self, topic: Topic) -> bool:
        return topic.id not in self.answers.get(LEFT, ()) or not self._kept(topic).is_valid()

    def _answered(self, topic: Topic) -> Answered:
        form = self._kept(topic)
        form.is_valid()
        said = ((ask.question, _in_words(form, ask.field)) for ask in topic.asks if form.cleaned_data.get(ask.field))
        return Answered(topic, tuple(said), self._open(topic))

    def _with_allergies(self, found: dict[str, Any]) -> dict[str, Any]:
        said = found.pop(ALLERGIES, None)
        if said == "no":
            return found | {ALLERGIES: []}
        if said == UNKNOWN:
            return found | {ALLERGIES: UNKNOWN}
        happened = {ask.field: self.answers.get(ask.field, ()) for ask in self._reactions()}
        listed = [
            {"class": name.removeprefix(REACTION), "reaction": next(iter(texts), "") or UNKNOWN}
            for name, texts in happened.items()
        ]
        return found | ({ALLERGIES: listed} if listed else {})


def _initial(answers: Answers) -> dict[str, Any]:
    """What was typed, as a form shows it again: one text, or the list of what was ticked."""
    return {name: list(texts) if len(texts) > 1 else next(iter(texts), "") for name, texts in answers.items()}


def _alone(value: Any) -> Any:
    return UNKNOWN if value == [UNKNOWN] else value


def _in_words(form: TopicForm, name: str) -> str:
    value, choices = form.cleaned_data[name], dict(getattr(form.fields[name], "choices", ()))
    if isinstance(value, list):
        return ", ".join(str(choices.get(each, each)) for each in value)
    return str(choices.get(value, value))


def _condition(ask: Ask) -> str:
    if ask.when is None:
        return ""
    other, wanted = ask.when
    return json.dumps([[{"input": other, "any": wanted, "none": []}]])
