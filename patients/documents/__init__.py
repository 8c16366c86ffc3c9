"""Papers and mails of patients: the exact text of a consent and its PDF, the link to the questions before a visit."""

from patients.documents import intake
from patients.documents.consent import consent_text, digest_of
from patients.documents.consent_pdf import consent_pdf

__all__ = ["consent_pdf", "consent_text", "digest_of", "intake"]
