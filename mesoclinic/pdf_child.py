"""The limited child: reads one job from standard input, writes the PDF, opens nothing but our own assets."""

import json
import mimetypes
import resource
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, uses_relative

from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

SCHEME = "asset"
# A stylesheet names its fonts relative to itself, which urljoin resolves for the schemes of this list only.
uses_relative.append(SCHEME)


class OurAssets(URLFetcher):  # type: ignore[misc]  # weasyprint ships no types
    """Opens asset:/css/print.css and the like below our static folders; everything else is fatal."""

    def __init__(self, folders: list[str]) -> None:
        super().__init__(allowed_protocols=("data", SCHEME), allow_redirects=False)
        self.folders = [Path(folder).resolve() for folder in folders]

    def fetch(self, url: str, headers: Any = None) -> Any:
        parts = urlsplit(url)
        if parts.scheme == "data":
            return super().fetch(url, headers)
        if parts.scheme == SCHEME:
            for folder in self.folders:
                file = (folder / unquote(parts.path).lstrip("/")).resolve()
                if file.is_relative_to(folder) and file.is_file():
                    # Without its type a stylesheet is passed over in silence.
                    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                    return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})
        raise FatalURLFetchingError("Only our own assets may be opened.")


def main() -> None:
    """Render the job; the process ends with it, and so does everything it allocated."""
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_seconds"], job["cpu_seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job["memory_bytes"], job["memory_bytes"]))
    page = HTML(string=job["html"], base_url=f"{SCHEME}:/", url_fetcher=OurAssets(job["assets"]))
    content = page.write_pdf(pdf_variant=job["variant"], pdf_identifier=bytes.fromhex(job["identifier"]))
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main()
