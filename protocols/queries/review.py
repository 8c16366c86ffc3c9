"""What a director reads before approving a release: what it leaves open, and what changed since the one before."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from protocols.models import Activation, CatalogueRelease, Product, RowDecision
from protocols.queries.catalogue import DRAFT, ReviewedRow, current_or_none
from protocols.rules.changes import Body, RowChange, RowKey, What, changes

LIMITS = ("max_percent", "max_session_mg", "max_session_ml")
FROM_MEMORY = "-"


@dataclass(frozen=True, slots=True)
class Gap:
    """One sentence of the coverage report, and the names it is about."""

    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from the release `base`; without a base there is nothing to compare with."""

    base: CatalogueRelease | None
    rows: tuple[RowChange, ...] = ()

    def of(self, what: What) -> list[RowChange]:
        """The rows to which this happened."""
        return [row for row in self.rows if row.what is what]

    @property
    def added(self) -> list[RowChange]:
        return self.of(What.ADDED)

    @property
    def removed(self) -> list[RowChange]:
        return self.of(What.REMOVED)

    @property
    def changed(self) -> list[RowChange]:
        return self.of(What.CHANGED)


def bodies_of(release: CatalogueRelease) -> Mapping[RowKey, Body]:
    """(kind, id) -> content of every row of a release."""
    return {(kind, code): body for kind, code, body in release.rows.values_list("kind", "code", "body")}


def base_of(release: CatalogueRelease) -> CatalogueRelease | None:
    """What a release is compared with: the current one, for the current one that before it, else its parent."""
    current = current_or_none()
    if current is not None and current != release:
        return current
    earlier = Activation.objects.exclude(release=release).select_related("release").order_by("at", "pk").last()
    return earlier.release if earlier else release.parent


def compared(release: CatalogueRelease) -> Comparison:
    """What changed in a release since the one it is compared with."""
    base = base_of(release)
    return Comparison(base, changes(bodies_of(base), bodies_of(release)) if base else ())


def coverage(rows: Iterable[ReviewedRow]) -> list[Gap]:
    """What the rows of a release leave open, in sentences; nothing that is whole is named."""
    found = list(rows)
    return [*_standing(found), *_ingredients(found), *_zones(found), *_sources(found)]


def _standing(rows: list[ReviewedRow]) -> Iterable[Gap]:
    states = Counter(each.status for each in rows)
    words = {"rows": len(rows), "approved": states[RowDecision.Decision.APPROVED]}
    yield Gap(_("%(approved)d of %(rows)d rows are approved.") % words)
    for status, sentence in (
        (DRAFT, _("%(number)d of %(rows)d rows are drafts: nobody has decided on them.")),
        (RowDecision.Decision.RETIRED, _("%(number)d of %(rows)d rows are retired.")),
    ):
        if states[status]:
            yield Gap(sentence % {"number": states[status], "rows": len(rows)}, _by_kind(rows, status))


def _by_kind(rows: Iterable[ReviewedRow], status: str) -> tuple[str, ...]:
    return _counted(each.row.kind for each in rows if each.status == status)


def _counted(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{kind.replace('_', ' ')} {number}" for kind, number in sorted(Counter(kinds).items()))


def _ingredients(rows: Iterable[ReviewedRow]) -> Iterable[Gap]:
    bodies = [each.row.body for each in rows if each.row.kind == "ingredient"]
    unlimited = [body for body in bodies if all(body.get(limit) is None for limit in LIMITS)]
    if unlimited:
        sentence = ngettext(
            "%(number)d of %(all)d ingredient has no maximum dose.",
            "%(number)d of %(all)d ingredients have no maximum dose.",
            len(bodies),
        )
        yield Gap(sentence % {"number": len(unlimited), "all": len(bodies)}, _names(unlimited))
    offered = Product.objects.filter(active=True, replaced_at=None, director_approved_at__isnull=False)
    approved = set(offered.values_list("ingredient", flat=True))
    for body in bodies:
        if body.get("permitted") != "not_for_injection" and body.get("id") not in approved:
            yield Gap(_("No approved product for %(name)s.") % {"name": body.get("name", body.get("id", ""))})


def _zones(rows: Iterable[ReviewedRow]) -> Iterable[Gap]:
    bodies = [each.row.body for each in rows if each.row.kind == "zone"]
    unmeasured = [body for body in bodies if body.get("area_cm2") is None]
    if unmeasured:
        sentence = ngettext(
            "%(number)d of %(all)d zone has no area.", "%(number)d of %(all)d zones have no area.", len(bodies)
        )
        yield Gap(sentence % {"number": len(unmeasured), "all": len(bodies)}, _names(unmeasured))


def _sources(rows: list[ReviewedRow]) -> Iterable[Gap]:
    cited = [each.row for each in rows if each.row.kind != "source"]
    bare = [row for row in cited if not row.body.get("sources")]
    if bare:
        words = {"number": len(bare), "rows": len(cited)}
        yield Gap(_("%(number)d of %(rows)d rows name no source.") % words, _counted(row.kind for row in bare))
    sources = [each.row for each in rows if each.row.kind == "source"]
    unread = [row.code for row in sources if row.body.get("reliability") == FROM_MEMORY]
    if unread:
        words = {"number": len(unread), "all": len(sources)}
        yield Gap(
            _("%(number)d of %(all)d sources are cited from memory and wait to be verified.") % words, tuple(unread)
        )


def _names(bodies: Iterable[Body]) -> tuple[str, ...]:
    return tuple(str(body.get("name", body.get("id", ""))) for body in bodies)
