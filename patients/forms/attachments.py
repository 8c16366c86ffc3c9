"""The forms of letters and laboratory results from outside."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import DayField
from mesoclinic.forms import ClinicForm
from mesoclinic.uploads import MOST_MB
from patients.models import Attachment


class AttachmentForm(ClinicForm):
    """What it is, whose words, of which day, and the file; what the file really is, the service judges."""

    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=Attachment.Kind.choices,
        widget=forms.RadioSelect,
        initial=Attachment.Kind.LETTER,
        error_messages={"required": _("Choose what it is."), "invalid_choice": _("Choose what it is.")},
    )
    dated_on = DayField(
        label=_("Date of the letter, or of the sample"),
        error_messages={"required": _("Enter the date that the paper carries.")},
    )
    author = forms.CharField(
        label=_("Who wrote it"),
        max_length=200,
        help_text=_("Doctor and department, or laboratory."),
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Enter who wrote it.")},
    )
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("PDF, JPEG or PNG, up to %(most)d MB.") % {"most": MOST_MB},
        widget=forms.FileInput({"accept": ".pdf,.jpg,.jpeg,.png"}),
        error_messages={"required": _("Choose the file."), "invalid": _("Choose the file again.")},
    )


class SetAsideForm(ClinicForm):
    """Why an attachment is wrong here."""

    reason = forms.CharField(
        label=_("Why it does not belong here"),
        max_length=300,
        error_messages={"required": _("Enter why it does not belong here.")},
    )
