"""Everything that is judged without running the clinic; with --fix, what a tool can put right."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]
PRODUCTION = {
    "DEMO": "0",
    "DEBUG": "0",
    "PUBLIC_URL": "https://clinic.example",
    "ALLOWED_HOSTS": "clinic.example",
    "SECRET_KEY": "check-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 3,
    "AUDIT_KEY": "check-only-audit-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 3,
    "DATABASE_URL": "",
    "REDIS_URL": "",
}
CHECKS: dict[str, list[str]] = {
    "style": [str(BIN / "ruff"), "check", "."],
    "layout": [str(BIN / "ruff"), "format", "--check", "."],
    "types": [str(BIN / "mypy"), "--no-error-summary"],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "templates": [str(BIN / "djlint"), "templates", "--lint", "--quiet"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "from nothing": [*MANAGE, "migrate", "--verbosity", "0"],
    "deployment": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
}
FIXES: dict[str, list[str]] = {
    "style": [str(BIN / "ruff"), "check", "--fix", "."],
    "layout": [str(BIN / "ruff"), "format", "."],
}


def main(arguments: list[str]) -> int:
    wanted = FIXES if "--fix" in arguments else CHECKS
    with tempfile.TemporaryDirectory(prefix="mesocheck-") as folder:
        environment = {**os.environ, **PRODUCTION, "MESOCLINIC_VAR": folder}
        failed = [name for name, command in wanted.items() if not _passes(name, command, environment)]
    print(f"Not right: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
