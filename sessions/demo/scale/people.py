"""A hundred thousand invented people and more: each follows from the seed and a number, so that none is remembered."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from mesoclinic.search import digits, normalise
from patients.models import Sex
from sessions.demo.people import ARABIC, ENGLISH, FEMALE_SHARE, NO_EMAIL_EVERY, SPANISH, TURKISH

LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 6
# Odd and no multiple of seven, so without a factor in common with 28: no number comes twice.
STRIDE = 104_729_861
LANGUAGES = (SPANISH,) * 16 + (TURKISH, ARABIC, ENGLISH, ENGLISH)
FIRST, MIDDLE, LAST = (
    ("Al", "Ben", "Car", "Del", "Es", "Fer", "Gal", "Her", "Iz", "Lar", "Mon", "Ol", "Pal", "Quin", "Ri", "Sal", "Tor",
     "Ur", "Val", "Zam"),
    ("ba", "bre", "ca", "da", "de", "do", "ga", "go", "la", "lle", "ma", "mo", "na", "ra", "ta", "ve"),
    ("ñán", "cedo", "chea", "dilla", "gón", "jares", "les", "món", "nero", "ño", "quera", "rro", "sco", "tia", "zábal"),
)  # fmt: skip
COMPOSED_SHARE = 0.6
YOUNGEST, OLDEST = 18 * 366, 78 * 365


class People:
    """The invented people of one seed."""

    def __init__(self, seed: int, day: date) -> None:
        self.seed, self.day = seed, day

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The columns of the person of this number, from 0 on; who registers them adds when."""
        luck = Random(self.seed << 32 | index)
        women, men, families, language, code = luck.choice(LANGUAGES)
        female = luck.random() < FEMALE_SHARE
        given, family = luck.choice(women if female else men), _family(luck, families, language)
        phone = f"{code}{luck.randrange(10, 100)} {luck.randrange(100, 1000)} {luck.randrange(100, 1000)}"
        email = "" if index % NO_EMAIL_EVERY == 0 else f"person{index}@people.example.test"
        return {
            "given_name": given,
            "family_name": family,
            "search_name": normalise(f"{given} {family}"),
            "birth_date": self.day - timedelta(days=luck.randrange(YOUNGEST, OLDEST)),
            "sex_at_birth": Sex.FEMALE if female else Sex.MALE,
            "email": email,
            "phone": phone,
            "phone_digits": digits(phone),
            "language": language,
            "contact_by_email": bool(email),
            "contact_by_phone": True,
            "record_number": self.record_number(index),
        }

    def numbers(self, count: int, known: set[str]) -> Iterator[int]:
        """The first `count` indexes whose record number nobody in the database has."""
        index = 0
        while count:
            if self.record_number(index) not in known:
                yield index
                count -= 1
            index += 1

    def record_number(self, index: int) -> str:
        """What their record is called."""
        number, text = (index * STRIDE + self.seed) % len(LETTERS) ** LENGTH, ""
        for _place in range(LENGTH):
            number, letter = divmod(number, len(LETTERS))
            text += LETTERS[letter]
        return f"M-{text}"


def _family(luck: Random, families: tuple[str, ...], language: str) -> str:
    if language == "ar" or luck.random() > COMPOSED_SHARE:
        return luck.choice(families)
    composed = "".join(luck.choice(part) for part in (FIRST, MIDDLE, LAST))
    return f"{composed} {luck.choice(families)}" if language == "es" else composed
