"""The whole demo clinic in one transaction: all of it, or an empty database that can be filled again."""

from datetime import date, datetime, time, timedelta
from random import Random

from mesoclinic import jobs
from mesoclinic.transactions import atomic
from sessions.demo import ledger
from sessions.demo.clinic import close_on_holidays, make_clinic
from sessions.demo.knowledge import make_catalogue, make_stock
from sessions.demo.stage import Stage
from sessions.demo.stories import cast
from sessions.demo.timeline import own_clock

SET_UP_DAYS = 400
HOLIDAYS_AGAIN_DAYS = 40


def seed(*, number: int, day: date, until: datetime) -> None:
    """Make the clinic of that number around the day, as it stands at the moment `until`."""
    with own_clock() as timeline, jobs.unqueued(), atomic():
        timeline.set(until - timedelta(days=SET_UP_DAYS))
        clinic = make_clinic(day)
        close_on_holidays(clinic, day)
        make_catalogue(clinic.director)
        make_stock(clinic.director, (clinic.madrid.site, clinic.istanbul.site), day)
        stage = Stage(timeline, clinic, day, until, Random(number))
        again = datetime.combine(day - timedelta(days=HOLIDAYS_AGAIN_DAYS), time(8), clinic.madrid.site.zone)
        timeline.at(again, lambda: close_on_holidays(clinic, day))
        cast(stage)
        timeline.run(until=until, before_each=ledger.settle_due)
