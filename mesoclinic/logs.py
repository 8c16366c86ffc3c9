"""Log lines never carry the token of a patient's link or of a calendar's address."""

import logging
import re

_TOKEN = re.compile(r"/(l|feed)/[^/\s\"?]+")


class NoTokens(logging.Filter):
    """Masks such a token wherever it appears in a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _TOKEN.sub(r"/\1/…", record.getMessage())
        record.args = ()
        return True
