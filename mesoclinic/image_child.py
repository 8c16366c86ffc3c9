"""The limited child: reads one picture from standard input and writes it anew, pixels only."""

import io
import json
import resource
import sys
from typing import Any

from PIL import Image, ImageOps

# Exit codes that say why; with any other the picture could not be read.
TOO_MANY_PIXELS, MOVING = 3, 4
DEEP_GREY = "I;16"
KEPT_MODES = ("1", "L", "RGB")


def main() -> None:
    """Draw the picture; the process ends with it, and so does everything it allocated."""
    job = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_seconds"], job["cpu_seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    Image.MAX_IMAGE_PIXELS = None
    sys.stdout.buffer.write(_anew(sys.stdin.buffer.read(), job))


def _anew(content: bytes, job: dict[str, Any]) -> bytes:
    with Image.open(io.BytesIO(content), formats=[job["kind"]]) as found:
        # The header says how large it is, before a pixel is unpacked.
        if found.width * found.height > job["pixels"]:
            sys.exit(TOO_MANY_PIXELS)
        if job["kind"] == "PNG" and getattr(found, "is_animated", False):
            sys.exit(MOVING)
        found.load()
        upright = ImageOps.exif_transpose(found)
    plain = _plain(upright)
    if job["side"]:
        plain.thumbnail((job["side"], job["side"]))
    # A new picture: a converted one still carries comment, profile and camera data along.
    fresh = Image.new(plain.mode, plain.size)
    fresh.paste(plain)
    written = io.BytesIO()
    fresh.save(written, job["kind"], **({"quality": 92, "subsampling": 0} if job["kind"] == "JPEG" else {}))
    return written.getvalue()


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in a mode that both kinds can write; what is transparent lies on white."""
    if picture.mode.startswith(DEEP_GREY):
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if "A" in picture.getbands() or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return picture if picture.mode in KEPT_MODES else picture.convert("RGB")


if __name__ == "__main__":
    main()
