"""The text of a treatment consent as data: built from plan and catalogue, digested as canonical JSON."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from django.utils.formats import localize
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from mesoclinic.errors import ClinicError
from mesoclinic.sites import VisitKind, VisitType
from patients.documents import consent_words as words
from patients.models import Component, PlanVersion
from patients.queries.consent_form import current_form
from patients.queries.plans import technique_of
from protocols.queries.catalogue import catalogue_of, current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType, TriageAnswer
from protocols.rules.kinds.aftercare import Aftercare
from protocols.rules.kinds.candidacy import Limited
from protocols.rules.kinds.consent import Advantage, ConsentElement
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.schedule import Interval, Protocol
from protocols.rules.kinds.technique import Technique, Zone
from protocols.rules.technique import check_technique

Text = dict[str, Any]
SAFE_DAYS = 2


def consent_text(version: PlanVersion, language: str, *, asked: Mapping[str, str] | None = None) -> Text:
    """Everything the patient reads, as data; `asked` says who explains it, how, and who else is there.

    Raises ClinicError while the site has no price for a treatment: cost is part of a valid consent (CE-03).
    """
    with override(language):
        builder = _Form(version, dict(asked or {}))
        return {
            "form": current_form(),
            "language": language,
            "title": str(words.TITLE),
            "lead": str(words.LEAD),
            "patient": version.plan.patient.full_name,
            "plan": {"id": version.plan_id, "version": version.number, "protocol": builder.protocol.name},
            "asked": builder.asked,
            "sections": [builder.section(row.id) for row in builder.shown.of(ConsentElement) if row.required],
            "choices": _choices(),
            "questions": _questions(),
        }


def digest_of(text: Text) -> str:
    """SHA-256 of the text as canonical JSON: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(text, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class _Form:
    """One consent in the making; each element of 10.1 has one method."""

    def __init__(self, version: PlanVersion, asked: dict[str, str]) -> None:
        self.version, self.asked = version, asked
        self.plan, self.site = version.plan, version.plan.site
        self.planned: Catalogue = catalogue_of(version.release)
        self.shown: Catalogue = current_catalogue()
        self.protocol = self.planned.row(Protocol, version.protocol)
        self.parts = list(version.components.select_related("product"))

    def section(self, element: str) -> Text:
        build = getattr(self, f"ce_{element.removeprefix('CE-')}")
        return {"id": element, "title": str(words.HEADINGS[element]), **build()}

    def ce_01(self) -> Text:
        who = self.asked.get("by", "")
        lines = [
            _("%(doctor)s, your treating doctor, explains this to you and asks for your decision.") % {"doctor": who}
        ]
        lines += [_("How: %(how)s.") % {"how": self.asked["how"]}] if self.asked.get("how") else []
        interpreter = self.asked.get("interpreter", "")
        lines.append(
            _("Interpreter: %(name)s.") % {"name": interpreter} if interpreter else _("No interpreter was needed.")
        )
        lines += [_("Also present: %(names)s.") % {"names": self.asked["present"]}] if self.asked.get("present") else []
        return {"paragraphs": lines}

    def ce_02(self) -> Text:
        technique = self.planned.row(Technique, self.version.technique)
        depth = self.version.depth_mm if self.version.depth_mm is not None else technique.depth_mm.usual
        made = check_technique(technique_of(self.version), catalogue=self.planned)
        lines = [
            _("A doctor puts small amounts of liquid into the skin of your scalp with a fine needle (%(needle)s).")
            % {"needle": technique.needle},
            _("The needle goes %(depth)s mm deep. Technique: %(name)s.") % {"depth": _n(depth), "name": technique.name},
            _("Where: %(zones)s.") % {"zones": ", ".join(self._zones())},
        ]
        if made.points is not None:
            lines.append(_("About %(count)s points in each session.") % {"count": made.points})
        lines.append(self._numbing())
        return {"paragraphs": lines, "points_title": _("What is in the liquid"), "points": self._mixture()}

    def ce_03(self) -> Text:
        lines = [
            _(
                "The aim is less shedding and thicker hair. How much it helps you is uncertain: studies "
                "are few and small."
            ),
            _("What is known of this course: %(evidence)s.") % {"evidence": self.protocol.evidence},
            self._schedule(),
            *self._cost(),
        ]
        if self.version.maintenance:
            lines.append(_("This plan is for maintenance after a course that helped you."))
        said = [f"{row.advantage[:1].upper()}{row.advantage[1:]}: {row.wording}" for row in self.shown.of(Advantage)]
        return {
            "paragraphs": lines,
            "points_title": _("What is often said of it, and what may honestly be said"),
            "points": said,
        }

    def ce_04(self) -> Text:
        return {
            "paragraphs": [
                _("There is no guarantee. The treatment may not work for you, and it may not suit you. Results vary."),
                _(
                    "We look at shedding and safety early, and judge growth after about six months. If it does "
                    "not help, we stop."
                ),
            ]
        }

    def ce_05(self) -> Text:
        used = {part.ingredient for part in self.parts}
        rows = [
            [str(words.RISKS.get(row.id, row.name)), _often(row), _plain(row.duration) or _("Not known")]
            for row in self.shown.of(AdverseEventType)
            if row.id not in words.NOT_FOR_PATIENTS
            and (row.id not in words.ONLY_WITH or used.intersection(words.ONLY_WITH[row.id]))
        ]
        lead = _(
            "Most people have mild effects that pass. Serious harm is not expected, but it can happen "
            "and can leave scars or lasting hair loss."
        )
        return {"paragraphs": [lead], "table": {"head": [_("Effect"), _("How often"), _("How long")], "rows": rows}}

    def ce_06(self) -> Text:
        drugs = [self._name(part) for part in self.parts if part.ingredient.startswith(("DRG_", "LA_", "MIX_"))]
        lines = [
            _("No product is approved by the US FDA for mesotherapy."),
            _("Everything in your mixture is used outside any licence for this purpose."),
        ]
        if drugs:
            lines.append(
                _("These medicines are given by a route they are not licensed for: %(names)s.")
                % {"names": ", ".join(drugs)}
            )
        shown = [
            _("%(name)s: %(evidence)s") % {"name": self._name(part), "evidence": self._evidence(part)}
            for part in self.parts
        ]
        return {
            "paragraphs": lines,
            "points_title": _("How well each ingredient is tested as an injection"),
            "points": shown,
        }

    def ce_07(self) -> Text:
        return {
            "paragraphs": [_("You can choose any of these instead.")],
            "points": [str(each) for each in words.ALTERNATIVES],
        }

    def ce_08(self) -> Text:
        return {"paragraphs": [str(words.PLAN_CHANGES)]}

    def ce_09(self) -> Text:
        lines = [
            _("The treatment is not given in pregnancy. Tell us at once if you are pregnant, may be, or plan to be.")
        ]
        used = {part.ingredient for part in self.parts}
        lines += [
            row.text + "."
            for row in self.shown.of(Aftercare)
            if row.ingredients and used.intersection(row.ingredients) and row.instruction is None
        ]
        return {"paragraphs": lines}

    def ce_10(self) -> Text:
        items = [line for row in self.shown.of(Aftercare) if (line := self._duty(row))]
        calls = [_call(row, self.site.emergency_number) for row in self.shown.of(TriageAnswer) if row.red_flag]
        phone = _("Our number: %(phone)s.") % {"phone": self.site.phone} if self.site.phone else ""
        return {
            "paragraphs": [
                _("You get your own times on paper after each session."),
                *calls,
                *([phone] if phone else []),
            ],
            "points_title": _("What you do afterwards"),
            "points": items,
        }

    def ce_11(self) -> Text:
        director = User.objects.filter(sites=self.site, is_active=True).order_by("name")
        names = [user.name for user in director if Role.DIRECTOR in user.roles]
        doctor = self.version.signed_by.name if self.version.signed_by else self.asked.get("by", "")
        complaint = ", ".join(names) or _("the medical director")
        return {
            "paragraphs": [
                _("%(doctor)s, dermatologist, is responsible for your treatment. A nurse prepares and records.")
                % {"doctor": doctor},
                _("Complaints: %(name)s at %(site)s, or the health authority.")
                % {"name": complaint, "site": self.site.name},
                _(
                    "You may ask to see the qualifications of whoever treats you and the clinic's insurance "
                    "for this treatment."
                ),
            ]
        }

    def ce_12(self) -> Text:
        hours = int(_limit(self.shown.row(ConsentElement, "CE-12"), "reflection_hours"))
        first = self.plan.consultation.started_at.astimezone(self.site.zone)
        words_of = {"hours": hours, "first": _moment(first), "from": _moment(first + timedelta(hours=hours))}
        return {
            "paragraphs": [
                _(
                    "You have at least %(hours)s hours between the first talk and the first injection, unless "
                    "you continue a signed course."
                )
                % words_of,
                _("The talk was on %(first)s. The first injection is not before %(from)s.") % words_of,
            ]
        }

    def ce_13(self) -> Text:
        return {
            "paragraphs": [
                _("You can withdraw at any time, without a reason and without a penalty. Tell any member of staff."),
                _("Sessions that are not given cost nothing. What you paid for them is paid back."),
            ]
        }

    def ce_14(self) -> Text:
        return {
            "paragraphs": [
                _(
                    "My questions were answered in a language I understand. The two questions below show what "
                    "I understood."
                )
            ]
        }

    def ce_17(self) -> Text:
        return {
            "paragraphs": [
                _("I am an adult and decide for myself. Nobody pressed me, and there is no discount with a time limit.")
            ]
        }

    def ce_18(self) -> Text:
        months = int(_limit(self.shown.row(ConsentElement, "CE-18"), "renew_months"))
        return {
            "paragraphs": [
                _(
                    "I get a copy of this paper. It holds for %(months)s months, and shorter when a product or "
                    "a risk changes."
                )
                % {"months": months}
            ]
        }

    def _zones(self) -> list[str]:
        known = self.planned
        return [
            known.row(Zone, each["zone"]).name if known.has(Zone, each["zone"]) else each["zone"].replace("_", " ")
            for each in self.version.zones
        ]

    def _numbing(self) -> str:
        cream = self.version.anaesthetic_cream
        if any(part.ingredient.startswith("LA_") for part in self.parts):
            return _("A local anaesthetic is part of the liquid.")
        if cream in ("", "none"):
            return _("No anaesthetic is used.")
        return _("A cream numbs the skin first: %(cream)s.") % {"cream": cream.replace("_", " and ")}

    def _mixture(self) -> list[str]:
        return [
            _("%(product)s (%(name)s), %(volume)s mL")
            % {"product": part.product.name, "name": self._name(part), "volume": _n(part.volume_ml)}
            for part in self.parts
        ]

    def _name(self, part: Component) -> str:
        known = self.planned.has(Ingredient, part.ingredient)
        return self.planned.row(Ingredient, part.ingredient).name if known else part.ingredient

    def _evidence(self, part: Component) -> str:
        if not self.planned.has(Ingredient, part.ingredient):
            return _("not known")
        return str(words.EVIDENCE[self.planned.row(Ingredient, part.ingredient).evidence])

    def _schedule(self) -> str:
        rows = [self.planned.row(Interval, name) for name in dict.fromkeys(self.protocol.intervals)]
        rhythm = ", ".join(dict.fromkeys(row.name for row in rows))
        values = {"count": self.version.session_count, "rhythm": rhythm}
        return _("Sessions: %(count)s, %(rhythm)s.") % values if rhythm else _("Sessions: %(count)s.") % values

    def _cost(self) -> list[str]:
        visit = VisitType.objects.filter(site=self.site, kind=VisitKind.TREATMENT, active=True).order_by("pk").first()
        if visit is None or visit.price is None:
            raise ClinicError(_("The price of a session is not set. The medical director enters it in the settings."))
        count = self.version.session_count
        values = {"each": _money(visit.price, visit.currency), "all": _money(visit.price * count, visit.currency)}
        values["count"] = str(count)
        return [_("A session costs %(each)s; all %(count)s together %(all)s. Each is paid on the day.") % values]

    def _duty(self, row: Aftercare) -> str:
        if row.ingredients and not {part.ingredient for part in self.parts}.intersection(row.ingredients):
            return ""
        hours = row.longer_stop_hours if self.version.technique in row.techniques else row.stop_hours
        span = [_("from %(hours)s on") % {"hours": _hours(row.start_hours)}] if row.start_hours else []
        span += [_("until %(hours)s have passed") % {"hours": _hours(hours)}] if span and hours is not None else []
        span += [_hours(hours)] if not span and hours is not None else []
        return f"{row.text}: {' '.join(span)}" if span else row.text


def _choices() -> list[Text]:
    return [
        {
            "id": element,
            "title": str(words.HEADINGS[element]),
            "options": {name: str(text) for name, text in options.items()},
        }
        for element, options in words.CHOICES.items()
    ]


def _questions() -> list[Text]:
    return [
        {
            "id": each["id"],
            "question": str(each["question"]),
            "answers": {name: str(text) for name, text in each["answers"].items()},  # type: ignore[attr-defined]
            "right": each["right"],
            "why": str(each["why"]),
        }
        for each in words.QUESTIONS
    ]


def _often(row: AdverseEventType) -> str:
    word, _bar, note = row.expected.partition(" ")
    often = str(words.OFTEN.get(word.strip(";,"), row.expected))
    return (
        f"{often} {note}".strip()
        if "%" in note
        else f"{often}, {words.COUNT}"
        if not note
        else f"{often}: {note.strip('()')}"
    )


def _plain(duration: str) -> str:
    """Without the marks of sources, which are for the clinic."""
    return duration.partition(" [")[0]


def _call(row: TriageAnswer, emergency: str) -> str:
    signs = ", ".join(str(words.SIGNS.get(sign.id, sign.text)) for sign in row.signs)
    if row.rank == 1:
        return _("Call %(number)s at once for: %(signs)s.") % {"number": emergency, "signs": signs}
    return _("Call us the same day for: %(signs)s.") % {"signs": signs}


def _limit(row: Limited, name: str) -> Decimal:
    return Decimal(row.limit(name))


def _hours(hours: int) -> str:
    days, rest = divmod(hours, 24)
    return (
        _("%(count)s days") % {"count": days}
        if not rest and days > SAFE_DAYS
        else _("%(count)s hours") % {"count": hours}
    )


def _moment(moment: Any) -> str:
    return f"{localize(moment.date())}, {moment:%H:%M}"


def _n(value: Decimal) -> str:
    return str(localize(value.normalize() if value != value.to_integral_value() else value.quantize(Decimal(1))))


def _money(amount: Decimal, currency: str) -> str:
    return str(format_currency(amount, currency, locale=(get_language() or "en").replace("-", "_")))
