"""The forms of the treatment room: which form an action posts, and all forms that a page shows."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.forms import BoundField
from django.utils.translation import gettext as _

from mesoclinic.forms import ClinicForm
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from patients.queries.banner import current_facts
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.technique import Technique
from sessions.forms.delivery import DeliveryForm
from sessions.forms.rescreen import RescreenForm
from sessions.forms.treatment import (
    ActForm,
    AddendumForm,
    CautionsForm,
    ChecklistForm,
    LotForm,
    ReactionForm,
    ReasonForm,
)
from sessions.models import TreatmentRecord
from sessions.queries.room import Room, room_for
from sessions.queries.treatment import Need, lots_at, zones_of

__all__ = ["Room", "form_for", "forms_of", "is_offered", "room_for", "typed"]

Failed = tuple[str, ClinicForm]
Build = Callable[[Room, str, Any], ClinicForm | None]


def form_for(room: Room, action: str, data: Any = None) -> ClinicForm | None:
    """The form of an action such as `start` or `lot-12`; None for one that this session does not have."""
    name, dash, place = action.partition("-")
    build = FORMS.get(name)
    if build is None or (room.record is None and name != "open") or bool(dash) != (name in PLACED):
        return None
    return build(room, place, data)


def forms_of(room: Room, failed: Failed | None) -> dict[str, Any]:
    """Each form that the page shows, by its action; what was refused stands in its place with what was typed."""
    steps = [f"checklist-{step.row.id}" for step in room.steps]
    lots = [f"lot-{need.component.pk}" for need in room.needs]
    plain = [name for name in FORMS if name not in PLACED]
    shown = {action: form_for(room, action) for action in (*plain, *steps, *lots)}
    if failed:
        shown |= {failed[0]: failed[1]}
    return {
        **{name: shown[name] for name in plain},
        "checklists": [(step, shown[action]) for step, action in zip(room.steps, steps, strict=True)],
        "lots": [(need, shown[action]) for need, action in zip(room.needs, lots, strict=True)],
    }


def is_offered(room: Room, action: str) -> bool:
    """Whether the page still shows the form of this action; somebody may have gone on meanwhile."""
    return action.partition("-")[0] in OFFERED[room.stage]


def typed(form: ClinicForm) -> list[tuple[str, str]]:
    """Label and words of everything that was typed or chosen in a form."""
    shown = ((field, field.value()) for field in form.visible_fields())
    return [(str(field.label), _words(field, value)) for field, value in shown if value]


def _words(field: BoundField, value: Any) -> str:
    names = {str(code): str(name) for code, name in getattr(field.field, "choices", ())}
    values = value if isinstance(value, list) else [value]
    return ", ".join(_("Yes") if each is True else names.get(str(each), str(each)) for each in values)


def _act(name: str) -> Build:
    return lambda room, place, data: ActForm(data, auto_id=f"{name}_%s")


def _open(room: Room, place: str, data: Any) -> ClinicForm:
    return ClinicForm(data)


def _rescreen(room: Room, place: str, data: Any) -> ClinicForm:
    known = current_facts(room.patient)
    return RescreenForm(data, catalogue=current_catalogue(), today=room.today, known=known)


def _cautions(room: Room, place: str, data: Any) -> ClinicForm:
    read = [finding.rule for finding, acknowledged in room.cautions if acknowledged]
    rules = [(finding.rule, f"{finding.reason}. {finding.action}") for finding, _read in room.cautions]
    return CautionsForm(data, rules=rules, initial={"rules": read})


def _checklist(room: Room, place: str, data: Any) -> ClinicForm | None:
    step = next((each for each in room.steps if each.row.id == place), None)
    return ChecklistForm(data, step=step.row, answers=step.answers) if step else None


def _lot(room: Room, place: str, data: Any) -> ClinicForm | None:
    need = next((each for each in room.needs if str(each.component.pk) == place), None)
    if need is None or room.record is None:
        return None
    initial = {"syringe": need.component.syringe, "volume_ml": f"{need.left_ml.normalize():f}"}
    return LotForm(data, lots=_offered(room.record, need), place=place, initial=initial)


def _offered(record: TreatmentRecord, need: Need) -> list[tuple[int, str]]:
    """Every lot of the product at the site; one that may not be used says why."""
    return [
        (lot.pk, f"{lot.number}: {refusal}" if refusal else _usable(lot.number, lot.on_hand_ml))
        for lot, refusal in lots_at(record, need.component.product)
    ]


def _usable(number: str, on_hand_ml: Decimal) -> str:
    return f"{number} ({on_hand_ml.normalize():f} mL)"


def _reaction(room: Room, place: str, data: Any) -> ClinicForm:
    return ReactionForm(data, catalogue=room.catalogue)


def _delivery(room: Room, place: str, data: Any) -> ClinicForm:
    return DeliveryForm(
        data,
        zones=zones_of(room.version, room.catalogue),
        drawn=dict(room.drawn),
        techniques=room.catalogue.of(Technique),
        initial=_delivered(room),
    )


def _delivered(room: Room) -> dict[str, Any]:
    """What is recorded so far; before that the plan's technique and depth, and nothing else."""
    record, depth = room.record, room.version.depth_mm
    if record is None or not record.volumes:
        return {"technique": room.version.technique, "depth_mm": None if depth is None else f"{depth.normalize():f}"}
    kept: dict[str, Any] = {
        name: getattr(record, name) for name in ("technique", "pain", "bleeding", "none_observed", "deviations")
    }
    for row in record.zones:
        kept[f"zone_{row['zone']}_{row['syringe']}"] = _millilitres(row["volume_ul"])
        kept["depth_mm"] = row["depth_mm"]
    for rest in record.volumes["rest"]:
        kept[f"left_over_{rest['syringe']}"] = _millilitres(rest["left_over_ul"])
        kept[f"discarded_{rest['syringe']}"] = _millilitres(rest["discarded_ul"])
    return kept


def _millilitres(microlitres: int) -> str:
    return f"{(Decimal(microlitres) / MICROLITRES_PER_ML).normalize():f}"


def _void(room: Room, place: str, data: Any) -> ClinicForm:
    return ReasonForm(data, auto_id="void_%s")


def _addendum(room: Room, place: str, data: Any) -> ClinicForm:
    return AddendumForm(data, auto_id="addendum_%s")


# One form for each step of the checklist and for each product of the plan.
PLACED = ("checklist", "lot")
FORMS: Mapping[str, Build] = {
    "open": _open,
    "rescreen": _rescreen,
    "checklist": _checklist,
    "cautions": _cautions,
    "lot": _lot,
    "start": _act("start"),
    "delivery": _delivery,
    "reaction": _reaction,
    "finish": _act("finish"),
    "sign": _act("sign"),
    "void": _void,
    "addendum": _addendum,
}
OFFERED: Mapping[str, frozenset[str]] = {
    "closed": frozenset(),
    "unopened": frozenset({"open"}),
    "preparing": frozenset({"rescreen", "checklist", "cautions", "lot", "reaction", "start", "void"}),
    "injecting": frozenset({"checklist", "lot", "delivery", "reaction", "finish", "void"}),
    "ended": frozenset({"checklist", "delivery", "reaction", "sign", "void"}),
    "locked": frozenset({"reaction", "void", "addendum"}),
}
