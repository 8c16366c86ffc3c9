"""`make races`: 32 colleagues want the same slots, over HTTP, on both databases; writes docs/reports/races.md.

`--tries` says how often each of them tries in the longest race; 100 when it is not given.
"""

import os
import random
import re
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.cookiejar import CookieJar
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
REPORT = ROOT / "docs" / "reports" / "races.md"
CLIENTS = 32
SERIES = 10
TRIES = 100
# Three days of half-hours hold 54 visits of one clinician, so that nearly all of 3,200 tries are lost to somebody.
DAYS = 3
SEEDS = (1, 2, 3)
ONE_SLOT = "one slot"
EXPECTED = {302: 1, 409: CLIENTS - 1}
HIDDEN = re.compile(r'name="(key|seen|picks|csrfmiddlewaretoken)" value="([^"]*)"')


@dataclass(frozen=True)
class Outcome:
    """What one race gave."""

    database: str
    what: str
    seed: int
    statuses: Counter[int]
    named: int
    leaks: int
    overlaps: int
    halves: int
    p95_ms: int

    @property
    def good(self) -> bool:
        fair = dict(self.statuses) == EXPECTED if self.what == ONE_SLOT else self.statuses[302] >= 1
        known = set(self.statuses) <= {302, 409}
        told = self.named == self.statuses[409]
        return fair and known and told and not (self.leaks or self.overlaps or self.halves)


Call = Callable[[], tuple[int, str]]


class Stay(HTTPRedirectHandler):
    """Answers a redirect as it is: where it leads is not part of the race."""

    def redirect_request(self, *_: object) -> None:
        return None


class Desk:
    """A colleague's browser, already signed in."""

    def __init__(self, base: str, session: str) -> None:
        self.base = base
        self.session = session
        self.jar = CookieJar()
        self.opener: OpenerDirector = build_opener(HTTPCookieProcessor(self.jar), Stay())

    def send(self, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        body = urlencode(data).encode() if data is not None else None
        cookies = "; ".join([f"session={self.session}", *(f"{c.name}={c.value}" for c in self.jar if c.name == "csrf")])
        request = Request(self.base + path, body, {"Cookie": cookies})
        try:
            with self.opener.open(request, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            return answer.code, answer.read().decode()


def main() -> int:
    from tests import services

    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--tries", type=int, default=TRIES)
    tries = asked.parse_args().tries
    outcomes = list(_on("SQLite", "", tries))
    with services.postgres() as url:
        outcomes += _on("PostgreSQL", url, tries)
    text = _report(outcomes, tries)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _on(database: str, url: str, tries: int) -> Iterator[Outcome]:
    with TemporaryDirectory(prefix="meso-races-") as folder:
        os.environ.update(MESOCLINIC_VAR=folder, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="tests.settings")
        done = subprocess.run(
            [sys.executable, __file__, "--one", database, str(tries)],
            cwd=ROOT,
            env=os.environ,
            stdout=subprocess.PIPE,
            check=True,
        )
        import pickle

        yield from pickle.loads(done.stdout)


def one_database(database: str, tries: int) -> list[Outcome]:
    """All races on the database that the environment names."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from tests.builders import catalogue

    if connection.vendor == "sqlite":
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"]
    with _quiet():
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        catalogue.keep()
    with _web() as base:
        races = (_one_slot, _overlapping_series, partial(_many_tries, tries=tries))
        return [race(database, base, seed) for race in races for seed in SEEDS]


@contextmanager
def _quiet() -> Iterator[None]:
    # The parent reads this process's words; whatever else is printed goes to the other stream.
    kept, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = kept


@contextmanager
def _web() -> Iterator[str]:
    from tests import services

    port = services.free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "mesoclinic/gunicorn.py", "-b", f"127.0.0.1:{port}"]
    with services.running([*command, "mesoclinic.wsgi:application"], cwd=ROOT, env=os.environ) as process:
        base = f"http://127.0.0.1:{port}"
        services.wait_for(lambda: services.answers(f"{base}/healthz"), seconds=30, what="gunicorn", process=process)
        yield base


def _one_slot(database: str, base: str, seed: int) -> Outcome:
    rush = _rush(f"{database} one slot", seed)

    def prepare(desk: Desk, number: int) -> Iterator[Call]:
        form = rush.form(number) | {"on": rush.first.isoformat(), "at": "10:00"}
        yield lambda: desk.send(rush.path, form | _hidden(desk.send(rush.path)[1]))

    return _race(database, ONE_SLOT, base, seed, rush.site, CLIENTS, prepare)


@dataclass(frozen=True)
class _Rush:
    """A site with one clinician, and a patient for each of the colleagues who want her time."""

    site: object
    first: date
    path: str
    visit_type: int
    patients: list[int]

    def form(self, number: int) -> dict[str, str]:
        return {"patient": str(self.patients[number]), "visit_type": str(self.visit_type)}


def _rush(name: str, seed: int) -> _Rush:
    from mesoclinic import clock
    from tests.builders import clinic, people

    site = clinic.site(name=f"{name} {seed}")
    clinic.dermatologist(site)
    kind = site.visit_types.get(kind="consultation").pk
    patients = [people.patient(site=site, family_name=f"Secretname{number}").pk for number in range(CLIENTS)]
    return _Rush(site, _a_thursday(clock.now(), 3 + seed), f"/bookings/new/?site={site.pk}", kind, patients)


def _overlapping_series(database: str, base: str, seed: int) -> Outcome:
    from mesoclinic import clock
    from tests.builders import clinic, people, plans

    luck = random.Random(seed)
    site = clinic.site(name=f"{database} series {seed}")
    doctor = clinic.dermatologist(site)
    versions = [
        plans.signed_plan(people.patient(site=site, family_name=f"Secretname{number}"), doctor, site, protocol="P1")
        for number in range(SERIES)
    ]

    def prepare(desk: Desk, number: int) -> Iterator[Call]:
        path = f"/plans/{versions[number].plan_id}/book/"
        start = _a_thursday(clock.now(), 2 + luck.randrange(3))
        wishes = {"start": start.isoformat(), "earliest": "14:00", "clinician": str(doctor.pk)}
        token = _hidden(desk.send(path)[1])["csrfmiddlewaretoken"]
        page = desk.send(path, wishes | {"action": "find", "csrfmiddlewaretoken": token})[1]
        form = wishes | {"action": "book"} | _hidden(page)
        yield lambda: desk.send(path, form)

    return _race(database, "overlapping series", base, seed, site, SERIES, prepare)


def _many_tries(database: str, base: str, seed: int, *, tries: int) -> Outcome:
    rush = _rush(f"{database} many tries", seed)

    def prepare(desk: Desk, number: int) -> Iterator[Call]:
        luck = random.Random(f"{seed} {number}")
        form = rush.form(number) | {"csrfmiddlewaretoken": _hidden(desk.send(rush.path)[1])["csrfmiddlewaretoken"]}
        for _try in range(tries):
            on = rush.first + timedelta(weeks=luck.randrange(DAYS))
            wish = {"on": on.isoformat(), "at": f"{luck.randrange(9, 18):02d}:{luck.choice(('00', '30'))}"}
            yield partial(desk.send, rush.path, form | wish | {"key": uuid4().hex})

    return _race(database, f"{tries} tries each", base, seed, rush.site, CLIENTS, prepare)


def _race(
    database: str,
    what: str,
    base: str,
    seed: int,
    site: object,
    clients: int,
    prepare: Callable[[Desk, int], Iterator[Call]],
) -> Outcome:
    from tests.builders import clinic

    names = [f"Colleague {seed} {number}" for number in range(clients)]
    desks = [Desk(base, _session_of(clinic.desk(site, name=name))) for name in names]  # type: ignore[arg-type]
    calls = [list(prepare(desk, number)) for number, desk in enumerate(desks)]
    start, times = Barrier(clients), []

    def timed(call: Call) -> tuple[int, str]:
        began = time.monotonic()
        answer = call()
        times.append(time.monotonic() - began)
        return answer

    def run(own: list[Call]) -> list[tuple[int, str]]:
        start.wait()
        return [timed(call) for call in own]

    with ThreadPoolExecutor(clients) as pool:
        answers = [answer for own in pool.map(run, calls) for answer in own]
    lost = [text for status, text in answers if status == 409]
    own = [f"Secretname{number}" for number in range(clients)]
    return Outcome(
        database,
        what,
        seed,
        Counter(status for status, _ in answers),
        named=sum("Nothing was booked" in text and f"Colleague {seed} " in _alert(text) for text in lost),
        leaks=sum(name in _alert(text) for text in lost for name in own),
        overlaps=_overlaps(),
        halves=_halves(),
        p95_ms=round(statistics.quantiles(times, n=20)[-1] * 1000),
    )


def _alert(text: str) -> str:
    found = re.search(r'class="error-summary".*?</div>', text, re.DOTALL)
    return found.group(0) if found else ""


def _hidden(page: str) -> dict[str, str]:
    return dict(HIDDEN.findall(page))


def _session_of(user: object) -> str:
    """A session as signing in leaves it: how people sign in is not part of the race."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)  # type: ignore[attr-defined]
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()  # type: ignore[attr-defined]
    store.save()
    return str(store.session_key)


def _a_thursday(now: datetime, weeks: int) -> date:
    day = now.astimezone(UTC).date() + timedelta(weeks=weeks)
    return day + timedelta(days=(3 - day.weekday()) % 7)


def _overlaps() -> int:
    """Pairs of uses of one resource that share time, counted from the uses, not from the grid that guards them."""
    from sessions.models import BookingUse

    rows = BookingUse.objects.exclude(booking__state="cancelled").order_by("resource_kind", "resource_id", "starts_at")
    return sum(
        (before.resource_kind, before.resource_id) == (after.resource_kind, after.resource_id)
        and after.starts_at < before.ends_at
        for before, after in pairwise(rows)
    )


def _halves() -> int:
    from sessions.models import Booking, Series, TreatmentSession

    wrong = sum(
        series.sessions.filter(state="booked", bookings__state="booked").count() != series.plan_version.session_count
        for series in Series.objects.all()
    )
    loose = Booking.objects.filter(kind="treatment", treatment_session=None).count()
    return wrong + loose + TreatmentSession.objects.filter(bookings=None).count()


def _report(outcomes: list[Outcome], tries: int) -> str:
    rows = [
        f"| {o.database} | {o.what} | {o.seed} | {o.statuses[302]} | {o.statuses[409]} | "
        f"{sum(n for status, n in o.statuses.items() if status >= 500)} | "
        f"{sum(n for status, n in o.statuses.items() if status not in (302, 409) and status < 500)} | "
        f"{o.named} | {o.leaks} | {o.overlaps} | {o.halves} | {o.p95_ms} | {'yes' if o.good else 'NO'} |"
        for o in outcomes
    ]
    head = [
        "# Races for one slot",
        "",
        f"Written by `make races`: {CLIENTS} colleagues book one slot at the same moment, and {SERIES} colleagues book "
        f"overlapping series of ten sessions, and {CLIENTS} colleagues try {tries} times each to book any half-hour of "
        f"{DAYS} days, over HTTP against gunicorn with two workers. A loser counts as told when "
        "the page names what is taken and the colleague; a leak is another patient's name in that message.",
        "",
        "| database | race | seed | 302 | 409 | 5xx | other | told | leaks | overlaps | halves | p95 ms | expected |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


if __name__ == "__main__":
    if "--one" in sys.argv:
        import pickle

        sys.stdout.buffer.write(pickle.dumps(one_database(sys.argv[-2], int(sys.argv[-1]))))
    else:
        raise SystemExit(main())
