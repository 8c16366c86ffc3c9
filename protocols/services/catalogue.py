"""Loading releases, deciding on their rows, making one current."""

from collections.abc import Iterable

from mesoclinic import audit, clock, news
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from protocols.models import Activation, CatalogueRelease, CatalogueRow, RowDecision
from protocols.rules.catalogue import Catalogue


def load_release(
    actor: Actor,
    *,
    catalogue: Catalogue,
    origin: str = CatalogueRelease.Origin.SHIPPED,
    parent: CatalogueRelease | None = None,
) -> CatalogueRelease:
    """Store a release and its rows; loading the same content again changes nothing, other content is a Conflict."""
    require(actor, Can.APPROVE_CATALOGUE)
    with atomic():
        known = CatalogueRelease.objects.filter(version=catalogue.release).first()
        if known is not None:
            if known.sha256 != catalogue.sha256:
                raise Conflict(f"Release {catalogue.release} is already loaded with other content.")
            return known
        release = CatalogueRelease.objects.create(
            version=catalogue.release, sha256=catalogue.sha256, origin=origin, parent=parent, loaded_at=clock.now()
        )
        CatalogueRow.objects.bulk_create(
            CatalogueRow(
                release=release,
                kind=entry.kind,
                code=entry.id,
                row_version=entry.version,
                body=dict(entry.body),
                sha256=entry.sha256,
            )
            for entry in catalogue.entries
        )
        audit.record(actor, "catalogue.loaded", release)
    return release


def activate_release(actor: Actor, *, release: CatalogueRelease) -> None:
    """Make a release the current one; open plans are checked again by whoever listens."""
    require(actor, Can.APPROVE_CATALOGUE)
    with atomic():
        last = Activation.objects.order_by("at", "pk").last()
        if last is not None and last.release_id == release.pk:
            return
        by = actor if isinstance(actor, User) else None
        Activation.objects.create(release=release, by=by, at=clock.now())
        audit.record(actor, "catalogue.activated", release)
        news.announce("release.activated", actor=actor, release_id=release.pk)


def decide_rows(
    actor: User, *, rows: Iterable[CatalogueRow], decision: str, reason: str, demonstration: bool = False
) -> int:
    """Approve or retire rows with a reason; returns how many decisions were written."""
    require(actor, Can.APPROVE_CATALOGUE)
    if not reason.strip():
        raise ClinicError("Enter the reason for this decision.", "reason")
    with atomic():
        made = [
            RowDecision(
                row_sha256=row.sha256,
                decision=decision,
                by=actor,
                at=clock.now(),
                reason=reason,
                demonstration=demonstration,
            )
            for row in rows
        ]
        RowDecision.objects.bulk_create(made)
        audit.record(actor, f"catalogue.{decision}", reason=f"{len(made)} rows")
    return len(made)
