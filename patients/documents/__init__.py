"""Papers of patients: the exact text of a consent, and its PDF."""

from patients.documents.consent import consent_text, digest_of
from patients.documents.consent_pdf import consent_pdf

__all__ = ["consent_pdf", "consent_text", "digest_of"]
