"""One normalisation of names and phone numbers, for what is stored and for what is asked."""

import unicodedata

# Letters that people type as their plain neighbour and that Unicode does not take apart.
_PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ـ": ""})


def normalise(text: str) -> str:
    """Text without case, accents, the Turkish dot of i, or doubled spaces, in any script."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(letters.translate(_PLAIN).split())


def digits(phone: str) -> str:
    """The digits of a phone number in any script, without the international 00 or +."""
    found = "".join(str(unicodedata.digit(letter)) for letter in phone if letter.isdigit())
    return found.removeprefix("00")
