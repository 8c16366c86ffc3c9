"""What desk and doctors open and book all day, each beside the least that Django and the database take for it."""

import random
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.floor import bare
from benchmarks.stack import Answer, Browser, Cost, Wsgi, done, expect, user
from mesoclinic import clock, jobs
from mesoclinic.search import normalise
from mesoclinic.sites import Room, VisitType
from patients.models import FactSheet, Patient
from sessions.demo import care
from sessions.queries.bookings import clinicians_at
from sessions.queries.planning import clinic_time
from sessions.rules.free_time import Wish, free_places

ROUNDS, BOOKINGS, SERIES, SESSIONS = 40, 30, 12, 8
WARM = 2
HIDDEN = re.compile(r'name="(key|seen|picks)" value="([^"]*)"')


class Run:
    """All that is measured, by its name."""

    def __init__(self) -> None:
        self.desk, self.doctor = user("desk"), user("doctor1")
        self.site = self.desk.sites.get()
        self.at_desk, self.at_work = Browser(self.desk), Browser(self.doctor)
        self.floor = Browser(wsgi=bare())
        self.luck, self.costs = random.Random(1), defaultdict[str, Cost](Cost)
        self.today = clock.now().astimezone(self.site.zone).date()

    def add(self, what: str, answer: Answer, *statuses: int) -> None:
        """Count an answer, and the empty floor once beside it."""
        self.costs[what].add(expect(answer, *(statuses or (200,))))
        self.costs["floor: empty view, one SELECT"].add(self.floor.get("/floor/", {"id": str(self.desk.pk)}))


def main() -> None:
    run = Run()
    with jobs.unqueued():
        for measure in (_calendar, _board, _search, _patient_page, _free_slots, _book_one, _book_series):
            measure(run)
    done({name: cost.row() for name, cost in run.costs.items()})


def _calendar(run: Run) -> None:
    for number in range(ROUNDS + WARM):
        on = run.today - timedelta(days=7 * run.luck.randrange(1, 120))
        first = datetime.combine(on - timedelta(days=on.weekday()), datetime.min.time())
        query = {"on": f"{on.day} {on.month} {on.year}", "view": "week"}
        page, data = run.at_desk.get("/calendar/", query), run.at_desk.get("/calendar/events/", query)
        day = run.at_desk.get("/calendar/", query | {"view": "day"})
        bottom = run.floor.get("/week/", {"site": str(run.site.pk), "first": first.isoformat()})
        if number >= WARM:
            run.add("week view, page", page)
            run.add("week view, data", data)
            run.add("day view, page", day)
            run.add("floor: week by raw SQL", bottom)
    far = run.today + timedelta(days=600)
    for _round in range(WARM):
        empty = run.at_desk.get("/calendar/events/", {"on": f"{far.day} {far.month} {far.year}"})
        run.add("week view, data of an empty week", empty)


def _board(run: Run) -> None:
    for number in range(ROUNDS + WARM):
        answer = run.at_desk.get("/board/")
        if number >= WARM:
            run.add("day board", answer)


def _search(run: Run) -> None:
    people = _sample(run, Patient.objects.values_list("pk", flat=True), ROUNDS + WARM)
    for number, person in enumerate(people):
        part = person.family_name[:5]
        asked = {
            "search, part of a surname": part,
            "search, no accents": normalise(part),
            "search, capitals": part.upper(),
            "search, given and family name": f"{person.given_name} {person.family_name}",
            "search, phone digits": person.phone_digits[-6:],
            "search, birth date": f"{person.birth_date.day} {person.birth_date.month} {person.birth_date.year}",
            "search, day and month of birth": f"{person.birth_date.day} {person.birth_date.month}",
            "search, record number": person.record_number,
            "search, nobody": f"xq{number}zw",
        }
        for what, text in asked.items():
            answer = run.at_desk.get("/patients/", {"q": text}, htmx=True)
            if number >= WARM:
                run.add(what, answer)
        bottom = run.floor.get("/search/", {"q": normalise(part)})
        if number >= WARM:
            run.add("floor: search by raw SQL", bottom)


def _patient_page(run: Run) -> None:
    known = FactSheet.objects.values_list("patient_id", flat=True)
    for number, person in enumerate(_sample(run, known, ROUNDS + WARM)):
        answer = run.at_work.get(f"/patients/{person.pk}/")
        if number >= WARM:
            run.add("patient page, full record", answer)


def _free_slots(run: Run) -> None:
    """No page offers this by itself yet, so that its query and its rule are called as a page would."""
    visit_type = VisitType.objects.get(site=run.site, kind="consultation")

    def day(wish: Wish) -> None:
        on = run.today + timedelta(days=run.luck.randrange(1, 60))
        clinic = clinic_time(run.site, visit_type, first=on, last=on, patient_id=None)
        list(free_places(clinic, on, wish))

    ours = Browser(wsgi=_as_application(lambda: day(Wish(clinician_id=run.doctor.pk))))
    anybody = Browser(wsgi=_as_application(lambda: day(Wish())))
    for number in range(ROUNDS + WARM):
        one, five = ours.get("/"), anybody.get("/")
        if number >= WARM:
            run.add("free slots of a day, one clinician (query and rule)", one)
            run.add("free slots of a day, any of five (query and rule)", five)


def _as_application(call: Callable[[], None]) -> Wsgi:
    def answer(_environ: object, start: Callable[..., object]) -> object:
        call()
        start("200 OK", [])
        return _Nothing()

    return answer


class _Nothing(list[bytes]):
    def close(self) -> None:
        """There is nothing to close."""


def _book_one(run: Run) -> None:
    visit_type = VisitType.objects.get(site=run.site, kind="consultation")
    path = f"/bookings/new/?site={run.site.pk}"
    times = _free_times(run, visit_type, BOOKINGS + WARM)
    people = _sample(run, Patient.objects.values_list("pk", flat=True), BOOKINGS + WARM)
    for number, (person, (on, at)) in enumerate(zip(people, times, strict=True)):
        form = {
            "key": uuid4().hex,
            "patient": str(person.pk),
            "visit_type": str(visit_type.pk),
            "on": f"{on.day} {on.month} {on.year}",
            "at": at,
        }
        answer = run.at_desk.post(path, form)
        expect(answer, 302)
        bottom = expect(run.floor.post("/book/", _bare_form(run, person, number, 1)), 200)
        if number >= WARM:
            run.add("book one visit", answer, 302)
            run.add("floor: one guarded insert", bottom)


def _book_series(run: Run) -> None:
    known = FactSheet.objects.filter(patient__series=None).values_list("patient_id", flat=True)
    for number, person in enumerate(_sample(run, known, SERIES + WARM)):
        seen = care.consult(run.doctor, person, scalp_infection="none")
        plan = care.plan(run.doctor, seen, "P1", SESSIONS)
        care.sign(run.doctor, plan)
        path, start = f"/plans/{plan.pk}/book/", run.today + timedelta(days=40 + number)
        wishes = {"start": f"{start.day} {start.month} {start.year}"}
        page = run.at_desk.post(path, wishes | {"action": "find"})
        expect(page, 200)
        answer = run.at_desk.post(path, wishes | {"action": "book"} | dict(HIDDEN.findall(page.body)))
        expect(answer, 302)
        bottom = expect(run.floor.post("/book/", _bare_form(run, person, BOOKINGS + WARM + number, SESSIONS)), 200)
        if number >= WARM:
            run.add(f"find a series of {SESSIONS}", page)
            run.add(f"book a series of {SESSIONS}", answer, 302)
            run.add(f"floor: {SESSIONS} guarded inserts", bottom)


def _free_times(run: Run, visit_type: VisitType, number: int) -> list[tuple[date, str]]:
    """Times that are free now and far enough apart to stay so."""
    found: list[tuple[date, str]] = []
    on = run.today
    while len(found) < number:
        on += timedelta(days=1)
        clinic = clinic_time(run.site, visit_type, first=on, last=on, patient_id=None)
        places = list(free_places(clinic, on, Wish()))
        found += [(on, f"{each.starts_at.astimezone(run.site.zone):%H:%M}") for each in places[:1]]
    return found[:number]


def _bare_form(run: Run, person: Patient, number: int, count: int) -> dict[str, str]:
    start = datetime(2040, 1, 2, 9, tzinfo=UTC) + timedelta(hours=number)
    room = Room.objects.filter(site=run.site).order_by("pk").values_list("pk", flat=True)[0]
    who = {"site": run.site.pk, "patient": person.pk, "room": room, "desk": run.desk.pk, "count": count}
    who["clinician"] = clinicians_at(run.site)[0].pk
    return {name: str(value) for name, value in who.items()} | {"start": start.replace(tzinfo=None).isoformat()}


def _sample(run: Run, keys: object, number: int) -> list[Patient]:
    chosen = run.luck.sample(sorted(set(keys)), number)  # type: ignore[call-overload]
    return [Patient.objects.get(pk=key) for key in chosen]


if __name__ == "__main__":
    main()
