"""Keeping what a run of acceptance cases against a release gave."""

from collections.abc import Mapping, Sequence

from mesoclinic import audit, clock
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.transactions import atomic
from protocols.models import CatalogueRelease, VignetteRun


def keep_vignette_run(
    actor: User,
    *,
    release: CatalogueRelease,
    file_name: str,
    file_sha256: str,
    results: Sequence[Mapping[str, object]],
) -> VignetteRun:
    """Keep the result of each case with the release, the file's digest, when and by whom; it is never changed."""
    require(actor, Can.APPROVE_CATALOGUE)
    agreeing = sum(not (each["problem"] or each["differences"]) for each in results)
    with atomic():
        run = VignetteRun.objects.create(
            release=release,
            file_name=file_name,
            file_sha256=file_sha256,
            cases=len(results),
            agreeing=agreeing,
            results=list(results),
            by=actor,
            at=clock.now(),
        )
        told = f"{agreeing} of {len(results)} cases agree with release {release.version}, file sha256 {file_sha256}"
        audit.record(actor, "catalogue.vignettes_run", run, reason=told)
    return run
