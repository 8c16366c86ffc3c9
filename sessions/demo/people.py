"""The demo's patients: invented names of several languages, some without an e-mail address, one with a single name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from mesoclinic.accounts import User
from mesoclinic.sites import Site
from patients.models import Patient, Sex
from patients.services.registration import register_patient

# given names of women, of men, family names, language, dialling code
SPANISH = (
    ("Lucía", "Íñiga", "Begoña", "María José", "Nuria", "Rocío", "Inés", "Águeda", "Sofía", "Carmen"),
    ("Álvaro", "Íñigo", "José Ángel", "Rubén", "Martín", "Óscar", "Adrián", "Víctor", "Hugo", "Andrés"),
    ("Núñez", "García Peña", "Ibáñez", "Muñoz", "Güell", "Sáez Ordóñez", "Castaño", "Peñalver", "Yáñez", "Bermúdez"),
    "es",
    "+34 6",
)
TURKISH = (
    ("Selin", "Zeynep", "Gökçe", "İpek", "Şule", "Çiğdem", "Ayşegül", "Özlem", "Irmak", "Nesrin"),
    ("Kerem", "İlker", "Oğuzhan", "Çağrı", "Şahin", "Ümit", "Barış", "Emre", "Tuğrul", "Ömer"),
    ("Ağaoğlu", "Yılmaz", "Şimşek", "Çelik", "Öztürk", "Iğdır", "Güneş", "Karadağ", "Doğan", "Aktaş"),
    "tr",
    "+90 53",
)
ARABIC = (
    ("ليلى", "نور", "سلمى", "هدى", "ريم"),
    ("يوسف", "عمر", "خالد", "سامي", "طارق"),
    ("الخطيب", "حداد", "المنصوري", "بن علي", "السيد"),
    "ar",
    "+971 5",
)
ENGLISH = (
    ("Ciara", "Naomi", "Helen", "Zoë", "Renée"),
    ("Liam", "Seán", "Noël", "George", "Tomás"),
    ("O’Brien", "Ní Bhriain", "Smith-Ñuñoa", "Brontë", "Fitzgerald"),
    "en",
    "+44 74",
)
Names = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str, str]
IN_MADRID: tuple[Names, ...] = (SPANISH, SPANISH, SPANISH, SPANISH, TURKISH, ARABIC, ENGLISH)
IN_ISTANBUL: tuple[Names, ...] = (TURKISH, TURKISH, TURKISH, ARABIC, ENGLISH)
NO_EMAIL_EVERY = 7
FEMALE_SHARE = 0.6
# Addresses that are typed wrong, as one finds in every clinic, and one whose server never answers.
MISTYPED, MUTE = "exmaple.test", "slow.example.test"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to register."""

    given_name: str
    family_name: str
    birth_date: date
    sex_at_birth: str
    email: str
    phone: str
    language: str

    @property
    def female(self) -> bool:
        return self.sex_at_birth == Sex.FEMALE


# Without a given name, as in many countries, and without an e-mail address.
SINGLE_NAME = Person("", "Suryani", date(1988, 5, 2), Sex.FEMALE, "", "+34 612 000 017", "en")


def people(random: Random, day: date, names: tuple[Names, ...], mail: str) -> Iterator[Person]:
    """Ever more invented people, each name once; `mail` is the domain of their addresses."""
    seen: set[tuple[str, str]] = set()
    while True:
        women, men, families, language, code = random.choice(names)
        female = random.random() < FEMALE_SHARE
        given, family = random.choice(women if female else men), random.choice(families)
        if (given, family) in seen:
            continue
        seen.add((given, family))
        number = len(seen)
        born = day - timedelta(days=random.randint(24 * 365, 62 * 365))
        email = "" if number % NO_EMAIL_EVERY == 0 else f"patient{number:02}@{mail}"
        phone = f"{code}{random.randint(10, 99)} {random.randint(100, 999)} {random.randint(100, 999)}"
        yield Person(given, family, born, Sex.FEMALE if female else Sex.MALE, email, phone, language)


def register(desk: User, site: Site, person: Person) -> Patient:
    """Add somebody at a site, with the permissions that most people give."""
    return register_patient(
        desk,
        site=site,
        add_anyway=True,
        numbers=Random(f"{person}"),
        given_name=person.given_name,
        family_name=person.family_name,
        birth_date=person.birth_date,
        sex_at_birth=person.sex_at_birth,
        email=person.email,
        phone=person.phone,
        language=person.language,
        contact_by_email=bool(person.email),
        contact_by_phone=True,
        contact_by_sms=False,
    )
