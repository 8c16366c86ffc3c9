"""Installs what is missing and then does what was asked; runs on the system's own Python with nothing installed.

Every step leaves a stamp of what it was made from under .venv, so that a second start skips it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)

# Package of Debian and Ubuntu by what proves that it is there.
PANGO = {
    "libpango-1.0-0": "libpango-1.0.so.0",
    "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
    "libharfbuzz-subset0": "libharfbuzz-subset.so.0",
    "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
}
SERVERS = {"chromium": "chromium", "postgresql": "/usr/lib/postgresql"}


def main(wanted: str) -> None:
    os.chdir(ROOT)
    if wanted not in TARGETS:
        stop(f"Unknown target {wanted}; known are {', '.join(TARGETS)}.")
    prepare, command = TARGETS[wanted]
    prepare()
    os.execv(PYTHON, [str(PYTHON), *command])


def for_run() -> None:
    need_packages({**PANGO})
    make_environment("requirements.txt")
    make_assets()


def for_tests() -> None:
    need_packages({**PANGO, **SERVERS})
    make_environment("requirements-dev.txt")
    make_assets()


def for_fast_tests() -> None:
    need_packages({**PANGO})
    make_environment("requirements-dev.txt")
    make_assets()


def for_demo_reset() -> None:
    folder = Path(os.environ.get("MESOCLINIC_VAR", ROOT / "var"))
    if os.environ.get("DATABASE_URL"):
        stop("DATABASE_URL is set: make demo-reset only forgets an embedded demo. Drop that database yourself.")
    if (folder / "run.lock").exists() and _is_locked(folder / "run.lock"):
        stop("The clinic runs; stop it first.")
    shutil.rmtree(folder, ignore_errors=True)
    for_run()


def need_packages(packages: dict[str, str]) -> None:
    """Installs missing system packages when that is allowed, else says the command to run."""
    missing = [name for name, proof in packages.items() if not is_there(proof)]
    if sys.version_info < OLDEST:
        stop(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}. Set PYTHON=….")
    if not PYTHON.exists() and not _can_make_environments():
        missing.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    if missing:
        _install(missing)


def is_there(proof: str) -> bool:
    """Whether a library, a program or a file is on this machine."""
    if proof.startswith("/"):
        return Path(proof).exists()
    if ".so" in proof:
        known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
        return f"{proof} " in known
    return shutil.which(proof) is not None


def _install(missing: Sequence[str]) -> None:
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if shutil.which("apt-get") is None:
        stop(f"Please install: {' '.join(missing)}. (No apt-get on this machine.)")
    before = _as_root()
    if before is None:
        stop(f"Please run: sudo apt-get update && sudo {' '.join(command)}")
    print(f"Installing {' '.join(missing)}.", flush=True)
    environment = [*before, "env", "DEBIAN_FRONTEND=noninteractive"]
    run([*environment, "apt-get", "update", "-q"], quiet=True, may_fail=True)
    run([*environment, *command], quiet=True)


def _as_root() -> list[str] | None:
    if os.getuid() == 0:
        return []
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _can_make_environments() -> bool:
    """Debian keeps parts of venv in a package of its own."""
    return _succeeds([sys.executable, "-c", "import venv, ensurepip"])


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def make_environment(lock: str) -> None:
    """The virtual environment with exactly the locked packages; the tests' lock contains the clinic's."""
    stamp = VENV / f".{lock}.sha256"
    fresh = digest_of(ROOT / lock, ROOT / "requirements.txt")
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == fresh:
        return
    if not PYTHON.exists():
        print("Making the virtual environment.", flush=True)
        run([sys.executable, "-m", "venv", str(VENV)])
    print(f"Installing {lock}.", flush=True)
    locks = [word for each in dict.fromkeys(["requirements.txt", lock]) for word in ("-r", each)]
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
    run([*pip, "--require-hashes", "--only-binary", ":all:", *locks])
    stamp.write_text(fresh)


def make_assets() -> None:
    """Fonts, styles and scripts, built by tools/assets.py when what they are made from changed."""
    run([str(PYTHON), "tools/assets.py"])


def digest_of(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + sys.version.encode()).hexdigest()


def run(command: Sequence[str], *, quiet: bool = False, may_fail: bool = False) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=quiet, text=True, check=False)
    if done.returncode and not may_fail:
        stop(f"{done.stdout or ''}{done.stderr or ''}\nFailed: {' '.join(command)}")


def stop(why: str) -> NoReturn:
    print(why, file=sys.stderr, flush=True)
    raise SystemExit(1)


def _is_locked(file: Path) -> bool:
    import fcntl

    with file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


# By target: what is prepared, and the command that is run then.
TARGETS: dict[str, tuple[Callable[[], None], list[str]]] = {
    "run": (for_run, ["manage.py", "run"]),
    "test": (for_tests, ["tools/test.py"]),
    "test-fast": (for_fast_tests, ["tools/test.py", "--fast"]),
    "check": (for_fast_tests, ["tools/check.py"]),
    "fix": (for_fast_tests, ["tools/check.py", "--fix"]),
    "lock": (for_fast_tests, ["tools/lock.py"]),
    "demo-reset": (for_demo_reset, ["manage.py", "run"]),
    "bench": (for_tests, ["benchmarks/run.py"]),
    "races": (for_tests, ["tools/races.py"]),
    "sweeps": (for_fast_tests, ["tools/sweeps.py"]),
    "faults": (for_tests, ["tools/faults.py"]),
    "mutants": (for_fast_tests, ["tools/mutants.py"]),
    "sabotage": (for_tests, ["tools/sabotage.py"]),
    "screenshots": (for_tests, ["tools/screenshots.py"]),
}

if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "run")
