"""Which language a text is in: a language without translations is never mixed with English, it is English."""

from functools import cache

from django.conf import settings


@cache
def spoken(language: str) -> str:
    """The language when the clinic has its texts, else the one that they are written in."""
    folders = settings.LOCALE_PATHS
    there = any((folder / language / "LC_MESSAGES" / "django.mo").exists() for folder in folders)
    return language if there else str(settings.LANGUAGE_CODE)
