"""The WSGI door."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")


class ReadableRequest(WSGIRequest):
    """A request whose content type cannot be read has none, so that it is answered like any other."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):
            self.content_type, self.content_params, self._encoding = "", {}, None


class Application(WSGIHandler):
    """Django's own, over requests that can always be made: Django makes them outside of its error handling."""

    request_class = ReadableRequest


django.setup(set_prefix=False)
application = Application()
