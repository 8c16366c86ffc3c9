"""Importing this package registers the condition of every candidacy rule."""

from patients.rules.conditions import bleeding, diagnosis, medicines, person, scalp, systemic
from patients.rules.conditions.case import CONDITIONS, Case

__all__ = ["CONDITIONS", "Case", "bleeding", "diagnosis", "medicines", "person", "scalp", "systemic"]
