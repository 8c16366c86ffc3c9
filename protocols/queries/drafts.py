"""A clinic's release in the making: what it changes, what can be changed, and how it stands to newer shipped ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count, islice

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.edits import version_of
from mesoclinic.errors import Conflict, OutOfScope
from mesoclinic.search import normalise
from protocols.models import CatalogueRelease, DraftRow, ReleaseDraft
from protocols.queries.catalogue import current_or_none, release_for
from protocols.queries.review import Comparison, bodies_of
from protocols.rules.carry import Carried, carry
from protocols.rules.catalogue import CatalogueError, Entry, Problem, build
from protocols.rules.changes import Body, FieldChange, RowChange, RowKey, changes
from protocols.rules.editing import Cell, cells
from protocols.rules.rows import KINDS

SHOWN = 60
TITLES = ("name", "title", "question", "topic", "term", "stage", "element", "reason", "text", "citation", "purpose")


def open_drafts() -> QuerySet[ReleaseDraft]:
    """Every draft that is neither finished nor discarded, oldest first."""
    return ReleaseDraft.objects.filter(state=ReleaseDraft.State.OPEN).select_related("parent", "started_by")


def draft_for(draft_id: int) -> ReleaseDraft:
    """The draft of this number, whatever its state; raises OutOfScope."""
    related = ("parent", "carried_from", "started_by")
    found = ReleaseDraft.objects.select_related(*related).filter(pk=draft_id).first()
    if found is None:
        raise OutOfScope(_("There is no such draft."))
    return found


def parent_rows(draft: ReleaseDraft) -> dict[RowKey, Body]:
    """(kind, id) -> content of every row of the parent, in the order of the parent."""
    return dict(bodies_in_order(draft.parent))


def bodies_in_order(release: CatalogueRelease) -> Mapping[RowKey, Body]:
    """(kind, id) -> content of every row of a release, as its files had them."""
    rows = release.rows.order_by("pk").values_list("kind", "code", "body")
    return {(kind, code): body for kind, code, body in rows}


def rows_now(draft: ReleaseDraft) -> dict[RowKey, Body]:
    """What the draft says: the parent's rows, its own in their places, rows that the parent has not at the end."""
    return parent_rows(draft) | {(row.kind, row.code): row.body for row in draft.rows.all()}


def entries_of(rows: Mapping[RowKey, Body]) -> list[Entry]:
    """The rows as the catalogue reads them; a problem names the kind as its file."""
    return [Entry(kind, body, kind) for (kind, _code), body in rows.items()]


def problems_of(rows: Mapping[RowKey, Body]) -> tuple[Problem, ...]:
    """Everything that `catalogue check` would say of these rows."""
    try:
        build("", entries_of(rows))
    except CatalogueError as error:
        return error.problems
    return ()


def problems_with(draft: ReleaseDraft, key: RowKey, body: Body) -> list[Problem]:
    """What is wrong with a row of the draft, and what it breaks elsewhere; older problems elsewhere may wait."""
    rows = rows_now(draft)
    found = problems_of(rows | {key: body})
    known = {each for each in problems_of(rows) if (each.file, each.row) != key} if found else set()
    return [each for each in found if each not in known]


def change_of(draft: ReleaseDraft, kind: str, code: str) -> DraftRow | None:
    """What the draft makes of this row, or None when it leaves it as it is."""
    return draft.rows.select_related("changed_by").filter(kind=kind, code=code).first()


@dataclass(frozen=True, slots=True)
class Edited:
    """A row that is being edited: as the parent has it (None when it has not), as it stands, and its cells."""

    kind: str
    code: str
    before: Body | None
    now: Body
    change: DraftRow | None

    @property
    def cells(self) -> tuple[Cell, ...]:
        return cells(KINDS[self.kind], self.now)

    @property
    def facts(self) -> dict[str, str]:
        """What the form shows, by the path of each cell, with the reason and the source of the change."""
        words = {"because": "changed_because", "source": "changed_source"}
        meant = {name: str(self.now.get(field, "")) if self.change else "" for name, field in words.items()}
        return {cell.path: cell.text for cell in self.cells} | meant

    @property
    def version(self) -> int:
        return version_of(self.facts)

    @property
    def clashes(self) -> list[dict[str, object]]:
        return list(self.change.clashes) if self.change else []


def edited_for(draft: ReleaseDraft, kind: str, code: str) -> Edited:
    """The row of this kind and id as the draft has it; raises OutOfScope."""
    change = change_of(draft, kind, code)
    stored = draft.parent.rows.filter(kind=kind, code=code).first()
    before = stored.body if stored else None
    now = change.body if change else before
    if now is None or kind not in KINDS:
        raise OutOfScope(_("There is no such row."))
    return Edited(kind, code, before, now, change)


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that a draft changes, with both values of each field, why, by what source and by whom."""

    row: DraftRow
    change: RowChange | None
    version: int

    @property
    def fields(self) -> list[FieldChange]:
        """The fields that say something else; how often the row was changed and why stands beside them."""
        found = self.change.fields if self.change else ()
        return [each for each in found if each.name not in ("version", "changed_because", "changed_source")]

    @property
    def because(self) -> str:
        return str(self.row.body.get("changed_because", ""))

    @property
    def source(self) -> str:
        return str(self.row.body.get("changed_source", ""))


def changed_rows(draft: ReleaseDraft) -> list[ChangedRow]:
    """Every row that the draft changes, by kind and id."""
    own = list(draft.rows.select_related("changed_by"))
    before = parent_rows(draft)
    wanted = {key: body for key, body in before.items() if key in {(row.kind, row.code) for row in own}}
    made = {each.key: each for each in changes(wanted, {(row.kind, row.code): row.body for row in own})}
    return [ChangedRow(row, made.get((row.kind, row.code)), row_version(row)) for row in own]


def row_version(row: DraftRow) -> int:
    """A number that another content of this change has not."""
    return version_of({"body": row.body, "clashes": row.clashes})


def draft_version(rows: Iterable[DraftRow]) -> int:
    """A number that a draft with other changes has not."""
    return version_of({f"{row.kind} {row.code}": [row.body, row.clashes] for row in rows})


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row that a search found."""

    kind: str
    code: str
    title: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that a search found, the first of them, and how many there are."""

    rows: tuple[FoundRow, ...]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def search_rows(draft: ReleaseDraft, text: str, kind: str) -> Found:
    """The rows of this kind (any, when empty) in which every word of the text stands; none when nothing is asked."""
    words = normalise(text).split()
    if not words and not kind:
        return Found((), 0)
    changed = set(draft.rows.values_list("kind", "code"))
    found = [
        FoundRow(*key, title_of(body), key in changed)
        for key, body in rows_now(draft).items()
        if (not kind or key[0] == kind) and _says(key, body, words)
    ]
    return Found(tuple(found[:SHOWN]), len(found))


def kinds_in(draft: ReleaseDraft) -> list[str]:
    """The kinds of rows that there are, in the order of the alphabet."""
    return sorted(set(draft.parent.rows.order_by().values_list("kind", flat=True).distinct()))


def title_of(body: Body) -> str:
    """What a row is called where its id says too little."""
    return next((str(body[name]) for name in TITLES if body.get(name)), "")


def _says(key: RowKey, body: Body, words: list[str]) -> bool:
    if not words:
        return True
    said = normalise(" ".join((*key, key[0].replace("_", " "), *_texts(body))))
    return all(word in said for word in words)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)


def free_name(shipped: CatalogueRelease) -> str:
    """A name that no release and no open draft has, for a clinic's release on this shipped one."""
    names = (f"{shipped.version}-clinic-{number}" for number in count(1))
    taken = {name.casefold() for name in taken_names()}
    return next(name for name in islice(names, len(taken) + 1) if name.casefold() not in taken)


def taken_names(but: ReleaseDraft | None = None) -> set[str]:
    """The names of all releases and open drafts, but for the draft's own."""
    drafts = {draft.name for draft in open_drafts() if draft != but}
    return {*CatalogueRelease.objects.values_list("version", flat=True), *drafts}


def shipped_root(release: CatalogueRelease) -> CatalogueRelease | None:
    """The shipped release that a release rests on, itself when it is one; None when it rests on none."""
    step: CatalogueRelease | None = release
    while step is not None and step.origin != CatalogueRelease.Origin.SHIPPED:
        step = step.parent
    return step


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A shipped release that is newer than the one on which the clinic's current release rests."""

    clinic: CatalogueRelease
    root: CatalogueRelease
    newer: CatalogueRelease

    @property
    def comparison(self) -> Comparison:
        """What the newer release changes of the one below the clinic's."""
        return Comparison(self.root, changes(bodies_of(self.root), bodies_of(self.newer)))

    @property
    def carried(self) -> Carried:
        """The clinic's changes on top of the newer release."""
        return carry(bodies_of(self.root), bodies_of(self.clinic), bodies_of(self.newer))


def upgrade() -> Upgrade | None:
    """The newest shipped release that is loaded since the one the current clinic release rests on, if there is one."""
    clinic = current_or_none()
    root = shipped_root(clinic) if clinic else None
    if clinic is None or root is None or clinic == root:
        return None
    shipped = CatalogueRelease.objects.filter(origin=CatalogueRelease.Origin.SHIPPED, loaded_at__gt=root.loaded_at)
    newer = shipped.order_by("loaded_at", "pk").last()
    return Upgrade(clinic, root, newer) if newer else None


def upgrade_to(version: str) -> Upgrade:
    """The upgrade of the current clinic release to this shipped release; raises Conflict when it is none."""
    wanted, found = release_for(version), upgrade()
    if found is None or found.newer != wanted:
        raise Conflict(_("The current release does not rest on an older shipped release than this."))
    return found
