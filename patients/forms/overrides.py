"""The form of an override: on what ground, in which words, and for a referral with which letter and until when."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import DayField
from mesoclinic.forms import ClinicForm
from mesoclinic.rules.finding import Finding
from mesoclinic.templatetags.components import staff_date
from patients.models import Attachment, Override
from patients.queries.candidacy import Panel
from patients.rules.overrides import may_be_overridden, needs_letter

LONGEST_REASON = 2000


class OverrideForm(ClinicForm):
    """Everything is asked once one of its fields is filled; left empty among others it asks for nothing."""

    ground = forms.ChoiceField(
        label=_("Ground"),
        choices=[("", _("Choose")), *Override.Ground.choices],
        error_messages={"required": _("Choose on what ground."), "invalid_choice": _("Choose on what ground.")},
    )
    reason = forms.CharField(
        label=_("Reason, in your words"),
        help_text=_("It stands beside the finding wherever the finding stands."),
        widget=forms.Textarea({"rows": 2}),
        validators=[MaxLengthValidator(LONGEST_REASON)],
        error_messages={"required": _("Type the reason.")},
    )
    letter_id = forms.TypedChoiceField(
        label=_("Letter of the specialist"),
        coerce=int,
        error_messages={
            "required": _("Choose the specialist's letter. Attach it first when it is not listed."),
            "invalid_choice": _("Choose one of the letters."),
        },
    )
    valid_until = DayField(
        label=_("Holds until"),
        help_text=_("After this day the referral counts again."),
        error_messages={"required": _("Enter the date until which the clearance holds.")},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        referral: bool,
        letters: Iterable[Attachment],
        today: date,
        among_others: str = "",
    ) -> None:
        super().__init__(
            data, prefix=among_others or None, empty_permitted=bool(among_others), use_required_attribute=False
        )
        self.referral, self.today, self.letters = referral, today, list(letters)
        for name in ("ground",) if referral else ("letter_id", "valid_until"):
            del self.fields[name]
        if referral:
            offered = [(each.paper.document_id, f"{staff_date(each.dated_on)}, {each.author}") for each in self.letters]
            self.fields["letter_id"].choices = [("", _("Choose")), *offered]  # type: ignore[attr-defined]
            self.order_fields(["letter_id", "valid_until", "reason"])

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if len("".join(reason.split())) < Override.LEAST_REASON:
            raise forms.ValidationError(_("Type the reason, at least %(least)d letters.") % _least())
        return reason

    def clean_valid_until(self) -> date:
        until: date = self.cleaned_data["valid_until"]
        if until < self.today:
            raise forms.ValidationError(_("This date has passed."))
        return until

    def grounds(self) -> dict[str, Any]:
        """What the service asks for."""
        specialist = {"ground": Override.Ground.SPECIALIST} if self.referral else {}
        return {**self.cleaned_data, **specialist}


class OverrideForms:
    """One form for each finding of a panel that may be set aside and is not yet; those left empty ask for nothing."""

    def __init__(self, data: QueryDict | None, panel: Panel, *, letters: Iterable[Attachment], today: date) -> None:
        offered = list(letters)
        self.forms = {
            shown.finding.rule: OverrideForm(
                data,
                referral=needs_letter(shown.finding.level),
                letters=offered,
                today=today,
                among_others=f"override-{shown.finding.rule}",
            )
            for shown in (*panel.stops, *panel.cautions)
            if may_be_overridden(shown.finding.level) and shown.override is None
        }
        self.findings = {shown.finding.rule: shown.finding for shown in (*panel.stops, *panel.cautions)}

    def __iter__(self) -> Iterator[tuple[Finding, OverrideForm]]:
        return ((self.findings[rule], form) for rule, form in self.forms.items())

    def __len__(self) -> int:
        return len(self.forms)

    def are_valid(self, summary: ClinicForm) -> bool:
        """Whether each is empty or whole; what is wrong is told in the summary's words, too."""
        wrong = [(rule, form) for rule, form in self.forms.items() if not form.is_valid()]
        for rule, form in wrong:
            for messages in form.errors.values():
                summary.add_error(None, [f"{rule}: {message}" for message in messages])
        return not wrong

    def grounds(self) -> dict[str, dict[str, Any]]:
        """What the service asks for, by rule, of those that were filled."""
        return {rule: form.grounds() for rule, form in self.forms.items() if form.has_changed()}


def _least() -> dict[str, int]:
    return {"least": Override.LEAST_REASON}
