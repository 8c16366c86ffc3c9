"""The version of the treatment consent form."""

import hashlib
import json
from functools import lru_cache

from protocols.queries.catalogue import current_catalogue
from protocols.rules.catalogue import Catalogue

# Raised whenever our own words change their meaning.
WORDING = "treatment-1"
SAID = frozenset({"consent_element", "adverse_event", "advantage", "aftercare", "triage_answer"})
SHORT = 12


def current_form() -> str:
    """The version of the form: it changes with our words and with each element, risk or duty of the catalogue."""
    return _form_of(current_catalogue())


@lru_cache(maxsize=8)
def _form_of(catalogue: Catalogue) -> str:
    rows = sorted(entry.sha256 for entry in catalogue.entries if entry.kind in SAID)
    return f"{WORDING}-{hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:SHORT]}"
