"""Places where a test may kill the process; asleep unless settings.FAULTPOINTS is on."""

import os
import signal

from django.conf import settings

POINTS = ("before_claim", "after_claim", "in_data", "after_250", "after_commit")


def reach(point: str) -> None:
    """Die by SIGKILL when MESOCLINIC_KILL_AT asks for it: `in_data:40` is every fortieth time over all processes."""
    if settings.FAULTPOINTS and _asked(point):
        os.kill(os.getpid(), signal.SIGKILL)


def kills(point: str, every: int) -> int:
    """How often a process has died there."""
    tally = settings.VAR_DIR / f"reached_{point}"
    return int(tally.stat().st_size) // every if tally.exists() else 0


def _asked(point: str) -> bool:
    wishes = dict(wish.split(":") for wish in os.environ.get("MESOCLINIC_KILL_AT", "").split(",") if wish)
    if point not in wishes:
        return False
    # The length of the file is the count that all processes share, and that outlives them.
    with (settings.VAR_DIR / f"reached_{point}").open("ab") as tally:
        tally.write(b".")
        tally.flush()
        return tally.tell() % int(wishes[point]) == 0
