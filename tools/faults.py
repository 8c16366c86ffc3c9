"""`make faults`: workers are killed at five points while 300 mails are due, on both databases; writes the report."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
REPORT = ROOT / "docs" / "reports" / "faults.md"
MESSAGES = 300


def main() -> int:
    from tests import services

    found = {"SQLite": _killed({"DATABASE_URL": "", "REDIS_URL": ""})}
    with services.postgres() as address:
        found["PostgreSQL"] = _killed({"DATABASE_URL": address, "REDIS_URL": ""})
    REPORT.write_text(_report(found))
    print(REPORT.read_text())
    return 0 if all(each["passed"] for each in found.values()) else 1


def _killed(told: Mapping[str, str]) -> dict[str, Any]:
    """What the test counted on one database, and whether it passed."""
    with TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        environment = {
            **os.environ,
            **told,
            "DEMO": "0",
            "OUTBOX_MESSAGES": str(MESSAGES),
            "OUTBOX_REPORT": str(counts),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/db/test_outbox_kills.py"]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
        return {**json.loads(counts.read_text()), "passed": done.returncode == 0}


def _report(found: Mapping[str, dict[str, Any]]) -> str:
    points = list(next(iter(found.values()))["kills"])
    lines = [
        "# Workers that die while mail is due",
        "",
        f"Written by `make faults`: {MESSAGES} messages are due; a worker is killed by SIGKILL whenever it has passed a"
        " point a certain number of times, the queue is emptied and the mail server falls silent now and then. The"
        " ledger is compared with what the mail sink holds.",
        "",
        f"| database | messages | kills | {' | '.join(points)} | lost | doubled | ledger equals sink |",
        "|---" * (6 + len(points)) + "|",
    ]
    for database, each in found.items():
        kills = each["kills"]
        counts = " | ".join(str(kills[point]) for point in points)
        lines.append(
            f"| {database} | {each['messages']} | {sum(kills.values())} | {counts} |"
            f" {each['lost']} | {each['doubled']} | {'yes' if each['passed'] else 'NO'} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    raise SystemExit(main())
