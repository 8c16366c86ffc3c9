"""Finding one person by what the desk hears on the phone."""

from datetime import date

import pytest

from patients.queries.people import find_patients
from tests.builders import clinic, people


@pytest.fixture
def selin():
    return people.patient(
        family_name="Ağaoğlu", birth_date=date(1992, 3, 14), phone="+90 532 111 22 33", record_number="M-4K7QXD"
    )


@pytest.fixture
def desk(selin):
    return clinic.desk(at=selin.sites.get())


@pytest.mark.parametrize(
    "text",
    [
        "ağao",
        "AGAO",
        "aga\u0306o",
        "selin aga",
        "ağaoğlu selin",
        "532 111",
        "0532 111 22 33",
        "2233",
        "14.3.1992",
        "14/03/1992",
        "1992-03-14",
        "14 mar 1992",
        "14 mar",
        "M-4K7Q",
        "4k7qxd",
        "m4k7qxd",
    ],
)
def test_finds_the_patient(desk, selin, text):
    assert list(find_patients(desk, text).patients) == [selin]


@pytest.mark.parametrize("text", ["", "  ", "ağaz", "14.3.1993", "999", "%", "_", "9" * 5000, "'; --", "lidocaine"])
def test_finds_nobody(desk, selin, text):
    people.fact_sheet(selin, facts={"allergies": [{"class": "lidocaine", "reaction": "urticaria"}]})
    assert not find_patients(desk, text).patients


def test_another_sites_patient_is_not_found(selin):
    assert not find_patients(clinic.desk(at=clinic.site()), "Ağaoğlu").patients


def test_twenty_at_most_and_says_that_there_are_more(desk, selin):
    for _ in range(20):
        people.patient(site=selin.sites.get(), family_name="Ağaoğlu", birth_date=date(1980, 1, 1))
    found = find_patients(desk, "agaoglu")
    assert (len(found.patients), found.more) == (20, True)


def test_two_of_one_name_and_birth_date_are_marked(desk, selin):
    twin = people.patient(site=selin.sites.get(), family_name="Agaoglu", birth_date=selin.birth_date)
    assert find_patients(desk, "agaoglu").twins == {selin.pk, twin.pk}
