"""Which release is current, what it says, and which of its rows a director has approved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Site
from protocols.models import Activation, CatalogueRelease, CatalogueRow, RowAuthor, RowDecision
from protocols.release_files import SHIPPED, read_release
from protocols.rules.catalogue import Catalogue, Entry, build

DRAFT = "draft"


class NoCatalogue(Exception):
    """No release has been activated yet; nothing can be checked."""


def read_shipped(version: str) -> Catalogue:
    """The release as it stands in the shipped files; raises CatalogueError naming every problem."""
    return read_release(version)


def shipped_versions() -> list[str]:
    """The versions of all shipped releases, oldest first."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if folder.is_dir())


def current_release() -> CatalogueRelease:
    """The release of the last activation; raises NoCatalogue when there is none."""
    last = Activation.objects.select_related("release").order_by("at", "pk").last()
    if last is None:
        raise NoCatalogue("No catalogue release is active: run `manage.py catalogue load`.")
    return last.release


def catalogue_of(release: CatalogueRelease) -> Catalogue:
    """What a release says; releases never change, so each is built once for a process."""
    return _built(release.pk, release.version, release.sha256)


def current_catalogue() -> Catalogue:
    """What the current release says."""
    return catalogue_of(current_release())


@lru_cache(maxsize=8)
def _built(release_id: int, version: str, _sha256: str) -> Catalogue:
    # A rollback gives numbers out again, so the digest is part of what is remembered.
    rows = CatalogueRow.objects.filter(release_id=release_id).order_by("pk")
    return build(version, [Entry(row.kind, row.body) for row in rows])


def loaded_catalogue(version: str) -> Catalogue | None:
    """What the loaded release of this version says, or None when there is none; raises CatalogueError."""
    found = CatalogueRelease.objects.filter(version=version).first()
    return None if found is None else catalogue_of(found)


def decisions() -> Mapping[str, RowDecision]:
    """Row digest -> the last decision on that content."""
    # One decision in a row's life is usual, so the whole table is small; IN with 900 digests is not faster.
    latest = RowDecision.objects.values("row_sha256").annotate(last=Max("pk")).values("last")
    return {found.row_sha256: found for found in RowDecision.objects.filter(pk__in=latest).select_related("by")}


def status_of(rows: Iterable[CatalogueRow]) -> Mapping[str, str]:
    """Row digest -> approved, retired or draft, by the last decision on that content."""
    decided = decisions()
    return {row.sha256: decided[row.sha256].decision if row.sha256 in decided else DRAFT for row in rows}


def draft_rows(release: CatalogueRelease, codes: Iterable[tuple[str, str]] | None = None) -> list[CatalogueRow]:
    """Rows of the release, or those of these (kind, code) pairs, that no director has approved."""
    rows = list(release.rows.all())
    if codes is not None:
        wanted = set(codes)
        rows = [row for row in rows if (row.kind, row.code) in wanted]
    status = status_of(rows)
    return [row for row in rows if status[row.sha256] != RowDecision.Decision.APPROVED]


def demonstration(release: CatalogueRelease) -> bool:
    """Whether a row of the release was approved for a demonstration only, by no physician."""
    decided = decisions()
    return any(
        decided[digest].demonstration for digest in release.rows.values_list("sha256", flat=True) if digest in decided
    )


def may_finalise(site: Site, release: CatalogueRelease, codes: Iterable[tuple[str, str]]) -> bool:
    """Whether a plan or session that uses these rows may be signed at the site."""
    return site.allow_draft_catalogue or not draft_rows(release, codes)


def releases() -> QuerySet[CatalogueRelease]:
    """All releases, newest first."""
    return CatalogueRelease.objects.select_related("parent", "loaded_by").order_by("-loaded_at", "-pk")


def release_for(version: str) -> CatalogueRelease:
    """The release of this version; raises OutOfScope."""
    found = releases().filter(version=version).first()
    if found is None:
        raise OutOfScope(_("There is no such release."))
    return found


def shipped_waiting() -> list[str]:
    """The versions that are shipped and not loaded, oldest first."""
    loaded = set(CatalogueRelease.objects.values_list("version", flat=True))
    return [version for version in shipped_versions() if version not in loaded]


@dataclass(frozen=True, slots=True)
class ReviewedRow:
    """A row with the last decision on it, ready to be read."""

    row: CatalogueRow
    decision: RowDecision | None
    citations: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return self.decision.decision if self.decision else DRAFT

    @property
    def status_words(self) -> str:
        if self.decision is None:
            return _("Draft")
        if self.decision.demonstration and self.decision.decision == RowDecision.Decision.APPROVED:
            return _("Demonstration approval")
        return str(self.decision.get_decision_display())

    @property
    def values(self) -> list[tuple[str, object]]:
        """The clinical content: everything but the envelope."""
        hidden = {"id", "version", "strength", "sources"}
        return [(name.replace("_", " "), value) for name, value in self.row.body.items() if name not in hidden]


def current_or_none() -> CatalogueRelease | None:
    """The current release, or None before the first activation."""
    try:
        return current_release()
    except NoCatalogue:
        return None


def rows_of(release: CatalogueRelease, kind: str) -> list[ReviewedRow]:
    """The rows of one kind, or all rows when the kind is empty, with the last decision on each."""
    decided, texts = decisions(), {row.code: row.body["citation"] for row in release.rows.filter(kind="source")}
    rows = release.rows.filter(kind=kind) if kind else release.rows.all()
    return [
        ReviewedRow(
            row,
            decided.get(row.sha256),
            tuple(f"{code}: {texts[code]}" for code in row.body.get("sources", ()) if code in texts),
        )
        for row in rows
    ]


def rows_of_kind(release: CatalogueRelease, kind: str) -> list[ReviewedRow]:
    """The rows of one kind, or all when the kind is empty; raises OutOfScope for a kind without rows."""
    rows = rows_of(release, kind)
    if not rows:
        raise OutOfScope(_("This release has no rows of that kind."))
    return rows


@dataclass(frozen=True, slots=True)
class KindSummary:
    """How many rows of a kind there are, and how many of them stand how."""

    kind: str
    rows: int
    approved: int
    retired: int

    @property
    def drafts(self) -> int:
        return self.rows - self.approved - self.retired


def kinds_of(rows: Iterable[ReviewedRow]) -> list[KindSummary]:
    """The kinds among these rows, in the order of the alphabet."""
    states: dict[str, list[str]] = {}
    for each in rows:
        states.setdefault(each.row.kind, []).append(each.status)
    approved, retired = RowDecision.Decision.APPROVED, RowDecision.Decision.RETIRED
    return [
        KindSummary(kind, len(found), found.count(approved), found.count(retired))
        for kind, found in sorted(states.items())
    ]


class Standing(Enum):
    """How far the catalogue in force has been approved."""

    DRAFT = "draft"
    DEMONSTRATION = "demonstration"
    APPROVED = "approved"


class Author(Enum):
    """How somebody who decides on a row stands to it."""

    ANOTHER = "another"
    ALONE = "alone"
    BARRED = "barred"


def author_of(rows: Iterable[CatalogueRow], actor: User) -> Author:
    """How the actor stands to these rows together: barred by one of them is barred."""
    found = set(authorship(rows, actor).values())
    return next((each for each in (Author.BARRED, Author.ALONE) if each in found), Author.ANOTHER)


def authorship(rows: Iterable[CatalogueRow], actor: User) -> Mapping[str, Author]:
    """Row digest -> how the actor stands to it: who wrote a row of the clinic, or loaded a shipped one, is its author.

    Alone, or where no site asks for somebody else, authors approve their own; the decision says so.
    """
    authors = _authors({row.sha256: row.release_id for row in rows})
    asked = list(Site.objects.values_list("approver_differs", flat=True))
    differs, others = any(asked) or not asked, _other_directors(actor)
    return {digest: _stands(actor, wrote, others if differs else set()) for digest, wrote in authors.items()}


def _stands(actor: User, authors: set[int], others: set[int]) -> Author:
    if actor.pk not in authors:
        return Author.ANOTHER
    return Author.BARRED if others - authors else Author.ALONE


def _authors(rows: Mapping[str, int]) -> Mapping[str, set[int]]:
    """Row digest -> who wrote it; of a row that nobody wrote in the app, who loaded the release it came with."""
    written: dict[str, set[int]] = {}
    for digest, by in RowAuthor.objects.values_list("row_sha256", "by"):
        written.setdefault(digest, set()).add(by)
    loaders = {release: _loaders(release) for release in set(rows.values())}
    return {digest: written.get(digest) or loaders[release] for digest, release in rows.items()}


def _loaders(release_id: int) -> set[int]:
    """Who loaded a release; for a release of the clinic, the one whose rows it kept."""
    release = CatalogueRelease.objects.select_related("parent").get(pk=release_id)
    if release.origin == CatalogueRelease.Origin.CLINIC and release.parent is not None:
        return _loaders(release.parent.pk)
    return {release.loaded_by_id} if release.loaded_by_id else set()


def _other_directors(than: User) -> set[int]:
    others = User.objects.filter(is_active=True).exclude(pk=than.pk)
    return {each.pk for each in others if Role.DIRECTOR in each.roles}


def standing() -> Standing:
    """The standing of the current release; no release at all is a draft."""
    last = Activation.objects.order_by("at", "pk").values_list("release_id", "release__sha256").last()
    decided = RowDecision.objects.order_by("pk").values_list("pk", "at").last()
    return _standing(*last, decided) if last else Standing.DRAFT


@lru_cache(maxsize=8)
def _standing(release_id: int, _sha256: str, _last_decision: tuple[int, datetime] | None) -> Standing:
    """Worked out again after each decision; rows without clinical weight count as well.

    A rollback gives numbers out again, so digest and moment are part of what is remembered.
    """
    release = CatalogueRelease.objects.get(pk=release_id)
    if demonstration(release):
        return Standing.DEMONSTRATION
    return Standing.DRAFT if draft_rows(release) else Standing.APPROVED
