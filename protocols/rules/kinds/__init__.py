"""Importing this package registers every row kind, one module a topic."""

from protocols.rules.kinds import (
    adverse_events,
    aftercare,
    candidacy,
    consent,
    diagnosis,
    formulation,
    ingredients,
    inputs,
    messages,
    outcome,
    schedule,
    session_day,
    sources,
    technique,
)

__all__ = [
    "adverse_events",
    "aftercare",
    "candidacy",
    "consent",
    "diagnosis",
    "formulation",
    "ingredients",
    "inputs",
    "messages",
    "outcome",
    "schedule",
    "session_day",
    "sources",
    "technique",
]
