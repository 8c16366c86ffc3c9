"""The questions some days after a session, a tap each."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.widgets import Picks
from sessions.documents.aftercare import sign_words_for_patients
from sessions.rules.check_in import ASKED, NOTHING

QUESTIONS = {
    "now": (_("Do you have one of these now?"), _("No, none of these")),
    "pain": (_("How is the pain?"), _("No pain")),
    "swelling": (_("Is your face swollen?"), _("No")),
    "infection": (_("Do you have one of these?"), _("No, none of these")),
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
            self.fields[name] = forms.ChoiceField(label=asked, choices=choices, widget=Picks, error_messages=missing)

    def given(self) -> dict[str, Any]:
        """The answers, by question."""
        return {"answers": self.cleaned_data}


def _first_up(words: object) -> str:
    return str(words)[:1].upper() + str(words)[1:]
