"""A treatment from the re-screen to the signed, locked record."""

from sessions.services.treatment.closing import add_addendum, finish_treatment, sign_treatment, void_treatment
from sessions.services.treatment.injection import record_delivery, report_reaction, start_treatment
from sessions.services.treatment.lots import use_lot
from sessions.services.treatment.preparation import (
    acknowledge_cautions,
    open_treatment,
    record_checklist,
    rescreen,
)

__all__ = [
    "acknowledge_cautions",
    "add_addendum",
    "finish_treatment",
    "open_treatment",
    "record_checklist",
    "record_delivery",
    "report_reaction",
    "rescreen",
    "sign_treatment",
    "start_treatment",
    "use_lot",
    "void_treatment",
]
