"""Writes the locks from requirements*.in: pinned, with the hashes of every file, without any address."""

import subprocess
import sys

QUIET = ["-q", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header"]
PLAIN = ["--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links", "--no-emit-options"]

for name in ("requirements", "requirements-dev"):
    tool = [sys.executable, "-m", "piptools", "compile", *QUIET, *PLAIN]
    subprocess.run([*tool, "-o", f"{name}.txt", f"{name}.in"], check=True)
