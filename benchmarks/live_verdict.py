"""The verdict beside the form: one answer more is sent, saved, judged and drawn, as htmx does it while one types."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.floor import bare
from benchmarks.stack import Browser, Cost, done, expect, user
from mesoclinic import clock
from patients.forms.consultation import initial_of
from patients.models import Consultation, FactSheet, Patient
from protocols.queries.catalogue import current_catalogue
from sessions.demo.care import MAN, NOTES, WELL, WOMAN

PATIENTS = 10
WARM = 1


def main() -> None:
    doctor = user("doctor1")
    browser, floor = Browser(doctor), Browser(wsgi=bare())
    ours, beside = Cost(), Cost()
    for number, patient in enumerate(_patients()):
        place = expect(browser.post(f"/patients/{patient.pk}/consultations/", {}), 302).headers["Location"]
        expect(browser.get(place), 200)
        for answers in _typed(patient):
            version = Consultation.objects.values_list("version", flat=True).get(pk=place.strip("/").split("/")[-1])
            answer = browser.post(place, answers | {"version": str(version)}, htmx=True)
            expect(answer, 200)
            bottom = expect(floor.get("/floor/", {"id": str(doctor.pk)}), 200)
            if number >= WARM:
                ours.add(answer)
                beside.add(bottom)
    done({"live verdict, one more answer": ours.row(), "floor": beside.row()})


def _patients() -> list[Patient]:
    """People without and with a fact sheet, so that new and returning patients are among them."""
    keys = sorted(Patient.objects.values_list("pk", flat=True))
    known = sorted(FactSheet.objects.values_list("patient_id", flat=True)[: PATIENTS * 100])
    luck = random.Random(1)
    chosen = [*luck.sample(keys, PATIENTS // 2 + WARM), *luck.sample(known, PATIENTS // 2)]
    return [Patient.objects.get(pk=key) for key in dict.fromkeys(chosen)]


def _typed(patient: Patient) -> list[dict[str, str | list[str]]]:
    """The form as it is sent after each answer: one field more each time."""
    usual = MAN if patient.sex_at_birth == "male" else WOMAN
    today = clock.now().date().isoformat()
    answers = usual | WELL | {"sex_at_birth": patient.sex_at_birth}
    facts = {name: {"value": value, "observed_on": today} for name, value in answers.items()}
    typed = initial_of(facts, current_catalogue()) | NOTES
    fields = [
        (name, [str(each) for each in value] if isinstance(value, list) else str(value))
        for name, value in typed.items()
        if value not in (None, "", []) and not name.endswith("__observed_on")
    ]
    return [dict(fields[: upto + 1]) for upto in range(len(fields))]


if __name__ == "__main__":
    main()
