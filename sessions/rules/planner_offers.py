"""What each day offers a session: the times that miss the fewest wishes, and the place at each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from mesoclinic.rules.arithmetic import MINUTES_PER_HOUR
from sessions.rules.free_time import ClinicTime, Place, Wish, place_at
from sessions.rules.planner_days import free_minutes, minute_of
from sessions.rules.series_places import Pick, Preferences


@dataclass(frozen=True, slots=True)
class Offer:
    """The wall-clock minutes of a day that miss the fewest wishes, sorted, and how many those are."""

    missed: int
    minutes: tuple[int, ...]


class Offers:
    """The offers of a clinic to one patient; each day is looked at once. Days are numbers as `date.toordinal` gives."""

    def __init__(self, clinic: ClinicTime, preferences: Preferences) -> None:
        self.clinic, self.preferences = clinic, preferences
        self._found: dict[int, Offer | None] = {}

    def on(self, day: int) -> Offer | None:
        """What the day offers; None when the visit fits at no time."""
        if day not in self._found:
            self._found[day] = self._look(date.fromordinal(day))
        return self._found[day]

    def place(self, day: int, minute: int) -> Place:
        """The place at a time that was offered, with the wished clinician if that one is free."""
        starts_at = instant(self.clinic, day, minute)
        for clinician_id in (self.preferences.clinician_id, None):
            found = place_at(self.clinic, starts_at, Wish(clinician_id=clinician_id))
            if isinstance(found, Place):
                return found
        raise ValueError(f"{starts_at} was never offered")

    def picked(self, pick: Pick) -> Place | None:
        """The place that somebody chose by hand, if it is free."""
        found = place_at(self.clinic, pick.starts_at, Wish(clinician_id=pick.clinician_id))
        return found if isinstance(found, Place) else None

    def _look(self, day: date) -> Offer | None:
        if day in self.preferences.without:
            return None
        free = free_minutes(self.clinic, day, self.preferences.clinician_id)
        return _best(free, self.preferences, day) if free else None


def instant(clinic: ClinicTime, day: int, minute: int) -> datetime:
    """The moment (UTC) at which the wall clock of the site shows a minute of a day for the first time."""
    hour, rest = divmod(minute, MINUTES_PER_HOUR)
    return datetime.combine(date.fromordinal(day), time(hour, rest), clinic.zone).astimezone(UTC)


def day_and_minute(clinic: ClinicTime, place: Place) -> tuple[int, int]:
    """The day and the minute on the wall at which a place begins."""
    local = place.starts_at.astimezone(clinic.zone)
    return local.toordinal(), minute_of(local.time())


def _best(free: Mapping[int, bool], preferences: Preferences, day: date) -> Offer:
    earliest, latest = minute_of(preferences.earliest), minute_of(preferences.latest)
    missed = {
        minute: (not earliest <= minute <= latest) + (not with_wished_clinician)
        for minute, with_wished_clinician in free.items()
    }
    least = min(missed.values())
    minutes = tuple(sorted(minute for minute, number in missed.items() if number == least))
    return Offer(least + (not preferences.like(day)), minutes)
