"""The forms of a consent: who explains it, and what the patient sends."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.typed import FULL_NAME_LENGTH
from patients.documents.signature import DRAWN, TYPED, Signature

LOST = {"required": _("Open the page again."), "max_length": _("Open the page again.")}
HOW = [("Face to face", _("Face to face")), ("By secure video", _("By secure video"))]


class ShowForm(ClinicForm):
    """The doctor hands the tablet over: how it is explained, and who else is there (CE-01, CE-17)."""

    how = forms.ChoiceField(label=_("How you explain it"), choices=HOW, widget=forms.RadioSelect, initial=HOW[0][0])
    interpreter = forms.CharField(label=_("Interpreter, if one helps"), max_length=120, required=False)
    present = forms.CharField(label=_("Who else is present"), max_length=200, required=False)
    capacity = forms.BooleanField(
        label=_("The patient is an adult, understands, and decides freely"),
        error_messages={"required": _("Confirm that the patient is an adult, understands, and decides freely.")},
    )


class SignForm(ClinicForm):
    """One box for each element, the questions, the separate choices and the signature, named after the text shown."""

    text_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=LOST)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=LOST)
    name = forms.CharField(max_length=FULL_NAME_LENGTH, required=False)
    signature_points = forms.CharField(max_length=400_000, required=False)

    def __init__(self, *args: Any, text: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text = text
        for section in text["sections"]:
            self.fields[f"ack_{section['id']}"] = forms.BooleanField(required=False)
            self.fields[f"at_{section['id']}"] = forms.CharField(required=False)
        for each in text["questions"]:
            self.fields[f"answer_{each['id']}"] = forms.CharField(required=False)
        for choice in text["choices"]:
            for name in choice["options"]:
                self.fields[f"choice_{choice['id']}_{name}"] = forms.CharField(required=False)

    def signature(self) -> Signature:
        """What was sent; the service decides whether it is a consent."""
        sent = self.cleaned_data
        ids = [section["id"] for section in self.text["sections"] if sent[f"ack_{section['id']}"]]
        return Signature(
            text_sha256=sent["text_sha256"],
            acknowledged={element: sent[f"at_{element}"] for element in ids},
            answers={each["id"]: sent[f"answer_{each['id']}"] for each in self.text["questions"]},
            choices={
                choice["id"]: {name: sent[f"choice_{choice['id']}_{name}"] == "yes" for name in choice["options"]}
                for choice in self.text["choices"]
            },
            method=DRAWN if sent["signature_points"] else TYPED,
            name=sent["name"],
            strokes=sent["signature_points"],
        )


class WithdrawForm(ClinicForm):
    """No reason is needed."""

    reason = forms.CharField(label=_("Reason, if the patient gives one"), max_length=300, required=False)
