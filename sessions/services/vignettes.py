"""Running acceptance cases against a release, which only this floor can: here all engines are known."""

import hashlib
import json
import re
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError
from protocols.models import CatalogueRelease, VignetteRun
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import CatalogueError
from protocols.services.catalogue import Unusable
from protocols.services.vignettes import keep_vignette_run
from sessions.rules.vignette_inputs import Unreadable
from sessions.rules.vignettes import CaseResult, run_file

MOST_CASES = 2_000
NAME_LENGTH = 200
# NUL and halves of surrogate pairs: JSON may escape them, a database does not hold them.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
FIELD = "file"


def run_vignettes(actor: User, *, release: CatalogueRelease, file_name: str, content: bytes) -> VignetteRun:
    """Run every case of a file against the release and keep what came out; a file that cannot be run is refused."""
    require(actor, Can.APPROVE_CATALOGUE)
    try:
        catalogue = catalogue_of(release)
    except CatalogueError as error:
        raise Unusable(error.problems) from error
    try:
        document = _parsed(content)
        results = [_kept(each) for each in run_file(document, catalogue)]
    except Unreadable as error:
        raise ClinicError(_("This is not a file of cases: %(why)s.") % {"why": error}, FIELD) from error
    except RecursionError as error:
        raise ClinicError(_("This file is nested too deeply."), FIELD) from error
    return keep_vignette_run(
        actor,
        release=release,
        file_name=_storable(file_name)[:NAME_LENGTH],
        file_sha256=hashlib.sha256(content).hexdigest(),
        results=results,
    )


def _parsed(content: bytes) -> object:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ClinicError(_("This file is not text in UTF-8."), FIELD) from error
    except json.JSONDecodeError as error:
        where = {"why": error.msg, "line": error.lineno, "column": error.colno}
        raise ClinicError(
            _("This file is not JSON: %(why)s, line %(line)d, column %(column)d.") % where, FIELD
        ) from error
    except ValueError as error:
        raise ClinicError(_("This file is not JSON: %(why)s.") % {"why": error}, FIELD) from error
    cases = document.get("cases") if isinstance(document, dict) else None
    if isinstance(cases, list) and len(cases) > MOST_CASES:
        limit = {"cases": len(cases), "most": MOST_CASES}
        raise ClinicError(
            _("This file has %(cases)d cases; run more than %(most)d with manage.py vignettes.") % limit, FIELD
        )
    if cases == []:
        raise ClinicError(_("This file has no case."), FIELD)
    return document


def _kept(result: CaseResult) -> dict[str, Any]:
    differences = ((each.field, _said(each.expected), _said(each.actual)) for each in result.disagreements)
    return {
        "id": _storable(result.id),
        "title": _storable(result.title),
        "problem": _storable(result.problem),
        "differences": [_difference(*map(_storable, each)) for each in differences],
    }


def _difference(field: str, expected: str, actual: str) -> dict[str, str]:
    return {"field": field, "expected": expected, "actual": actual}


def _said(value: object) -> str:
    """The value as a file of cases would write it; a list without an order is sorted."""
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value) or "[]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _storable(text: str) -> str:
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
