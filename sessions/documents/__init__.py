"""What leaves the clinic about events: mails and papers. Importing it registers the writers of mails."""

from sessions.documents import mails

__all__ = ["mails"]
