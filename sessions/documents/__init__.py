"""What leaves the clinic about events: mails and papers. Importing it registers the writers of mails."""

from sessions.documents import adverse_alert, mails

__all__ = ["adverse_alert", "mails"]
