"""The questions some days after a session, answered by taps."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.widgets import ManyPicks, Picks
from sessions.documents.aftercare import sign_words_for_patients
from sessions.rules.check_in import ASKED, NOTHING, STEPS

QUESTIONS = {
    "now": (_("Do you have any of these now?"), _("No, none of these")),
    "pain": (_("How is the pain?"), _("No pain")),
    "swelling": (_("Is your face swollen?"), _("No")),
    "infection": (_("Do you have any of these?"), _("No, none of these")),
    "skin": (_("Is there something new on your scalp or skin?"), _("No, nothing new")),
    "else": (_("Anything else?"), _("No, I am well")),
}
# In the patient's own words, where the red-flag card has none.
WORDS = {
    "expected_mild": _("A little, and it gets less"),
    "late_severe_pain": _("Strong, or it grows"),
    "grade_2_symptoms": _("Yes, but my eyes open"),
    "eyelid_closed": _("An eye is swollen shut"),
    "rash": _("A rash or itching"),
    "nodule": _("A lump, or a place that does not heal"),
    "shedding_concern": _("More hair falls out, and it worries me"),
    "long_headache": _("A headache for more than two days"),
    "faint": _("I fainted"),
}


class CheckInForm(ClinicForm):
    """Every question has to be answered: what was not asked is never well."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        words = sign_words_for_patients() | WORDS
        for name, signs in ASKED.items():
            asked, nothing = QUESTIONS[name]
            choices = [(NOTHING, nothing), *((sign, _first_up(words[sign])) for sign in signs)]
            missing = {"required": _("Tap one of the answers.")}
            self.fields[name] = _field(name)(label=asked, choices=choices, error_messages=missing)

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        for name in ASKED.keys() - STEPS:
            if NOTHING in clean.get(name, ()) and len(clean[name]) > 1:
                self.add_error(name, _("“No” stands alone. Take it away, or the others."))
        return clean

    def given(self) -> dict[str, Any]:
        """Everything that was tapped, by question."""
        taps = {name: [told] if isinstance(told, str) else told for name, told in self.cleaned_data.items()}
        return {"answers": taps}


def _field(name: str) -> Callable[..., forms.ChoiceField]:
    return (
        partial(forms.ChoiceField, widget=Picks)
        if name in STEPS
        else partial(forms.MultipleChoiceField, widget=ManyPicks)
    )


def _first_up(words: object) -> str:
    return str(words)[:1].upper() + str(words)[1:]
