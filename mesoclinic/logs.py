"""Log lines never carry a patient link's token."""

import logging
import re

_TOKEN = re.compile(r"/l/[^/\s\"?]+")


class NoTokens(logging.Filter):
    """Masks the token of a patient link wherever it appears in a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _TOKEN.sub("/l/…", record.getMessage())
        record.args = ()
        return True
