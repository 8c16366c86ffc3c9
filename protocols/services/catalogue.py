"""Loading releases, deciding on their rows, making one current."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from mesoclinic import audit, clock, news
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from protocols.models import Activation, CatalogueRelease, CatalogueRow, RowDecision
from protocols.queries.catalogue import (
    Author,
    authorship,
    catalogue_of,
    decisions,
    read_shipped,
    shipped_versions,
)
from protocols.rules.catalogue import Catalogue, CatalogueError, Problem

# More rows than these are not named in one sentence.
NAMED = 5


class Unusable(ClinicError):
    """The shipped files of a release cannot be used; `problems` names everything that is wrong with them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_("%(number)d problems in the files of this release.") % {"number": len(self.problems)})


def load_shipped(actor: Actor, *, version: str) -> CatalogueRelease:
    """Load a release as it was shipped with this product; raises Unusable with every problem of its files."""
    require(actor, Can.APPROVE_CATALOGUE)
    if version not in shipped_versions():
        raise ClinicError(_("Choose a release from the list."), "version")
    try:
        catalogue = read_shipped(version)
    except CatalogueError as error:
        raise Unusable(error.problems) from error
    return load_release(actor, catalogue=catalogue)


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
                raise Conflict(
                    _("Release %(version)s is already loaded with other content.") % {"version": catalogue.release}
                )
            return known
        release = CatalogueRelease.objects.create(
            version=catalogue.release,
            sha256=catalogue.sha256,
            origin=origin,
            parent=parent,
            loaded_at=clock.now(),
            loaded_by=actor if isinstance(actor, User) else None,
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
    """Make a release the current one; open plans are checked again by whoever listens. Raises Unusable."""
    require(actor, Can.APPROVE_CATALOGUE)
    try:
        catalogue_of(release)
    except CatalogueError as error:
        raise Unusable(error.problems) from error
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
    """Approve or retire rows with a reason; returns how many decisions were written, none for what stands so already.

    Whatever is decided in a demo clinic is a demonstration: no physician has read it. Whoever wrote a row, or loaded
    the release it came with, does not approve it while another director can; alone they do, and the decision says so.
    """
    require(actor, Can.APPROVE_CATALOGUE)
    if decision not in RowDecision.Decision.values:
        raise ClinicError(_("Choose to approve or to retire."), "decision")
    if not reason.strip():
        raise ClinicError(_("Enter the reason for this decision."), "reason")
    demonstration, rows = demonstration or settings.DEMO, list(rows)
    with atomic():
        stands = {
            digest
            for digest, last in decisions().items()
            if (last.decision, last.demonstration) == (decision, demonstration)
        }
        undecided = [row for row in rows if row.sha256 not in stands]
        own = _own(actor, undecided) if decision == RowDecision.Decision.APPROVED else set()
        made = [
            RowDecision(
                row_sha256=row.sha256,
                decision=decision,
                by=actor,
                at=clock.now(),
                reason=reason,
                demonstration=demonstration,
                by_author=row.sha256 in own,
            )
            for row in undecided
        ]
        RowDecision.objects.bulk_create(made)
        audit.record(actor, f"catalogue.{decision}", reason=f"{len(made)} rows: {reason}")
        if own:
            audit.record(actor, "catalogue.approved_by_author", reason=f"{len(own)} rows")
    return len(made)


def _own(actor: User, rows: list[CatalogueRow]) -> set[str]:
    """The digests of rows of which the actor is the author; raises ClinicError when another director can approve."""
    found = authorship(rows, actor)
    barred = [row for row in rows if found[row.sha256] is Author.BARRED]
    if any(row.release.origin == CatalogueRelease.Origin.SHIPPED for row in barred):
        raise ClinicError(_("You loaded this release yourself. Another director approves it."), "decision")
    if barred:
        names = ", ".join(f"{row.kind.replace('_', ' ')} {row.code}" for row in barred[:NAMED])
        raise ClinicError(
            _("You wrote or loaded %(rows)s yourself. Another director approves it.") % {"rows": names}, "decision"
        )
    return {digest for digest, stands in found.items() if stands is Author.ALONE}
