"""Which acceptance cases were run against a release, and what came out."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.errors import OutOfScope
from protocols.models import CatalogueRelease, VignetteRun

SHOWN = 10


def runs_of(release: CatalogueRelease) -> QuerySet[VignetteRun]:
    """The newest runs against this release, newest first, without the result of each case."""
    return release.vignette_runs.select_related("by").defer("results").order_by("-at", "-pk")[:SHOWN]


def last_run_of(release: CatalogueRelease) -> VignetteRun | None:
    """The newest run against this release, or None."""
    return next(iter(runs_of(release)), None)


def run_for(release: CatalogueRelease, run_id: int) -> VignetteRun:
    """The run of this number against this release; raises OutOfScope."""
    found = release.vignette_runs.select_related("by", "release").filter(pk=run_id).first()
    if found is None:
        raise OutOfScope(_("There is no such run."))
    return found
