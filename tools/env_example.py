"""Writes .env.example from the readers of the settings."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> None:
    from mesoclinic import env, settings  # noqa: F401  reading the settings registers their readers

    (ROOT / ".env.example").write_text(env.example(), encoding="utf-8")


if __name__ == "__main__":
    main()
