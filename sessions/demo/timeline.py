"""Work that happens in the past and in its order: the project's one clock is set back and led up to the present."""

import heapq
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from django.conf import settings

from mesoclinic import clock

Deed = Callable[[], None]


@dataclass(slots=True)
class Timeline:
    """What is to happen when; `run` does it in order, each deed at its own moment."""

    file: Path
    _deeds: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def at(self, moment: datetime, deed: Deed) -> None:
        """Have something happen at that moment; also from within another deed."""
        heapq.heappush(self._deeds, (moment, next(self._numbers), deed))

    def run(self, *, until: datetime, before_each: Deed) -> None:
        """Do everything that falls before `until`; what is later does not happen."""
        while self._deeds and self._deeds[0][0] <= until:
            moment, _, deed = heapq.heappop(self._deeds)
            self.set(moment)
            before_each()
            deed()
        self.set(until)
        before_each()

    def set(self, moment: datetime) -> None:
        """From now on the clinic's clock says this."""
        clock.lead_to(self.file, moment)


@contextmanager
def own_clock() -> Iterator[Timeline]:
    """A clock of this process alone; afterwards the clinic's clock is what it was."""
    kept = settings.CLOCK_FILE
    with tempfile.TemporaryDirectory() as folder:
        timeline = Timeline(Path(folder) / "clock")
        settings.CLOCK_FILE = str(timeline.file)
        try:
            yield timeline
        finally:
            settings.CLOCK_FILE = kept
